/** The foot of a phone: START, or the field to write in with what it can attach. */

import { api } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { summary } from "./format.js";

const LIMIT = 4096;
const SAMPLES = [
  ["photo", "photo", "Photo"], ["album", "album", "Album of three"], ["file", "document", "File"],
  ["voice", "voice", "Voice message"], ["sticker", "sticker", "Sticker"],
  ["contact", "contact", "Contact"], ["place", "location", "Location"],
];

export class Composer {
  /** @param {{person: number, bot: () => number, newestOwn: () => any, run: (act: Promise<any>) => Promise<any>, onStarted: () => void}} given */
  constructor(given) {
    this.given = given;
    this.about = null;
    this.field = h("textarea", { rows: 1, placeholder: "Message", "aria-label": "Message", oninput: () => this.grow(), onkeydown: (event) => this.onKey(event), onpaste: (event) => this.onPaste(event) });
    this.count = h("span", { class: "count", hidden: true });
    this.menu = this.buildMenu();
    this.clip = iconButton("clip", "Attach", () => this.toggleMenu(), { "aria-haspopup": "menu", "aria-expanded": "false" });
    this.aboutLine = h("div", { class: "about", hidden: true });
    this.picker = h("input", { type: "file", hidden: true, onchange: () => this.sendFile(this.picker.files[0]) });
    this.form = h("form", { class: "composer", onsubmit: (event) => this.submit(event) },
      this.clip, this.field, this.count, iconButton("send", "Send", null, { type: "submit", class: "send" }));
    this.replyKeys = h("div", { class: "keys reply-keys", hidden: true });
    this.writing = h("div", {}, this.aboutLine, this.form, this.replyKeys, this.menu, this.picker);
    this.start = h("div", { class: "start", hidden: true });
    this.element = h("footer", { class: "foot" }, this.start, this.writing);
  }

  /** Shows START for a chat that is closed or a link that is open, else the field. */
  update({ isStarted, isBlocked, link, keyboard }) {
    const needsStart = !isStarted || isBlocked || link !== null;
    this.start.hidden = !needsStart;
    this.writing.hidden = needsStart;
    if (needsStart) this.start.replaceChildren(...this.startParts(isBlocked, link));
    this.showKeyboard(keyboard);
  }

  startParts(isBlocked, link) {
    const label = isBlocked ? "RESTART" : "START";
    const press = () => this.given.run(api.start(this.given.person, { bot: this.given.bot(), ...(link?.payload ? { payload: link.payload } : {}) })).then(this.given.onStarted);
    const button = h("button", { type: "button", class: "btn pri", onclick: press }, label);
    return [button, link?.payload && h("span", { class: "mute" }, "from a link, with ", h("code", {}, link.payload))].filter(Boolean);
  }

  showKeyboard(keyboard) {
    this.replyKeys.hidden = !keyboard;
    const line = (buttons) => h("div", { class: "line" }, ...buttons.map((button) => this.replyKey(button)));
    this.replyKeys.replaceChildren(...(keyboard ?? []).map(line));
  }

  replyKey(button) {
    const text = typeof button === "string" ? button : button.text;
    const send = () => {
      if (button.request_contact) return this.send({ kind: "contact" });
      if (button.request_location) return this.send({ kind: "location" });
      return this.send({ text });
    };
    return h("button", { type: "button", class: "key", onclick: send }, text);
  }

  buildMenu() {
    const sample = ([symbol, kind, label]) => h("button", { type: "button", role: "menuitem", onclick: () => { this.toggleMenu(false); this.send({ kind, ...this.caption() }); } }, icon(symbol), label);
    const own = h("button", { type: "button", role: "menuitem", onclick: () => { this.toggleMenu(false); this.picker.click(); } }, icon("upload"), "From this computer…");
    return h("div", { class: "menu", role: "menu", hidden: true, onkeydown: (event) => this.onMenuKey(event), onfocusout: (event) => this.leaveMenu(event) }, ...SAMPLES.map(sample), h("hr"), own);
  }

