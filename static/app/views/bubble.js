/** One message.
 *
 * @import { App } from "../app.js"
 * @import { Pending } from "../outbox.js"
 * @import { Message } from "../types.js"
 * @import { Run } from "../entities.js"
 */
import { html, nothing } from "../../vendor/lit-3.3.3/lit.js";
import { runs } from "../entities.js";
import { gettext } from "../i18n.js";
import { moment, time } from "../times.js";
import {
  changeName, deliveryName, deliveryReason, kindName, messageText, ofContent, systemLine,
} from "../words.js";
import { icon } from "./bits.js";
import { goToPlace } from "./log.js";

const DELIVERY_ICONS = { "": "", queued: "clock", sending: "clock", sent: "check", failed: "alert",
  uncertain: "doubt" };
const KIND_ICONS = { photo: "image", voice: "mic", audio: "mic", location: "map", venue: "map",
  contact: "contact", video_note: "play", video: "play", animation: "play", unreadable: "alert", recalled: "trash" };

/** @param {App} app @param {Message} row @param {Message | undefined} quoted
 * @param {boolean} isJoined it follows one of the same side */
export function bubble(app, row, quoted, isJoined) {
  const isOut = row.direction === "out";
  const who = nameOf(app, row);
  return html`
    <article class="b ${isOut ? "o" : ""} ${row.delivery} ${isJoined ? "joined" : ""}" aria-label=${who}
      data-place=${row.place ?? nothing}>
      ${isOut && row.author?.id !== app.project?.me.agent && !isJoined ? html`<b class="who">${who}</b>` : nothing}
      ${row.data?.forward ? html`<p class="aside">${gettext("Forwarded")}</p>` : nothing}
      ${row.reply_to === null ? nothing : quote(app, row, quoted)}
      ${row.kind === "text" ? nothing : kindLine(row)}
      ${row.text ? html`<div class="text" dir="auto">${formatted(row.text, row.data?.entities)}</div>` : nothing}
      <div class="m num">
        ${isOut && app.may.change ? editing(app, row) : nothing}
        ${row.edited_at ? edited(row) : nothing}
        <time datetime=${row.at} title=${moment(row.at)}>${time(row.at)}</time>
        ${isOut ? delivery(row) : nothing}
      </div>
      ${trouble(app, row)}
      ${row.place === null ? nothing : html`<button class="answer" title=${gettext("Reply to this")}
        @click=${() => answer(app, row)}>${icon("reply")}<span class="sr">${gettext("Reply to this")}</span></button>`}
    </article>`;
}

/** @param {App} app @param {Message} row */
function nameOf(app, row) {
  if (row.direction === "in") return app.session?.customer.name ?? gettext("Customer");
  return row.author?.id === app.project?.me.agent ? gettext("You") : row.author?.name ?? gettext("Bot");
}

/** @param {App} app @param {Message} row */
function answer(app, row) {
  app.replyTo = row.place;
  app.changed();
  /** @type {HTMLElement | null} */ (document.querySelector(".box textarea"))?.focus();
}

/** @param {Message} row */
function delivery(row) {
  if (!row.delivery) return nothing;
  const name = (!row.change?.error && changeName(row)) || deliveryName(row.delivery);
  const isPlain = name === deliveryName("sent");
  return html`<span class="state ${row.delivery}" title=${name}>${isPlain ? nothing : name}
    ${icon(DELIVERY_ICONS[row.delivery])}${isPlain ? html`<span class="sr">${name}</span>` : nothing}</span>`;
}

/** What waits can be changed as well as what has arrived. @param {App} app @param {Message} row */
function editing(app, row) {
  const may = row.kind === "text" && (row.delivery === "queued" || row.delivery === "sent" && row.place);
  return may ? html`<button class="edit" title=${gettext("Edit or recall")}
    @click=${() => edit(app, row)}>${icon("edit")}<span class="sr">${gettext("Edit or recall")}</span></button>` : nothing;
}

/** @param {App} app @param {Message} row */
function edit(app, row) {
  app.open({ kind: "edit", row, text: row.change?.text || row.text });
}

/** What did not arrive, or is not as it should be, and what can be done.
 * @param {App} app @param {Message} row */
