/** One person's phone, open at the chat with the chosen bot. */

import { api } from "./api.js";
import { Composer } from "./composer.js";
import { h, icon, iconButton } from "./dom.js";
import { fullName, hue, initials } from "./format.js";
import { Log } from "./log.js";
import { store } from "./store.js";

const TYPING_SECONDS = 5;
const TOAST_SECONDS = 3;

export class Phone {
  /** @param {number} person */
  constructor(person) {
    this.person = person;
    this.bot = store.bot;
    this.spinning = new Map();
    this.loads = 0;
    this.later = [];
    this.log = new Log({ onReply: (message) => this.composer.setAbout(message, "reply"), onEdit: (message) => this.composer.setAbout(message, "edit"), onPress: (...args) => this.press(...args) });
    this.composer = new Composer({ person, bot: () => this.bot, newestOwn: this.log.newestOwn, run: (act) => this.run(act), onStarted: () => this.started() });
    this.head = h("header", { class: "chat-head" });
    this.toast = h("div", { class: "toast", role: "status", hidden: true });
    this.element = h("section", { class: "phone", "aria-label": `${fullName(this.owner())}'s phone`, onfocusin: () => this.activate() },
      this.ownerLine(), this.head, this.log.element, this.composer.element, this.toast);
    this.load();
  }

  owner = () => store.people.get(this.person);
  botFacts = () => store.bots.get(this.bot);

  async load() {
    this.bot = store.bot;
    if (this.bot === null) return;
    const load = ++this.loads;
    this.isLoading = true;
    const { messages } = await api.transcript(this.person, this.bot);
    if (load !== this.loads) return; // asked again meanwhile: that answer is newer
    this.isLoading = false;
    this.drawn = null;
    this.log.fill(messages);
    for (const [method, event] of this.later.splice(0)) this[method](event);
    this.update();
    this.log.toEnd();
  }

  /** A live event. While the messages are being fetched it waits: what is fetched may be older. */
  take(method, event) {
    if (this.isLoading) this.later.push([method, event]);
    else this[method](event);
  }

  ownerLine() {
    const person = this.owner();
    return h("div", { class: "owner" }, h("span", { class: `av small ${hue(person.id)}` }, initials(fullName(person))), h("strong", {}, fullName(person)),
      person.username && h("span", { class: "faint" }, `@${person.username}`), person.language_code && h("span", { class: "chip" }, person.language_code),
      h("span", { class: "space" }), iconButton("close", `Close ${fullName(person)}'s phone`, () => store.closePerson(this.person), { class: "close" }));
  }

  /** Draws head and foot anew only if they changed: redrawing would take the focus away. */
  update() {
    const chat = store.chat(this.person, this.bot);
    const shown = { isStarted: chat.is_started, isBlocked: chat.is_blocked, link: this.link(), keyboard: this.keyboard() };
    const drawn = JSON.stringify([this.bot, this.isTyping, shown]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.head.replaceChildren(...this.headParts(chat));
    this.drawIntro(chat);
    this.composer.update(shown);
  }

  link = () => (store.link && store.link.person === this.person ? store.link : null);

  headParts(chat) {
    const bot = this.botFacts();
    const toggle = h("input", { type: "checkbox", role: "switch", checked: chat.is_blocked, onchange: (event) => this.run(api.setBlocked(this.person, this.bot, event.target.checked)) });
    return [
      iconButton("back", "Back to the people", () => store.closePerson(this.person), { class: "back" }),
      h("span", { class: `av ${hue(bot.id)}` }, icon("robot")),
      h("div", { class: "who" }, h("h2", {}, bot.name), h("div", { class: this.isTyping ? "sub typing" : "sub" }, this.isTyping ? "typing…" : `@${bot.username} · bot`)),
      chat.is_started && h("label", { class: "switch", title: "Stop the bot: it can no longer write" }, "Block", toggle),
    ].filter(Boolean);
  }

  drawIntro(chat) {
    this.log.element.querySelector(".intro")?.remove();
    if (chat.is_started || this.log.messages.size) return;
    const bot = this.botFacts();
    this.log.element.append(h("div", { class: "intro" }, h("span", { class: `av big ${hue(bot.id)}` }, icon("robot")), h("h3", {}, bot.name),
      h("p", { class: "mute" }, "Nothing here yet. Press START below: until then the bot cannot write first.")));
  }

  /** The reply keyboard of the newest message that says something about one. */
  keyboard() {
    const said = [...this.log.messages.values()].reverse().find(({ reply_markup: markup }) => markup?.keyboard || markup?.remove_keyboard);
    return said?.reply_markup.keyboard ?? null;
  }

  activate() {
    if (store.active === this.person) return;
    store.active = this.person;
    store.tell("active");
  }

  focus() {
    const start = this.composer.start.hidden ? null : this.composer.start.querySelector("button");
    (start ?? this.composer.field).focus();
  }

  /** Waits for an act; a refusal is shown on the phone, and the answer is null. */
  async run(act) {
    try {
      return await act;
    } catch (error) {
      this.say(error.message);
      return null;
    }
  }

  say(text) {
    this.toast.textContent = text;
    this.toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { this.toast.hidden = true; }, TOAST_SECONDS * 1000);
  }

  started() {
    if (this.link()) store.link = null;
    this.update();
    this.focus();
  }

  async press(message, data, button) {
    button.setAttribute("aria-busy", "true");
    const pressed = await this.run(api.press(this.person, { bot: this.bot, message_id: message.message_id, data }));
    if (pressed) this.spinning.set(pressed.callback_query_id, button);
    else button.removeAttribute("aria-busy");
  }

  isAbout = (event) => event.person === this.person && event.bot === this.bot;

  onMessage(event) {
    if (!this.isAbout(event)) return;
    if (event.message.from === "bot") this.setTyping(false);
    this.log.add(event.message);
    this.update();
  }

  onEdited(event) {
    if (this.isAbout(event)) this.log.change(event.message);
  }

  onDeleted(event) {
    if (this.isAbout(event)) this.log.remove(event.message_id);
  }

  onUpdates(event) {
    if (event.bot === this.bot) this.log.markFetched(event.handed_out);
  }

  onAction(event) {
    if (this.isAbout(event)) this.setTyping(true);
  }

  setTyping(isTyping) {
    clearTimeout(this.typingTimer);
    this.isTyping = isTyping;
    if (isTyping) this.typingTimer = setTimeout(() => this.setTyping(false), TYPING_SECONDS * 1000);
    this.update();
  }

  onCallbackAnswer(event) {
    if (!this.isAbout(event)) return;
    this.spinning.get(event.callback_query_id)?.removeAttribute("aria-busy");
    this.spinning.delete(event.callback_query_id);
    if (event.text) this.say(event.text);
  }
}