  toggleMenu(isOpen = this.menu.hidden) {
    this.menu.hidden = !isOpen;
    this.clip.setAttribute("aria-expanded", String(isOpen));
    (isOpen ? this.menu.querySelector("button") : this.clip).focus();
  }

  leaveMenu(event) {
    if (event.relatedTarget && !this.menu.contains(event.relatedTarget) && event.relatedTarget !== this.clip) {
      this.menu.hidden = true;
      this.clip.setAttribute("aria-expanded", "false");
    }
  }

  onMenuKey(event) {
    const items = [...this.menu.querySelectorAll("button")];
    const index = items.indexOf(document.activeElement);
    if (event.key === "Escape") this.toggleMenu(false);
    if (event.key === "ArrowDown") items[(index + 1) % items.length].focus();
    if (event.key === "ArrowUp") items.at(index - 1).focus();
    if (event.key.startsWith("Arrow")) event.preventDefault();
  }

  /** @param {any} message @param {"reply"|"edit"} mode */
  setAbout(message, mode) {
    this.about = message && { message, mode };
    this.aboutLine.hidden = !message;
    if (!message) return;
    const title = mode === "edit" ? "Edit message" : "Reply";
    this.aboutLine.replaceChildren(icon(mode), h("span", { class: "what" }, h("b", {}, title), summary(message)), iconButton("close", "Cancel", () => this.cancel()));
    if (mode === "edit") this.field.value = message.text;
    this.grow();
    this.field.focus();
  }

  cancel() {
    if (this.about?.mode === "edit") this.field.value = "";
    this.setAbout(null, "reply");
    this.grow();
    this.field.focus();
  }

  onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); this.form.requestSubmit(); }
    if (event.key === "Escape" && this.about) this.cancel();
    if (event.key === "ArrowUp" && this.field.value === "" && this.given.newestOwn()) {
      event.preventDefault();
      this.setAbout(this.given.newestOwn(), "edit");
    }
  }

  onPaste(event) {
    const file = event.clipboardData.files[0];
    if (!file) return;
    event.preventDefault();
    this.sendFile(file);
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
    const left = LIMIT - this.field.value.length;
    this.count.hidden = left >= 0;
    this.count.textContent = String(left);
  }

  caption() {
    const text = this.field.value.trim();
    return text ? { text } : {};
  }

  async submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text || text.length > LIMIT) return;
    if (this.about?.mode !== "edit") return this.send({ text });
    const body = { bot: this.given.bot(), message_id: this.about.message.message_id, text };
    await this.carry(() => api.edit(this.given.person, body));
  }

  async send(fields) {
    const reply = this.about?.mode === "reply" ? { reply_to: this.about.message.message_id } : {};
    const body = { bot: this.given.bot(), ...fields, ...reply };
    await this.carry(() => api.send(this.given.person, body));
  }

  /**
   * Empty at once, for the next text may be typed before the answer; refused, it comes back.
   * @param {() => Promise<any>} act
   */
  async carry(act) {
    const [text, about] = [this.field.value, this.about];
    this.clear();
    if (await this.given.run(act()) || this.field.value || this.about) return;
    this.setAbout(about?.message ?? null, about?.mode ?? "reply");
    this.field.value = text;
    this.grow();
  }

  clear() {
    this.field.value = "";
    this.setAbout(null, "reply");
    this.grow();
  }

  async sendFile(file) {
    if (!file) return;
    const data = await base64(file);
    const kind = /^image\/(png|jpeg|webp)$/.test(file.type) ? "photo" : "document";
    await this.send({ kind, data_base64: data, file_name: file.name, mime_type: file.type || "application/octet-stream", ...this.caption() });
    this.picker.value = "";
  }
}

/** @param {Blob} file @returns {Promise<string>} */
function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",", 2)[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
