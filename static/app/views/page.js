/** The page whole: rail, list, chat, customer; and what lies over them.
 *
 * @import { App } from "../app.js"
 */
import { html, nothing } from "../../vendor/lit-3.3.3/lit.js";
import { gettext, ngettext } from "../i18n.js";
import { nextTheme, themeName } from "../theme.js";
import { ownState } from "../words.js";
import { avatar, icon } from "./bits.js";
import { chat } from "./chat.js";
import { list } from "./list.js";
import { side } from "./side.js";

/** @param {App} app */
export function page(app) {
  if (app.connection.code === "signed_out") return signedOut(app);
  if (!app.boot || (app.boot.projects.length && !app.project)) return loading(app);
  const panes = `panes${app.chatId ? " has-chat" : ""}${app.showsSide ? " has-side" : ""}`;
  return html`
    ${banner(app)}
    <div class="app">
      ${rail(app)}
      <main class=${panes}>
        <h1 class="sr">${gettext("Sessions")}</h1>
        ${app.project ? [list(app), chat(app), side(app)] : noProject()}
      </main>
    </div>
    ${toasts(app)} ${app.dialog ? app.later?.dialog(app, app.dialog) : nothing}
    <p class="sr" aria-live="polite">${app.unread
      ? ngettext("{n} chat with new messages", "{n} chats with new messages", app.unread) : ""}</p>`;
}

/** @param {App} app */
function rail(app) {
  const isManaging = app.boot?.projects.some((row) => row.managing);
  const name = app.boot?.me.name ?? "";
  return html`
    <nav class="rail" aria-label=${gettext("Main")}>
      <b class="logo" aria-hidden="true">TG</b>
      <a class="on" href="/app/" aria-current="page" title=${gettext("Sessions")}>${icon("inbox")}
        <span class="sr">${gettext("Sessions")}</span>
        ${app.unread ? html`<i class="num">${app.unread > 99 ? "99+" : app.unread}</i>` : nothing}</a>
      ${isManaging ? html`<a href=${consoleOf(app)} title=${gettext("Console")}>${icon("settings")}
        <span class="sr">${gettext("Console")}</span></a>` : nothing}
      <span class="grow"></span>
      ${railButton("contrast", gettext("Colours: {theme}", { theme: themeName() }), () => { nextTheme(); app.changed(); })}
      ${railButton("globe", gettext("Language"), () => app.open({ kind: "language" }))}
      ${railButton("help", gettext("Keyboard"), () => app.open({ kind: "keys" }))}
      <button class="rail-btn" form="sign-out" title=${gettext("Sign out {name}", { name })}>${icon("out")}
        <span class="sr">${gettext("Sign out {name}", { name })}</span></button>
      <span class="own" title=${name}>${avatar(name, app.boot?.me.id ?? "", "small")}
        <span class="dot ${presenceLook(app)}"></span></span>
    </nav>`;
}

/** @param {string} image @param {string} label @param {() => void} run */
function railButton(image, label, run) {
  return html`<button class="rail-btn" title=${label} @click=${run}>${icon(image)}
    <span class="sr">${label}</span></button>`;
}

/** @param {App} app */
function consoleOf(app) {
  const isManaged = app.boot?.projects.find((row) => row.id === app.projectId)?.managing;
  return isManaged ? `/console/projects/${app.projectId}/` : "/console/";
}

/** @param {App} app */
function presenceLook(app) {
  return ownState(app.mine, app.connection.state === "live", app.project?.project.code).look;
}

/** @param {App} app */
function banner(app) {
  const { state, retryAt } = app.connection;
  const isBack = state === "live" || app.sync.feed?.liveAt === null && !app.sync.feed.failures;
  if (isBack) return nothing;
  const seconds = Math.max(1, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
  const words = !navigator.onLine ? gettext("This device has no network. What you write is kept.")
    : state === "waiting" ? gettext("Connection lost. Reconnecting in {n} s", { n: seconds })
      : gettext("Reconnecting …");
  return html`
    <div class="banner" role="status">
      <span class="dot warn"></span><span>${words}</span>
      <button class="btn small" @click=${() => app.sync.feed?.hurry()}>${gettext("Now")}</button>
    </div>`;
}

/** @param {App} app */
function toasts(app) {
  return html`
    <div class="toasts" role="status" aria-live="polite">
      ${app.toasts.rows.map((toast) => html`
        <div class="toast ${toast.look}"><span class="grow">${toast.text}</span>
          ${toast.action ? html`<button class="btn small" @click=${() => {
            app.toasts.dismiss(toast);
            toast.action?.run();
          }}>${toast.action.name}</button>` : nothing}
          <button class="icon-btn" aria-label=${gettext("Close")}
            @click=${() => app.toasts.dismiss(toast)}>${icon("close")}</button></div>`)}
    </div>`;
}

/** @param {App} app */
function loading(app) {
  return html`
    <main class="blank">
      <div class="spinner" aria-hidden="true"></div>
      <p role="status">${app.sync.failure ?? gettext("Loading your sessions …")}</p>
      ${app.sync.failure ? html`<p class="mute">${gettext("Trying again by itself.")}</p>` : nothing}
    </main>`;
}

function noProject() {
  return html`
    <div class="blank">
      ${icon("users")}
      <h2>${gettext("You are on no team yet")}</h2>
      <p class="mute">${gettext("Ask a manager to add you to a project. This page shows it at once.")}</p>
    </div>`;
}

/** @param {App} app */
function signedOut(app) {
  const next = encodeURIComponent(`/app/${app.chatId ? `#${app.chatId}` : ""}`);
  return html`
    <main class="blank">
      ${icon("key")}
      <h1>${gettext("You are signed out")}</h1>
      <p class="mute">${gettext("Your drafts and unsent replies are kept in this browser.")}</p>
      <a class="btn pri" href="/sign-in/?next=${next}">${gettext("Sign in again")}</a>
    </main>`;
}
