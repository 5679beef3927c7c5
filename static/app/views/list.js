/** The left pane: project, own state, tabs, rows.
 *
 * @import { App } from "../app.js"
 * @import { Session, Tab } from "../types.js"
 */
import { html, live, nothing, repeat } from "../../vendor/lit-3.3.3/lit.js";
import { gettext } from "../i18n.js";
import { since, span, when } from "../times.js";
import { ownState, waits } from "../words.js";
import { avatar, icon } from "./bits.js";

const WARN_MS = 2 * 60_000;
const BAD_MS = 10 * 60_000;

/** @param {App} app */
export function list(app) {
  return html`
    <aside class="list" aria-label=${gettext("Sessions")}>
      ${head(app)} ${presence(app)} ${tabs(app)} ${find(app)} ${rows(app)}
    </aside>`;
}

/** @param {App} app */
function head(app) {
  const project = /** @type {import("../types.js").ProjectState} */ (app.project).project;
  const choices = app.boot?.projects ?? [];
  const bot = project.bot;
  return html`
    <div class="top">
      ${choices.length > 1
        ? html`<select class="grow" aria-label=${gettext("Project")}
            @change=${(/** @type {any} */ event) => app.choose(event.target.value)}>
            ${choices.map((row) => html`
              <option value=${row.id} ?selected=${row.id === app.projectId}>${row.name}</option>`)}
          </select>`
        : html`<h1 class="grow">${project.name}</h1>`}
      ${bot
        ? html`<span class="chip ${bot.state === "ok" ? "good" : "bad"}">
            <span class="dot ${bot.state === "ok" ? "good" : "bad"}"></span>@${bot.username}</span>`
        : html`<span class="chip warn">${gettext("no bot yet")}</span>`}
    </div>`;
}

/** @param {App} app */
function presence(app) {
  const mine = app.mine;
  const state = ownState(mine);
  const isOnline = mine ? mine.status === "online" : false;
  return html`
    <div class="me">
      <span class="dot ${state.look}"></span>
      <div class="grow"><b>${state.title}</b><small class="num">${state.detail}</small></div>
      ${mine ? html`
        <button class="switch" role="switch" aria-checked=${isOnline ? "true" : "false"}
          aria-label=${gettext("Receive new sessions")} ?disabled=${app.busy.has("status")}
          title=${isOnline ? gettext("Take a break") : gettext("Go online")}
          @click=${() => app.setStatus(isOnline ? "away" : "online")}></button>` : nothing}
    </div>`;
}

/** @param {App} app */
function tabs(app) {
  const state = /** @type {import("../types.js").ProjectState} */ (app.project);
  const { counts, me } = state;
  /** @type {[Tab, string, number | null][]} */
  const all = [
    ["mine", gettext("Mine"), counts.mine],
    ["unassigned", gettext("Unassigned"), counts.unassigned],
    ["all", gettext("All"), counts.assigned],
    ["completed", gettext("Completed"), null],
  ];
  const shown = all.filter(([tab]) => tab !== "all" || me.rights.see_others)
    .filter(([tab]) => tab !== "mine" || me.agent);
  return html`
    <div class="tabs" role="tablist">
      ${shown.map(([tab, name, n]) => html`
        <button role="tab" aria-selected=${app.tab === tab ? "true" : "false"}
          @click=${() => app.openTab(tab)}>${name}${n === null ? nothing
            : html`<em class="num ${tab === "unassigned" && n ? "hot" : ""}">${n}</em>`}</button>`)}
    </div>`;
}

/** @param {App} app */
function find(app) {
  return html`
    <label class="find">${icon("search")}
      <span class="sr">${gettext("Search this list")}</span>
      <input type="search" placeholder=${gettext("Search this list")} .value=${live(app.filter)}
        @input=${(/** @type {any} */ event) => { app.filter = event.target.value; app.changed(); }}>
      <kbd aria-hidden="true">/</kbd></label>`;
}

