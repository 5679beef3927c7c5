/** Where an agent writes.
 *
 * @import { App } from "../app.js"
 * @import { Session } from "../types.js"
 */
import { html, nothing, ref } from "../../vendor/lit-3.3.3/lit.js";
import { gettext } from "../i18n.js";
import { icon } from "./bits.js";
import { partsNote } from "./chat.js";

/** Telegram's limit for one message, in UTF-16 units; longer texts leave in parts. */
const LIMIT = 4096;
const LONGEST = 10 * LIMIT;

/** @param {App} app @param {Session} session */
export function composer(app, session) {
  const me = /** @type {import("../types.js").ProjectState} */ (app.project).me;
  const isMine = session.owner !== null && session.owner.id === me.agent;
  if (session.state === "completed") {
    return closed(gettext("This session is completed. When the customer writes again, a new one opens."));
  }
  if (!me.agent) return closed(gettext("Only agents on the team answer customers."));
  if (!me.rights.reply) return closed(gettext("You may not reply in this project."));
  if (session.state === "assigned" && !isMine) {
    return closed(gettext("{name} answers here. Take it over by a transfer to yourself.",
      { name: session.owner?.name ?? "" }));
  }
  return box(app, session);
}

/** @param {string} text */
function closed(text) {
  return html`<footer class="comp closed"><p class="mute">${text}</p></footer>`;
}

/** @param {App} app @param {Session} session */
function box(app, session) {
  const isWaiting = session.state === "unassigned";
  const draft = app.draft(session.id);
  const parts = Math.ceil(draft.length / LIMIT);
  return html`
    <footer class="comp">
      ${app.replyTo === null ? nothing : replying(app)}
      ${session.customer.blocked ? html`<p class="notice warn">${gettext("This customer has blocked the bot: replies will not arrive.")}</p>` : nothing}
      <div class="box">
        <textarea rows="1" aria-label=${gettext("Reply")} maxlength=${LONGEST}
          placeholder=${gettext("Write to {name} …", { name: session.customer.name })}
          ${ref((element) => element && holds(/** @type {HTMLTextAreaElement} */ (element), session.id, draft))}
          @input=${(/** @type {any} */ event) => typed(app, session, event.target)}
          @keydown=${(/** @type {KeyboardEvent} */ event) => pressed(app, event)}></textarea>
        <div class="bar">
          <span class="faint hint">${gettext("Enter sends, Shift+Enter starts a line")}</span>
          <span class="grow"></span>
          <span class="faint num">${parts > 1 ? `${partsNote(parts)} · ` : ""}${draft.length} / ${LIMIT}</span>
          <button class="btn pri" ?disabled=${!draft.trim()} @click=${() => app.send(draft)}>
            ${icon("send")}${isWaiting ? gettext("Take and send") : gettext("Send")}</button>
        </div>
      </div>
    </footer>`;
}

/** @param {App} app */
function replying(app) {
  const quoted = [...(app.chat?.messages.values() ?? [])].find((row) => row.place === app.replyTo);
  return html`<div class="replying">${icon("reply")}<span class="grow">${quoted?.text ?? ""}</span>
    <button class="icon-btn" aria-label=${gettext("Do not reply to this")}
      @click=${() => { app.replyTo = null; app.changed(); }}>${icon("close")}</button></div>`;
}

/** Show the draft of the chat that is open, and grow with it.
 * @param {HTMLTextAreaElement} area @param {string} session @param {string} draft */
function holds(area, session, draft) {
  if (area.dataset.session !== session || (area.value !== draft && !area.dataset.composing)) {
    area.dataset.session = session;
    area.value = draft;
  }
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight, 220)}px`;
}

/** @param {App} app @param {Session} session @param {HTMLTextAreaElement} area */
function typed(app, session, area) {
  app.draft(session.id, area.value);
  if (area.value) app.feed?.typing(session.id);
  app.changed();
}

/** Enter in the middle of composing a word (Chinese, Japanese) chooses the word, nothing else.
 * @param {App} app @param {KeyboardEvent} event */
function pressed(app, event) {
  if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  app.send(/** @type {HTMLTextAreaElement} */ (event.target).value);
}
