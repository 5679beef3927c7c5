/** The messages of one chat, oldest at the top; follows the newest while one looks at it. */

import { bubble } from "./bubble.js";
import { h } from "./dom.js";
import { day, dayKey } from "./format.js";

const SHOWN = 200;

export class Log {
  /** @param {{onReply: Function, onEdit: Function, onPress: Function}} given */
  constructor(given) {
    this.given = given;
    this.messages = new Map();
    this.shown = SHOWN;
    this.follows = true;
    this.element = h("div", { class: "log", tabindex: 0, role: "log", "aria-label": "Messages", onkeydown: (event) => this.onKey(event), onscroll: () => { this.follows = this.isAtEnd(); } });
    // The foot grows and shrinks below: whoever was at the end stays there.
    new ResizeObserver(() => { if (this.follows) this.toEnd(); }).observe(this.element);
  }

  fill(messages) {
    this.messages = new Map(messages.map((message) => [message.message_id, message]));
    this.draw();
    this.toEnd();
  }

  draw() {
    const all = [...this.messages.values()];
    const visible = all.slice(-this.shown);
    const more = all.length > visible.length && h("button", { type: "button", class: "btn earlier", onclick: () => this.showEarlier() }, "Show earlier messages");
    const nodes = visible.flatMap((message, index) => this.withDay(message, visible[index - 1]));
    this.element.replaceChildren(...[more, ...nodes].filter(Boolean));
  }

  withDay(message, before) {
    const isNewDay = !before || dayKey(before.date) !== dayKey(message.date);
    return [isNewDay && h("div", { class: "day" }, day(message.date)), this.node(message)].filter(Boolean);
  }

  node(message) {
    const quoted = message.reply_to && (this.messages.get(message.reply_to) ?? null);
    return bubble(message, { ...this.given, quoted, onQuote: (target) => this.find(target.message_id)?.focus() });
  }

  showEarlier() {
    const height = this.element.scrollHeight;
    this.shown += SHOWN;
    this.draw();
    this.element.scrollTop += this.element.scrollHeight - height;
  }

  add(message) {
    const wasAtEnd = this.isAtEnd() || message.from === "person";
    const before = [...this.messages.values()].at(-1);
    if (this.messages.has(message.message_id)) return this.change(message);
    this.messages.set(message.message_id, message);
    this.element.querySelector(".intro")?.remove();
    const nodes = this.withDay(message, before);
    nodes.at(-1).classList.add("fresh");
    this.element.append(...nodes);
    if (wasAtEnd) this.toEnd();
  }

  change(message) {
    const known = this.messages.get(message.message_id);
    const merged = { ...message, state: message.state ?? known?.state };
    this.messages.set(message.message_id, merged);
    this.find(message.message_id)?.replaceWith(this.node(merged));
  }

  remove(id) {
    this.messages.delete(id);
    this.find(id)?.remove();
  }

  markFetched(updateIds) {
    const ids = new Set(updateIds);
    for (const message of this.messages.values()) {
      if (ids.has(message.update_id) && message.state !== "confirmed") this.change({ ...message, state: "handed_out" });
    }
  }

  newestOwn = () => [...this.messages.values()].reverse().find((message) => message.from === "person" && message.text);

  find = (id) => /** @type {HTMLElement|null} */ (this.element.querySelector(`[data-id="${id}"]`));

  isAtEnd = () => this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < 60;

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Arrows walk through the bubbles; R answers, E edits, as the small buttons do. */
  onKey(event) {
    const bubbles = [...this.element.querySelectorAll(".bubble")];
    const index = bubbles.indexOf(document.activeElement);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const next = index < 0 ? bubbles.length - 1 : index + (event.key === "ArrowUp" ? -1 : 1);
      bubbles[Math.max(0, Math.min(next, bubbles.length - 1))]?.focus();
      event.preventDefault();
    }
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const message = this.messages.get(Number(bubbles[index].dataset.id));
    if (event.code === "KeyR") { event.preventDefault(); this.given.onReply(message); }
    if (event.code === "KeyE" && message.from === "person" && message.text) { event.preventDefault(); this.given.onEdit(message); }
  }
}