/** @param {App} app */
function rows(app) {
  const shown = app.rows;
  if (!shown.length) return empty(app);
  const end = app.tab === "mine" ? null : app.project?.ends[app.tab];
  return html`
    <div class="rows" @scroll=${(/** @type {any} */ event) => scrolled(app, event.target)}>
      ${repeat(shown, (row) => row.id, (row) => entry(app, row))}
      ${end ? html`<button class="btn quiet wide" @click=${() => more(app)}>${gettext("Show more")}</button>` : nothing}
    </div>`;
}

/** @param {App} app */
function more(app) {
  if (app.tab !== "mine") void app.loadMore(app.tab);
}

/** @param {App} app @param {HTMLElement} pane */
function scrolled(app, pane) {
  if (pane.scrollHeight - pane.scrollTop - pane.clientHeight < 400) more(app);
}

/** @param {App} app @param {Session} row */
function entry(app, row) {
  const unread = app.unreadOf(row);
  const isMine = row.owner !== null && row.owner.id === app.project?.me.agent;
  const draft = app.draft(row.id);
  return html`
    <button class="row ${row.id === app.chatId ? "on" : ""}" @click=${() => app.openChat(row.id)}
      aria-current=${row.id === app.chatId ? "true" : "false"}>
      ${avatar(row.customer.name, row.customer.id)}
      <span class="n"><span class="name">${row.customer.name}</span>
        ${row.customer.blocked ? html`<span class="chip bad">${gettext("blocked bot")}</span>` : nothing}
        ${row.flagged ? html`<span class="chip warn">${gettext("owner away")}</span>` : nothing}</span>
      ${clock(row)}
      <span class="t">${draft
        ? html`<s>${gettext("Draft:")}</s> ${draft}`
        : html`${prefix(app, row, isMine)}${row.last?.text ?? gettext("no messages yet")}`}</span>
      ${unread && (isMine || row.state === "unassigned")
        ? html`<span class="u num"><span class="sr">${gettext("unread:")}</span>${unread}</span>` : nothing}
    </button>`;
}

/** @param {App} app @param {Session} row @param {boolean} isMine */
function prefix(app, row, isMine) {
  if (app.tab === "all" && !isMine && row.owner) return html`<em>${row.owner.name.split(" ")[0]}:</em> `;
  return row.last?.direction === "out" ? html`<em>${gettext("You:")}</em> ` : nothing;
}

/** @param {Session} row */
function clock(row) {
  const waiting = row.state === "unassigned" ? row.waiting_since : row.unanswered_since;
  if (row.state !== "completed" && waiting && since(waiting) > 60_000) {
    const ms = since(waiting);
    const look = ms > BAD_MS ? "bad" : ms > WARN_MS ? "warn" : "";
    return html`<span class="w num ${look}">${waits(waiting)}</span>`;
  }
  const at = row.completed_at ?? row.last?.at ?? row.opened_at;
  return html`<span class="w num" title=${span(since(at))}>${when(at)}</span>`;
}

/** @param {App} app */
function empty(app) {
  if (app.filter) return blank("search", gettext("Nothing here matches."), "");
  const mine = app.mine;
  switch (app.tab) {
    case "unassigned":
      return blank("ok", gettext("Nobody is waiting"),
        gettext("New sessions that no agent can receive stand here, oldest first, until somebody can."));
    case "completed":
      return blank("check", gettext("Nothing completed yet"),
        gettext("A customer who writes again opens a new session."));
    case "all":
      return blank("inbox", gettext("No open sessions"), "");
    default:
      return blank("inbox", gettext("No sessions of yours"),
        mine && mine.codes.length === 0
          ? gettext("New sessions come here by themselves. Leave this page open.")
          : gettext("You receive none now: the box above says why."));
  }
}

/** @param {string} name @param {string} title @param {string} text */
function blank(name, title, text) {
  return html`<div class="rows empty">${icon(name)}<b>${title}</b><p>${text}</p></div>`;
}
