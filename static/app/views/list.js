/** The left pane: project, own state, tabs, rows.
 *
 * @import { App } from "../app.js"
 * @import { ProjectState, Session, Tab } from "../types.js"
 */
import { html, live, nothing, ref, repeat } from "../../vendor/lit-3.3.3/lit.js";
import { gettext, ngettext } from "../i18n.js";
import { moment, since, when } from "../times.js";
import { ownState, previewText, waits } from "../words.js";
import { avatar, icon } from "./bits.js";

const WARN_MS = 2 * 60_000;
const BAD_MS = 10 * 60_000;
/** The height of a row in pixels, as in app.css. */
const ROW = 62;
/** Rows that are drawn above and below those in view. */
const SPARE = 8;

/** @param {App} app */
export function list(app) {
  const project = /** @type {ProjectState} */ (app.project);
  return html`
    <section class="list" aria-label=${gettext("Sessions")}>
      ${head(app, project)} ${presence(app)} ${tabs(app, project)} ${find(app)} ${rows(app)}
    </section>`;
}

/** @param {App} app @param {ProjectState} state */
function head(app, { project }) {
  const choices = app.boot?.projects ?? [];
  return html`
    <div class="top">
      ${choices.length > 1
        ? html`<label class="pick grow"><span class="sr">${gettext("Project")}</span>
            <select @change=${(/** @type {any} */ event) => app.choose(event.target.value)}>
            ${choices.map((row) => html`
              <option value=${row.id} ?selected=${row.id === app.projectId}>${row.name}</option>`)}
          </select></label>`
        : html`<h2 class="grow">${project.name}</h2>`}
      ${bot(project.bot)}
    </div>`;
}

/** @param {ProjectState["project"]["bot"]} row */
function bot(row) {
  if (!row) return html`<span class="chip warn">${gettext("no bot yet")}</span>`;
  /** @type {Record<string, string>} */
  const looks = { ok: "good", invalid: "bad" };
  const look = looks[row.state] ?? "warn";
  /** @type {Record<string, string>} */
  const words = {
    ok: gettext("The bot works"),
    conflict: gettext("Another program reads this bot"),
    elsewhere: gettext("The bot's webhook points elsewhere"),
    failing: gettext("Telegram cannot deliver what customers write"),
    deaf: gettext("Nothing has been read for too long"),
  };
  const title = words[row.state] ?? gettext("Telegram refuses the bot's token");
  return html`<span class="chip ${look}" title=${title}><span class="dot ${look}"></span>
    <span class="cut">@${row.username}</span><span class="sr">${title}</span></span>`;
}

/** @param {App} app */
function presence(app) {
  const mine = app.mine;
  const state = ownState(mine, app.connection.state === "live", app.project?.project.code);
  const isOnline = mine?.status === "online";
  return html`
    <div class="me ${state.look}">
      <span class="dot ${state.look}"></span>
      <div class="grow"><span role="status"><b>${state.title}</b><small class="num">${state.detail}</small></span>
        ${mine ? html`<button class="link" aria-expanded=${app.showsStrip ? "true" : "false"}
          @click=${() => { app.showsStrip = !app.showsStrip; app.changed(); }}>${gettext("Can you receive?")}</button>` : nothing}</div>
      ${mine ? html`
        <button class="switch" role="switch" aria-checked=${isOnline ? "true" : "false"}
          aria-label=${gettext("Online: receive new sessions")} ?disabled=${app.busy.has("status")}
          title=${isOnline ? gettext("Take a break") : gettext("Go online")}
          @click=${() => app.setStatus(isOnline ? "away" : "online")}></button>` : nothing}
    </div>
    ${mine && app.showsStrip ? app.later?.strip(app) : nothing}`;
}

/** From here on the server counts no completed sessions. */
const COUNTED = 10_000;

