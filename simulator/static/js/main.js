/** Puts the page together: people on the left, open phones side by side, weather on the right. */

import { askForLink, newBot, newPerson } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { People } from "./people.js";
import { Phone } from "./phone.js";
import { store } from "./store.js";
import { buildWeather, drawStorms } from "./weather.js";

const page = /** @type {HTMLElement} */ (document.getElementById("page"));
const people = new People();
const desk = h("main", { class: "desk" });
/** @type {Map<number, Phone>} */
const phones = new Map();

function drawDesk(focus) {
  for (const person of phones.keys()) if (!store.open.includes(person)) phones.delete(person);
  for (const person of store.open) if (!phones.has(person) && store.bot !== null) phones.set(person, new Phone(person));
  const shown = [...phones.values()].map((phone) => phone.element);
  page.classList.toggle("has-open", shown.length > 0);
  if (shown.length) arrange(shown);
  else desk.replaceChildren(welcome());
  markActive();
  if (focus) phones.get(focus)?.focus();
}

/** Keeps phones that stay where they are: moving one would lose its focus and its scroll. */
function arrange(shown) {
  for (const child of [...desk.children]) if (!shown.includes(child)) child.remove();
  for (const element of shown) if (element.parentElement !== desk) desk.append(element);
}

function markActive() {
  for (const [person, phone] of phones) phone.element.classList.toggle("active", person === store.active);
  const element = phones.get(store.active)?.element;
  if (store.open.length > 1) element?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function welcome() {
  const hasBot = store.bots.size > 0;
  return h("div", { class: "welcome" },
    h("div", { class: "badge" }, icon("phone")),
    h("h2", {}, hasBot ? "Pick up a phone" : "A Telegram of your own"),
    h("p", {}, hasBot
      ? "Choose somebody on the left, or several: their phones stand side by side, and what they write goes to the bot."
      : "Bots appear here as soon as one is made. Create one, then give its token to the product."),
    h("div", { class: "actions" }, hasBot
      ? h("button", { type: "button", class: "btn pri", onclick: newPerson }, icon("plus"), "New person")
      : h("button", { type: "button", class: "btn pri", onclick: newBot }, icon("robot"), "New bot")));
}

function drawAll() {
  people.draw();
  drawStorms();
  if (store.bot === null) phones.clear();
  for (const phone of phones.values()) phone.load();
  drawDesk(null);
  if (store.link && !store.link.person && !document.querySelector("dialog")) askForLink();
}

const each = (method) => (event) => phones.forEach((phone) => phone.take(method, event));

store.on("all", drawAll);
store.on("live", () => people.drawLive());
store.on("people", () => people.drawRows());
store.on("open", ({ focus }) => { people.drawRows(); drawDesk(focus); });
store.on("active", markActive);
store.on("faults", () => { drawStorms(); people.drawWeather(); });
store.on("chat", ({ person }) => phones.get(person)?.update());
store.on("message", each("onMessage"));
store.on("edited", each("onEdited"));
store.on("deleted", each("onDeleted"));
store.on("updates", each("onUpdates"));
store.on("action", each("onAction"));
store.on("callback_answer", each("onCallbackAnswer"));

page.append(people.element, desk, buildWeather());
store.begin();
