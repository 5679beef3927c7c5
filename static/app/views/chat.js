/** The middle pane: header, messages, composer.
 *
 * @import { App } from "../app.js"
 * @import { Session } from "../types.js"
 */
import { html, nothing } from "../../vendor/lit-3.3.3/lit.js";
import { gettext } from "../i18n.js";
import { CHORD } from "../keys.js";
import { since, span, when } from "../times.js";
import { avatar, icon } from "./bits.js";
import { composer } from "./composer.js";
import { log } from "./log.js";

/** @param {App} app */
export function chat(app) {
  const session = app.session;
  if (!session) return nobody(app);
  return html`
    <section class="chat" aria-label=${session.customer.name}>
      ${head(app, session)} ${log(app, session)} ${composer(app, session)}
    </section>`;
}

/** @param {App} app */
function nobody(app) {
  if (app.chatId) return html`<section class="chat blank"><div class="spinner"></div></section>`;
  return html`
    <section class="chat blank">
      ${icon("inbox")}
      <h2>${gettext("No chat is open")}</h2>
      <p class="mute">${gettext("Choose one on the left. The keyboard opens them, too:")}</p>
      <p><kbd>${CHORD}J</kbd> <kbd>${CHORD}K</kbd> <span class="mute">${gettext("next, previous")}</span></p>
      <p><kbd>?</kbd> <span class="mute">${gettext("all keys")}</span></p>
    </section>`;
}

/** @param {App} app @param {Session} session */
function head(app, session) {
  return html`
    <header class="head">
      <button class="icon-btn back" aria-label=${gettext("Back to the list")} @click=${() => app.openChat(null)}>
        ${icon("back")}</button>
      ${avatar(session.customer.name, session.customer.id, "small")}
      <div class="grow who"><h2 class="cut">${session.customer.name}</h2>
        <p class="num cut">${standing(app, session)}</p></div>
      ${actions(app, session)}
      <button class="icon-btn panel-btn" aria-label=${gettext("Customer and session")}
        aria-expanded=${app.showsSide ? "true" : "false"}
        @click=${() => { app.showsSide = !app.showsSide; app.changed(); }}>${icon("panel")}</button>
    </header>`;
}

/** @param {App} app @param {Session} session */
function standing(app, session) {
  const label = gettext("session #{number}", { number: session.number });
  const isMine = session.owner !== null && session.owner.id === app.project?.me.agent;
  const why = session.state === "unassigned" ? gettext("why?") : isMine ? gettext("why me?") : "";
  return html`<span class="label">${label} · </span>${state(session, isMine)}${why && app.chat?.why
    ? html`<span class="label"> · <button class="link" @click=${() => app.showWhy()}>${why}</button></span>` : nothing}`;
}

/** @param {Session} session @param {boolean} isMine */
function state(session, isMine) {
  if (session.state === "unassigned") {
    return gettext("waiting for {span}", { span: span(since(session.waiting_since ?? session.opened_at)) });
  }
  if (session.state === "completed") {
    return gettext("completed {time}", { time: when(session.completed_at ?? session.opened_at) });
  }
  const at = when(session.assigned_at ?? session.opened_at);
  return isMine ? gettext("yours since {time}", { time: at })
    : gettext("with {name} since {time}", { name: session.owner?.name ?? "", time: at });
}

/** @param {App} app @param {Session} session */
function actions(app, session) {
  const { may } = app;
  const label = session.state === "unassigned" ? gettext("Give to …") : gettext("Transfer");
  const look = may.claim ? "quiet" : may.reply ? "pri" : "";
  return [
    may.transfer ? button("transfer", label, "quiet", "T", false, () => app.open({ kind: "transfer" })) : nothing,
    may.complete ? button("check", gettext("Complete"), look, "E",
      app.busy.has("complete"), () => app.act("complete")) : nothing,
    may.takeOver ? button("hand", gettext("Take over"), "", "", app.busy.has("transfer"), () => app.takeOver()) : nothing,
    may.claim ? button("hand", gettext("Take it"), "pri", "", app.busy.has("claim"), () => app.act("claim")) : nothing,
    may.reopen ? button("reopen", gettext("Reopen"), "", "", app.busy.has("reopen"), () => app.act("reopen")) : nothing,
  ];
}

/** @param {string} image @param {string} label @param {string} look @param {string} key
 * @param {boolean} isBusy @param {() => void} run */
function button(image, label, look, key, isBusy, run) {
  return html`<button class="btn ${look}" ?disabled=${isBusy} title=${key ? `${label} (${CHORD}${key})` : label} @click=${run}>
    ${icon(image)}<span class="label">${label}</span>${key ? html`<kbd aria-hidden="true">${CHORD}${key}</kbd>` : nothing}</button>`;
}
