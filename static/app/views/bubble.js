/** One message.
 *
 * @import { App, Pending } from "../app.js"
 * @import { Message } from "../types.js"
 * @import { Run } from "../entities.js"
 */
import { html, nothing } from "../../vendor/lit-3.3.3/lit.js";
import { runs } from "../entities.js";
import { gettext } from "../i18n.js";
import { moment, time } from "../times.js";
import { deliveryName, deliveryReason, kindName, systemLine, UNCERTAIN } from "../words.js";
import { icon } from "./bits.js";

/** @param {App} app @param {Message} row @param {Message | undefined} quoted */
export function bubble(app, row, quoted) {
  const isOut = row.direction === "out";
  const doubt = row.delivery === "failed" || row.delivery === "uncertain" ? row.delivery : "";
  return html`
    <article class="b ${isOut ? "o" : ""} ${doubt}" aria-label=${isOut ? gettext("You wrote") : gettext("Customer wrote")}>
      ${row.reply_to === null ? nothing : quote(quoted)}
      ${row.kind === "text" ? nothing : kindLine(row)}
      ${row.text ? html`<div class="text">${formatted(row.text, row.data?.entities)}</div>` : nothing}
      <div class="m num">
        ${row.edited_at ? edited(row) : nothing}
        ${isOut && row.author ? html`<span>${row.author.name.split(" ")[0]}</span>` : nothing}
        <time datetime=${row.at} title=${moment(row.at)}>${time(row.at)}</time>
        ${isOut ? delivery(row) : nothing}
        ${row.place === null ? nothing : html`<button class="answer" title=${gettext("Reply to this")}
          @click=${() => { app.replyTo = row.place; app.changed(); document.querySelector("textarea")?.focus(); }}>
          ${icon("reply")}<span class="sr">${gettext("Reply to this")}</span></button>`}
      </div>
      ${doubt ? trouble(row) : nothing}
    </article>`;
}

/** @param {Message} row */
function delivery(row) {
  const icons = { "": "", queued: "clock", sending: "clock", sent: "check", failed: "alert", uncertain: "doubt" };
  return html`<span class="state ${row.delivery}">${row.delivery === "sent" ? nothing : deliveryName(row.delivery)}
    ${row.delivery ? icon(icons[row.delivery]) : nothing}<span class="sr">${deliveryName(row.delivery)}</span></span>`;
}

/** @param {Message} row */
function trouble(row) {
  const text = row.delivery === "uncertain" ? UNCERTAIN() : row.error ? deliveryReason(row.error) : "";
  return html`<p class="err">${icon("alert")}<span>${text}</span></p>`;
}

/** @param {Message} row */
function kindLine(row) {
  const icons = { photo: "image", voice: "mic", audio: "mic", location: "map", contact: "contact",
    unreadable: "alert" };
  const name = icons[/** @type {keyof typeof icons} */ (row.kind)] ?? "file";
  const file = row.data?.file_name;
  return html`<div class="kind">${icon(name)}<b>${kindName(row.kind)}</b>${file ? html`<span>${file}</span>` : nothing}</div>`;
}

/** @param {Message | undefined} quoted */
function quote(quoted) {
  if (!quoted) return html`<div class="q"><b>${gettext("an earlier message")}</b></div>`;
  const who = quoted.direction === "out" ? quoted.author?.name ?? gettext("You") : gettext("Customer");
  return html`<div class="q"><b>${who}</b><span>${quoted.text || kindName(quoted.kind)}</span></div>`;
}

/** @param {Message} row */
function edited(row) {
  if (!row.versions.length) return html`<span>${gettext("edited")}</span>`;
  return html`
    <details class="versions"><summary>${gettext("edited")}</summary>
      <ol>${row.versions.map((old) => html`<li><time>${moment(old.at)}</time> ${old.text}</li>`)}</ol>
    </details>`;
}

/** @param {string} text @param {import("../types.js").Entity[]} [entities] */
export function formatted(text, entities) {
  return runs(text, entities).map(run);
}

/** @param {Run} part */
function run(part) {
  const has = (/** @type {string} */ type) => part.types.has(type);
  /** @type {unknown} */
  let inner = part.text;
  if (has("code") || has("pre")) inner = html`<code class=${has("pre") ? "pre" : ""}>${inner}</code>`;
  if (has("bold")) inner = html`<b>${inner}</b>`;
  if (has("italic")) inner = html`<i>${inner}</i>`;
  if (has("underline")) inner = html`<u>${inner}</u>`;
  if (has("strikethrough")) inner = html`<s>${inner}</s>`;
  if (has("spoiler")) inner = html`<span class="spoiler" tabindex="0">${inner}</span>`;
  if (has("blockquote") || has("expandable_blockquote")) inner = html`<q>${inner}</q>`;
  if (part.href) {
    inner = html`<a href=${part.href} target="_blank" rel="noopener noreferrer nofollow">${inner}</a>`;
  } else if (has("mention") || has("text_mention") || has("hashtag") || has("bot_command")) {
    inner = html`<span class="ref">${inner}</span>`;
  }
  return inner;
}

/** @param {Message} row @param {string | null} me */
export function system(row, me) {
  return html`<p class="sys"><time class="num" datetime=${row.at} title=${moment(row.at)}>${time(row.at)}</time>
    <span>${systemLine(row, me)}</span></p>`;
}

/** What was sent from here and is not known to the server yet. @param {App} app @param {Pending} row */
export function pendingBubble(app, row) {
  return html`
    <article class="b o pending" aria-label=${gettext("You wrote")}>
      <div class="text">${row.text}</div>
      <div class="m num"><time>${time(row.at)}</time>
        <span class="state">${row.tries ? gettext("waiting for the connection") : gettext("sending")} ${icon("clock")}</span></div>
    </article>`;
}