/** @param {App} app @param {ProjectState} state */
function tabs(app, { counts, me }) {
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
    <div class="tabs" role="group" aria-label=${gettext("Which sessions")}>
      ${shown.map(([tab, name, n]) => html`
        <button aria-pressed=${app.tab === tab ? "true" : "false"}
          title=${tab === "completed" && counts.completed < COUNTED ? ngettext("{n} session", "{n} sessions", counts.completed) : ""}
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
        @input=${(/** @type {any} */ event) => app.search(event.target.value)}>
      <kbd aria-hidden="true">/</kbd></label>`;
}

// -------------------------------------------------------------------- rows

let pane = /** @type {HTMLElement | null} */ (null);
let shown = { list: "", chat: /** @type {string | null} */ (null) };

/** Only the rows in view are drawn: a line may be thousands long. @param {App} app */
function rows(app) {
  const all = app.rows;
  if (!all.length) return empty(app);
  goTo(app, all);
  const top = pane?.scrollTop ?? 0;
  const from = Math.max(0, Math.floor(top / ROW) - SPARE);
  const to = Math.min(all.length, Math.ceil((top + (pane?.clientHeight || 900)) / ROW) + SPARE);
  const space = `padding: ${from * ROW}px 0 ${(all.length - to) * ROW}px`;
  return html`
    <div class="rows" ${ref(hold)} @scroll=${() => scrolled(app)}>
      <ul .style=${space}>
        ${repeat(all.slice(from, to), (row) => row.id, (row, at) => html`
          <li aria-setsize=${all.length} aria-posinset=${from + at + 1}>${entry(app, row)}</li>`)}
      </ul>
      ${further(app)}
    </div>`;
}

/** @param {App} app */
function further(app) {
  if (app.tab === "mine" || !app.project?.ends[app.tab]) return nothing;
  return html`<button class="btn quiet wide" @click=${() => app.more()}>${gettext("Show more")}</button>`;
}

/** @param {Element | undefined} element */
function hold(element) {
  pane = /** @type {HTMLElement | null} */ (element ?? null);
}

/** Another list begins at its top; a chat that is opened is brought into view.
 * @param {App} app @param {Session[]} all */
function goTo(app, all) {
  const list = `${app.projectId} ${app.tab} ${app.filter}`;
  const isOther = list !== shown.list;
  const isOpened = app.chatId !== shown.chat;
  shown = { list, chat: app.chatId };
  if (!pane) return;
  if (isOther) pane.scrollTop = 0;
  const at = isOpened ? all.findIndex((row) => row.id === app.chatId) : -1;
  if (at < 0) return;
  const bottom = (at + 1) * ROW - pane.clientHeight;
  pane.scrollTop = Math.max(Math.min(pane.scrollTop, at * ROW), bottom);
}

/** @param {App} app */
function scrolled(app) {
  app.changed();
  if (pane && pane.scrollHeight - pane.scrollTop - pane.clientHeight < 6 * ROW) app.more();
}

/** @param {App} app @param {Session} row */
function entry(app, row) {
  const isMine = row.owner !== null && row.owner.id === app.project?.me.agent;
  const unread = isMine || row.state === "unassigned" ? app.unreadOf(row) : 0;
  const isOn = row.id === app.chatId;
  return html`
    <button class="row ${isOn ? "on" : ""} ${unread ? "unread" : ""}" aria-current=${isOn ? "true" : "false"}
      @click=${() => app.openChat(row.id)}>
      ${avatar(row.customer.name, row.customer.id)}
      <span class="n"><span class="cut">${row.customer.name}</span>
        ${row.customer.blocked ? html`<span class="chip bad">${gettext("blocked bot")}</span>` : nothing}
        ${row.flagged ? html`<span class="chip warn">${gettext("owner away")}</span>` : nothing}</span>
      ${clock(row)}
      <span class="t cut">${preview(app, row, isMine)}</span>
      ${unread && row.state !== "completed" ? html`<span class="u num">${unread > 99 ? "99+" : unread}<span
        class="sr"> ${gettext("unread")}</span></span>` : nothing}
    </button>`;
}

/** @param {App} app @param {Session} row @param {boolean} isMine */
function preview(app, row, isMine) {
  const draft = app.drafts?.of(row.id);
  if (draft) return html`<s>${gettext("Draft:")}</s> ${draft}`;
  if (app.outbox?.of(row.id).length) return html`${icon("clock")} ${app.outbox.of(row.id).at(-1)?.text}`;
  const owner = !isMine && row.owner ? html`<em>${row.owner.name.split(" ")[0]}:</em> ` : nothing;
  const answered = row.last?.direction === "out" ? html`${icon("reply")}<span class="sr">${gettext("answered:")}</span> ` : nothing;
  return html`${owner}${answered}${row.last ? previewText(row.last.text) : gettext("no messages yet")}`;
}

/** @param {Session} row */
function clock(row) {
  const waiting = row.state === "unassigned" ? row.waiting_since : row.unanswered_since;
  if (row.state !== "completed" && waiting && since(waiting) > 60_000) {
    const ms = since(waiting);
    const look = ms > BAD_MS ? "bad" : ms > WARN_MS ? "warn" : "";
    return html`<span class="w num ${look}" title=${moment(waiting)}>${waits(waiting)}</span>`;
  }
  const at = row.completed_at ?? row.last?.at ?? row.opened_at;
  return html`<time class="w num" datetime=${at} title=${moment(at)}>${when(at)}</time>`;
}

/** @param {App} app */
function empty(app) {
  if (app.sync.fetching.has(`${app.projectId} ${app.tab}`)) {
    return html`<div class="rows empty"><div class="spinner"></div></div>`;
  }
  if (app.filter) {
    return blank("search", gettext("Nothing here matches"),
      gettext("Names, @usernames, #numbers and last messages of this list are searched."), further(app));
  }
  switch (app.tab) {
    case "unassigned":
      return blank("ok", gettext("Nobody is waiting"),
        gettext("A session that no agent can receive stands here, oldest first, until somebody can."));
    case "completed":
      return blank("check", gettext("Nothing completed yet"),
        gettext("Completed sessions are kept here. A customer who writes again opens a new one."));
    case "all":
      return blank("inbox", gettext("Nobody has an open session"),
        gettext("The sessions of all agents stand here while they are open."));
    default:
      return blank("inbox", gettext("No sessions of yours"),
        app.mine?.codes.length === 0
          ? gettext("New sessions come here by themselves. Leave this page open.")
          : gettext("You receive none now: the box above says why."));
  }
}

/** @param {string} name @param {string} title @param {string} text @param {unknown} [more] */
function blank(name, title, text, more = nothing) {
  return html`<div class="rows empty">${icon(name)}<b>${title}</b><p>${text}</p>${more}</div>`;
}
