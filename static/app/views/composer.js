/** Where an agent writes.
 *
 * @import { App } from "../app.js"
 * @import { Session } from "../types.js"
 */
import { html, nothing, ref } from "../../vendor/lit-3.3.3/lit.js";
import { gettext, language, ngettext } from "../i18n.js";
import { messageText } from "../words.js";
import { icon } from "./bits.js";

/** Telegram's limit for one message, in UTF-16 units; longer texts leave in parts. */
const LIMIT = 4096;
const LONGEST = 10 * LIMIT;
/** Nearer to the limit than this, the count is told. */
const CLOSE = 500;
const HIGHEST = 220;

/** @param {App} app @param {Session} session */
export function composer(app, session) {
  if (app.may.reply) return box(app, session);
  const { me } = /** @type {import("../types.js").ProjectState} */ (app.project);
  if (session.state === "completed") {
    return closed(gettext("This session is completed. When the customer writes again, a new one opens."));
  }
  if (!me.agent) return closed(gettext("You manage this project. To answer customers yourself, join its team."));
  if (!me.rights.reply) return closed(gettext("You may not reply in this project."));
  return closed(gettext("Only {name} answers here, so that the customer hears one voice.",
    { name: session.owner?.name ?? "" }));
}

/** @param {string} text */
function closed(text) {
  return html`<footer class="comp closed"><p class="mute">${text}</p></footer>`;
}

/** @param {App} app @param {Session} session */
function box(app, session) {
  const draft = app.drafts?.of(session.id) ?? "";
  const isWaiting = session.state === "unassigned";
  return html`
    <footer class="comp">
      ${app.replyTo === null ? nothing : replying(app)}
      ${session.customer.blocked ? html`<p class="notice warn">${gettext("This customer has blocked the bot: replies will not arrive.")}</p>` : nothing}
      <div class="box">
        <textarea rows="1" aria-label=${gettext("Reply")} maxlength=${LONGEST} dir="auto"
          placeholder=${gettext("Write to {name} …", { name: session.customer.name })}
          ${ref((element) => element && holds(/** @type {HTMLTextAreaElement} */ (element), session.id, draft))}
          @input=${(/** @type {any} */ event) => typed(app, session, event.target)}
          @keydown=${(/** @type {KeyboardEvent} */ event) => pressed(app, event)}></textarea>
        <div class="bar">
          <span class="faint hint">${isWaiting
            ? gettext("Your reply makes this session yours")
            : gettext("Enter sends, Shift+Enter starts a line")}</span>
          <span class="grow"></span>
          ${count(draft)}
          <button class="btn pri ${isWaiting ? "" : "brief"}" ?disabled=${!draft.trim()} title=${gettext("Send")}
            @click=${() => submit(app)}>${icon("send")}<span>${isWaiting ? gettext("Reply and take") : gettext("Send")}</span></button>
        </div>
      </div>
    </footer>`;
}

/** @param {string} draft */
function count(draft) {
  const parts = Math.ceil(draft.length / LIMIT);
  if (!draft) return nothing;
  const length = draft.length.toLocaleString(language);
  const left = parts > 1
    ? ngettext("{length} characters: leaves as {n} message", "{length} characters: leaves as {n} messages", parts, { length })
    : gettext("{length} / {limit}", { length, limit: LIMIT.toLocaleString(language) });
  return html`<span class="num ${parts > 1 || draft.length > LIMIT - CLOSE ? "near" : "faint"}">${left}</span>`;
}

/** @param {App} app */
function replying(app) {
  const quoted = [...(app.chat?.messages.values() ?? [])].find((row) => row.place === app.replyTo);
  return html`<div class="replying">${icon("reply")}<span class="grow cut">${quoted ? messageText(quoted) : ""}</span>
    <button class="icon-btn" aria-label=${gettext("Do not reply to this")}
      @click=${() => { app.replyTo = null; app.changed(); }}>${icon("close")}</button></div>`;
}

/** Show the draft of the chat that is open, and grow with it.
 * @param {HTMLTextAreaElement} area @param {string} session @param {string} draft */
function holds(area, session, draft) {
  const isOther = area.dataset.session !== session;
  if (!isOther && area.value === draft && area.style.height) return;
  if (isOther && matchMedia("(min-width: 901px) and (pointer: fine)").matches) queueMicrotask(() => area.focus());
  area.dataset.session = session;
  if (area.value !== draft) area.value = draft;
  grow(area);
}

/** @param {HTMLTextAreaElement} area */
function grow(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight, HIGHEST)}px`;
}

/** @param {App} app @param {Session} session @param {HTMLTextAreaElement} area */
function typed(app, session, area) {
  app.drafts?.keep(session.id, area.value);
  if (area.value) app.sync.feed?.typing(session.project, session.id);
  grow(area);
  app.changed();
}

/** Enter in the middle of composing a word (Chinese, Japanese) chooses the word, nothing else.
 * @param {App} app @param {KeyboardEvent} event */
function pressed(app, event) {
  const isComposing = event.isComposing || event.keyCode === 229;
  if (event.key !== "Enter" || event.shiftKey || event.altKey || isComposing) return;
  event.preventDefault();
  submit(app);
}

/** @param {App} app */
function submit(app) {
  const area = /** @type {HTMLTextAreaElement | null} */ (document.querySelector(".box textarea"));
  if (!area) return;
  app.send(area.value);
  area.focus();
}
