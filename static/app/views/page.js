/** The page whole: rail, list, chat, customer; and what lies over them.
 *
 * @import { App } from "../app.js"
 */
import { html, nothing } from "../../vendor/lit-3.3.3/lit.js";
import { gettext } from "../i18n.js";
import { icon } from "./bits.js";
import { chat } from "./chat.js";
import { dialog } from "./dialogs.js";
import { list } from "./list.js";
import { side } from "./side.js";

/** @param {App} app */
export function page(app) {
  if (app.connection.code === "signed_out") return signedOut();
  if (!app.boot || (app.boot.projects.length && !app.project)) return loading(app);
  const panes = `panes${app.chatId ? " has-chat" : ""}${app.showsSide ? " has-side" : ""}`;
  return html`
    <div class="app">
      ${rail(app)}
      <div class=${panes}>
        ${app.project ? [list(app), chat(app), side(app)] : noProject()}
      </div>
    </div>
    ${banner(app)} ${toasts(app)} ${app.dialog ? dialog(app) : nothing}
    <p class="sr" aria-live="polite">${app.unread ? app.summary : ""}</p>`;
}

/** @param {App} app */
function rail(app) {
  const isManaging = app.boot?.projects.some((row) => row.managing);
  return html`
    <nav class="rail" aria-label=${gettext("Main")}>
      <b class="logo">TG</b>
      <a class="on" href="/app/" aria-current="page" title=${gettext("Sessions")}>${icon("inbox")}
        <span class="sr">${gettext("Sessions")}</span>
        ${app.unread ? html`<i class="num">${app.unread}</i>` : nothing}</a>
      ${isManaging ? html`<a href="/console/" title=${gettext("Console")}>${icon("settings")}
        <span class="sr">${gettext("Console")}</span></a>` : nothing}
      <span class="grow"></span>
      <button class="rail-btn" title=${gettext("Keyboard")}
        @click=${() => { app.dialog = { kind: "keys" }; app.changed(); }}>${icon("help")}
        <span class="sr">${gettext("Keyboard")}</span></button>
      <button class="rail-btn" form="sign-out" title=${gettext("Sign out")}>${icon("out")}
        <span class="sr">${gettext("Sign out")}</span></button>
    </nav>`;
}

/** @param {App} app */
function banner(app) {
  if (app.connection.state !== "waiting" || !app.connection.retryAt) return nothing;
  const seconds = Math.max(1, Math.ceil((app.connection.retryAt - Date.now()) / 1000));
  return html`
    <div class="banner" role="status">
      <span class="dot warn"></span>
      <span>${gettext("Connection lost. Trying again in {n} s; nothing will be missed.", { n: seconds })}</span>
      <button class="btn small" @click=${() => app.feed?.hurry()}>${gettext("Now")}</button>
    </div>`;
}

/** @param {App} app */
function toasts(app) {
  return html`
    <div class="toasts" role="status" aria-live="polite">
      ${app.toasts.map((toast) => html`
        <div class="toast ${toast.look}"><span class="grow">${toast.text}</span>
          <button class="icon-btn" aria-label=${gettext("Close")}
            @click=${() => app.dismiss(toast)}>${icon("close")}</button></div>`)}
    </div>`;
}

/** @param {App} app */
function loading(app) {
  return html`
    <main class="blank">
      <div class="spinner" aria-hidden="true"></div>
      <p role="status">${app.failure ?? gettext("Loading your sessions …")}</p>
      ${app.failure ? html`<p class="mute">${gettext("Trying again by itself.")}</p>` : nothing}
    </main>`;
}

function noProject() {
  return html`
    <main class="blank">
      ${icon("users")}
      <h2>${gettext("You are on no team yet")}</h2>
      <p class="mute">${gettext("Ask a manager to add you to a project. This page shows it at once.")}</p>
    </main>`;
}

function signedOut() {
  return html`
    <main class="blank">
      ${icon("key")}
      <h2>${gettext("You are signed out")}</h2>
      <p class="mute">${gettext("Your drafts are kept in this browser.")}</p>
      <a class="btn pri" href="/sign-in/?next=/app/">${gettext("Sign in again")}</a>
    </main>`;
}
