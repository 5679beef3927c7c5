/** Small windows: a new person, a new bot, and who opens a link. */

import { api } from "./api.js";
import { h } from "./dom.js";
import { fullName, hue, initials } from "./format.js";
import { store } from "./store.js";

function show(content) {
  const dialog = h("dialog", { onclose: () => dialog.remove() }, content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A form in a dialog; `submit` gets its fields, and a refusal is shown above the buttons. */
function ask(title, fields, label, submit) {
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const cancel = h("button", { type: "button", class: "btn", onclick: () => dialog.close() }, "Cancel");
  const send = async (event) => {
    event.preventDefault();
    const filled = [...new FormData(form)].filter(([, value]) => value !== "");
    try {
      await submit(Object.fromEntries(filled), dialog);
    } catch (error) {
      wrong.textContent = error.message;
      wrong.hidden = false;
    }
  };
  const form = h("form", { onsubmit: send }, h("h2", {}, title), h("div", { class: "fields" }, ...fields), wrong,
    h("div", { class: "actions" }, cancel, h("button", { type: "submit", class: "btn pri" }, label)));
  const dialog = show(form);
}

const field = (label, name, attributes = {}) => h("label", {}, label, h("input", { name, autocomplete: "off", ...attributes }));

export function newPerson() {
  const languages = ["", "en", "de", "es", "fr", "pl", "ru", "uk", "zh-hans"];
  const language = h("select", { name: "language_code" }, ...languages.map((code) => h("option", { value: code }, code || "Not told")));
  ask("New person", [
    h("div", { class: "pair" }, field("First name", "first_name", { placeholder: "By chance", maxlength: 64 }), field("Last name", "last_name", { maxlength: 64 })),
    h("div", { class: "pair" }, field("Username", "username", { placeholder: "None", pattern: "[A-Za-z0-9_]{3,32}" }), h("label", {}, "Language", language)),
  ], "Create", async (fields, dialog) => {
    const person = await api.addPerson(fields);
    store.keepPerson(person);
    dialog.close();
    if (store.link && !store.link.person) chooseForLink(person.id);
    else store.choosePerson(person.id);
  });
}

export function newBot() {
  ask("New bot", [
    field("Name", "name", { placeholder: "Acme Support", maxlength: 64, required: true }),
    field("Username", "username", { placeholder: "acme_help_bot", pattern: "[A-Za-z][A-Za-z0-9_]{2,31}", required: true }),
  ], "Create", async (fields, dialog) => {
    const bot = await api.addBot(fields);
    dialog.close();
    store.chooseBot(bot.id);
    showToken(bot);
  });
}

function showToken(bot) {
  const dialog = show(h("div", { class: "body" }, h("h2", {}, `@${bot.username} is ready`), h("p", { class: "mute" }, "Its token, for the form that connects a bot:"), h("div", { class: "token" }, bot.token),
    h("div", { class: "actions" }, h("button", { type: "button", class: "btn pri", onclick: () => dialog.close() }, "Done"))));
}

/** `/<bot>?start=…` was opened: who is it that presses it? */
export function askForLink() {
  const bot = store.bots.get(store.bot);
  const isKnown = bot && bot.username.toLowerCase() === store.link.username.toLowerCase();
  const { payload } = store.link;
  if (!isKnown) {
    const username = store.link.username;
    store.link = null;
    const dialog = show(h("div", { class: "body" }, h("h2", {}, "No such bot"), h("p", { class: "mute" }, `There is no bot @${username} in this simulator.`),
      h("div", { class: "actions" }, h("button", { type: "button", class: "btn pri", onclick: () => dialog.close() }, "Close"))));
    return;
  }
  const people = [...store.people.values()].slice(-30).reverse();
  const choice = (person, index) => h("button", { type: "button", class: "row", autofocus: index === 0, onclick: () => { dialog.close(); chooseForLink(person.id); } },
    h("span", { class: `av ${hue(person.id)}` }, initials(fullName(person))), h("span", { class: "name" }, fullName(person)), h("span"),
    h("span", { class: "last" }, store.chat(person.id).is_started ? "Knows this bot already" : "New to this bot"));
  const dialog = show(h("div", { class: "body" }, h("h2", {}, `Open @${bot.username}`),
    h("p", { class: "mute" }, payload ? `A link with “${payload}”. Who opens it?` : "Who opens this link?"),
    h("div", { class: "choices" }, ...people.map(choice)),
    h("div", { class: "actions" }, h("button", { type: "button", class: "btn", onclick: () => { store.link = null; dialog.close(); } }, "Cancel"),
      h("button", { type: "button", class: "btn pri", onclick: () => { dialog.close(); newPerson(); } }, "New person"))));
}

export function chooseForLink(person) {
  store.link = { ...store.link, person };
  store.choosePerson(person);
  store.tell("chat", { person });
}
