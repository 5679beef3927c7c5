/** The list of people, with their chat with the chosen bot. */

import { chooseForLink, newBot, newPerson } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { fullName, hue, initials, summary, when } from "./format.js";
import { store } from "./store.js";
import { toggleWeather } from "./weather.js";

const SHOWN = 300;

export class People {
  constructor() {
    this.wanted = "";
    this.select = h("select", { "aria-label": "Bot", onchange: () => store.chooseBot(Number(this.select.value)) });
    this.notice = h("p", { class: "live", role: "status", hidden: true }, "The simulator is away. Trying again…");
    this.search = h("input", { type: "search", placeholder: "Search people", "aria-label": "Search people", oninput: () => { this.wanted = this.search.value.toLowerCase(); this.drawRows(); } });
    this.rows = h("ul", { class: "rows", onkeydown: (event) => this.onKey(event) });
    this.weatherDot = h("span", { class: "dot good" });
    this.element = h("aside", { class: "people", "aria-label": "People" },
      h("header", {}, h("h1", {}, icon("phone"), "Phones"), iconButton("plus", "New person", newPerson)),
      this.notice,
      h("div", { class: "bot-line" }, h("label", {}, this.select), iconButton("robot", "New bot", newBot)),
      h("div", { class: "find" }, icon("search"), this.search),
      this.rows,
      h("footer", {}, h("button", { type: "button", class: "btn quiet", onclick: toggleWeather }, icon("weather"), "Network weather", this.weatherDot)));
  }

  draw() {
    const bots = [...store.bots.values()];
    this.select.replaceChildren(...bots.map((bot) => h("option", { value: bot.id }, `${bot.name} · @${bot.username}`)));
    if (!bots.length) this.select.append(h("option", { value: "" }, "No bots yet"));
    this.select.disabled = !bots.length;
    this.select.value = String(store.bot ?? "");
    this.drawRows();
    this.drawLive();
    this.drawWeather();
  }

  drawLive() {
    this.notice.hidden = store.isLive || !store.isLoaded;
  }

  drawWeather() {
    this.weatherDot.className = store.faults.size ? "dot bad" : "dot good";
  }

  drawRows() {
    const focused = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset.person;
    const people = [...store.people.values()].filter((person) => this.fits(person)).sort(newestFirst);
    this.rows.replaceChildren(...people.slice(0, SHOWN).map((person) => h("li", {}, row(person))));
    if (!people.length) this.rows.append(h("li", { class: "none" }, store.people.size ? "Nobody of that name." : "Nobody here yet. Create a person to write to a bot."));
    if (focused) /** @type {HTMLElement|null} */ (this.rows.querySelector(`[data-person="${focused}"]`))?.focus();
  }

  fits(person) {
    return `${fullName(person)} ${person.username ?? ""}`.toLowerCase().includes(this.wanted);
  }

  onKey(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const rows = [...this.rows.querySelectorAll(".row")];
    const next = rows.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    rows[Math.max(0, Math.min(next, rows.length - 1))]?.focus();
  }
}

const lastDate = (person) => store.chat(person.id).last?.date ?? 0;

function newestFirst(one, other) {
  return lastDate(other) - lastDate(one) || fullName(one).localeCompare(fullName(other));
}

function row(person) {
  const { last, is_blocked: isBlocked } = store.chat(person.id);
  const unread = store.unreadOf(person.id);
  return h("button", { type: "button", class: "row", "aria-pressed": String(store.open.includes(person.id)), dataset: { person: person.id }, onclick: () => choose(person.id) },
    h("span", { class: `av ${hue(person.id)}` }, initials(fullName(person))),
    h("span", { class: "name" }, fullName(person)),
    h("span", { class: "when" }, last ? when(last.date) : ""),
    h("span", { class: last?.from === "bot" ? "last by-bot" : "last" }, isBlocked ? "Has blocked the bot" : last ? summary(last) : "Has not started the bot"),
    unread ? h("span", { class: "unread", "aria-label": `${unread} unread` }, String(unread)) : h("span"));
}

function choose(person) {
  if (store.link && !store.link.person) return chooseForLink(person);
  return store.choosePerson(person);
}
