/** One message as a bubble: text, files, buttons, ticks. */

import { fileAddress } from "./api.js";
import { h, icon } from "./dom.js";
import { formatted } from "./entities.js";
import { clock, kindName, size, summary } from "./format.js";

/**
 * @param {any} message a row of the transcript
 * @param {{quoted: any, onReply: Function, onEdit: Function, onPress: Function, onQuote: Function}} given
 */
export function bubble(message, given) {
  const isMine = message.from === "person";
  const classes = ["bubble", isMine && "mine", message.kind === "sticker" && "sticker"];
  return h(
    "article",
    {
      class: classes.filter(Boolean).join(" "),
      tabindex: -1,
      dataset: { id: message.message_id },
      "aria-label": `${isMine ? "You" : "Bot"}, ${clock(message.date)}: ${summary(message)}`,
    },
    given.quoted && quote(given.quoted, given.onQuote),
    body(message),
    message.text && h("span", { class: "text" }, ...formatted(message.text, message.entities)),
    meta(message, isMine),
    keys(message, given.onPress),
    tools(message, isMine, given),
  );
}

function quote(message, onQuote) {
  const author = message.from === "person" ? "You" : "Bot";
  return h("button", { type: "button", class: "quote", tabindex: -1, onclick: () => onQuote(message) }, h("b", {}, author), h("span", {}, summary(message)));
}

function body({ kind, content }) {
  switch (kind) {
    case "text": return null;
    case "photo": return picture(content.at(-1));
    case "sticker": return h("div", { class: "face", "aria-hidden": "true" }, content.emoji || "🙂");
    case "contact": return attached("contact", `${content.first_name} ${content.last_name ?? ""}`, content.phone_number);
    case "location": return attached("place", "Location", `${content.latitude.toFixed(4)}, ${content.longitude.toFixed(4)}`);
    case "voice": return attached("voice", kindName(kind), `0:0${content.duration}`, content);
    default: return attached("file", content.file_name ?? kindName(kind), size(content.file_size), content);
  }
}

function picture(photo) {
  const address = fileAddress(photo.file_unique_id);
  return h("a", { href: address, target: "_blank", tabindex: -1 }, h("img", { class: "picture", src: address, alt: "Photo", loading: "lazy" }));
}

function attached(symbol, title, detail, file) {
  const attributes = file ? { href: fileAddress(file.file_unique_id), target: "_blank", tabindex: -1 } : {};
  return h(file ? "a" : "div", { class: "attached", ...attributes },
    h("span", { class: "disc" }, icon(symbol)), h("span", {}, h("b", {}, title), h("small", {}, detail)));
}

function meta(message, isMine) {
  return h("span", { class: "meta" }, message.edit_date && "edited ", clock(message.date), isMine && tick(message));
}

/** One tick: Telegram has it; two: the bot has fetched it. */
function tick(message) {
  const isFetched = message.state === "handed_out" || message.state === "confirmed";
  const label = isFetched ? "Fetched by the bot" : "Sent";
  return h("span", { class: isFetched ? "tick fetched" : "tick", title: label }, icon(isFetched ? "ticks" : "tick"));
}

function keys(message, onPress) {
  const lines = message.reply_markup?.inline_keyboard;
  if (!lines) return null;
  return h("div", { class: "keys" }, ...lines.map((line) => h("div", { class: "line" }, ...line.map((button) => key(button, message, onPress)))));
}

function key(button, message, onPress) {
  if (button.url && /^https?:\/\//i.test(button.url)) {
    return h("a", { class: "key", href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text);
  }
  const onclick = (event) => onPress(message, button.callback_data, event.currentTarget);
  return h("button", { type: "button", class: "key", onclick, disabled: !button.callback_data }, button.text);
}

function tools(message, isMine, { onReply, onEdit }) {
  const canEdit = isMine && message.text;
  return h("div", { class: "tools" },
    h("button", { type: "button", tabindex: -1, title: "Reply (R)", "aria-label": "Reply", onclick: () => onReply(message) }, icon("reply")),
    canEdit && h("button", { type: "button", tabindex: -1, title: "Edit (E)", "aria-label": "Edit", onclick: () => onEdit(message) }, icon("edit")));
}