function trouble(app, row) {
  if (row.change?.error) {
    return problem(app, changeName(row), [[gettext("Try again"), () => edit(app, row)]]);
  }
  const isUncertain = row.delivery === "uncertain";
  if (row.kind === "recalled" || !isUncertain && row.delivery !== "failed") return nothing;
  const again = row.error?.code === "too_late" ? gettext("Send now") : gettext("Send again");
  return problem(app, deliveryReason(row), [[again, () => app.change(row, "resend")],
    ...(isUncertain ? [[gettext("It arrived"), () => app.change(row, "confirm")]] : [])]);
}

/** @param {App} app @param {string} text @param {any[][]} ways */
function problem(app, text, ways) {
  return html`<p class="err"><span>${text}</span>
    ${app.may.change ? ways.map(([name, run]) => html`<button class="link" @click=${run}>${name}</button>`) : nothing}</p>`;
}

/** @param {Message} row */
function kindLine(row) {
  const name = KIND_ICONS[/** @type {keyof typeof KIND_ICONS} */ (row.kind)] ?? "file";
  return html`<div class="kind">${icon(name)}<span><b>${kindName(row.kind)}</b>
    <span>${ofContent(row)}</span></span></div>`;
}

/** @param {App} app @param {Message} row @param {Message | undefined} quoted */
function quote(app, row, quoted) {
  const part = row.data?.quote?.text;
  if (!quoted) return html`<div class="q"><b>${gettext("an earlier message")}</b>${part ? html`<span>${part}</span>` : nothing}</div>`;
  const who = nameOf(app, quoted);
  return html`<button class="q" @click=${() => quoted.place !== null && goToPlace(quoted.place)}>
    <b>${who}</b><span>${part ?? messageText(quoted)}</span></button>`;
}

/** @param {Message} row */
function edited(row) {
  if (!row.versions.length) return html`<span title=${moment(row.edited_at ?? row.at)}>${gettext("edited")}</span>`;
  return html`
    <details class="versions"><summary>${gettext("edited")}</summary>
      <ol>${row.versions.map((old) => html`<li><time datetime=${old.at}>${moment(old.at)}</time>
        <span>${old.text || gettext("no text")}</span></li>`)}</ol>
    </details>`;
}

/** Quotes and code stand on lines of their own: the line break beside them is theirs.
 * @param {string} text @param {import("../types.js").Entity[]} [entities] */
export function formatted(text, entities) {
  const parts = runs(text, entities);
  return parts.map((part, at) => {
    const isBeside = at > 0 && isBlock(parts[at - 1]) && !isBlock(part);
    return run(isBeside ? { ...part, text: part.text.replace(/^\n/, "") } : part);
  });
}

/** @param {Run} part */
function isBlock({ types }) {
  return types.has("pre") || types.has("blockquote") || types.has("expandable_blockquote");
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

/** @param {App} app @param {Message} row */
export function system(app, row) {
  const sentence = systemLine(row, app.project?.me.agent ?? null);
  return html`<p class="sys"><time class="num" datetime=${row.at} title=${moment(row.at)}>${time(row.at)}</time>
    <span>${sentence}${row.kind === "assigned" ? html` · <button class="link"
      @click=${() => app.showWhy()}>${gettext("why?")}</button>` : nothing}</span></p>`;
}

/** What was sent from here and is not known to the server yet. @param {App} app @param {Pending} row */
export function pendingBubble(app, row) {
  const state = row.isHeld ? gettext("not sent")
    : row.tries ? gettext("no connection, trying again") : gettext("sending");
  return html`
    <article class="b o pending" aria-label=${gettext("You")}>
      <div class="text" dir="auto">${row.text}</div>
      <div class="m num"><time>${time(row.at)}</time>
        <span class="state">${state} ${icon(row.isHeld ? "alert" : "clock")}</span></div>
      ${row.isHeld || row.tries ? html`<p class="err">
        ${row.isHeld ? html`<span>${gettext("It was written too long ago to leave by itself.")}</span>` : nothing}
        <button class="link" @click=${() => app.outbox?.release(row)}>${gettext("Send now")}</button>
        <button class="link" @click=${() => app.discard(row)}>${gettext("Do not send")}</button></p>` : nothing}
    </article>`;
}
