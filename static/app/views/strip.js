/** "Can you receive?": what routing says, what this browser may do, and a test of the way between.
 *
 * @import { App } from "../app.js"
 * @import { Line } from "../standing.js"
 * @import { Ping } from "../types.js"
 */
import { html, nothing } from "../../vendor/lit-3.3.3/lit.js";
import { isAble } from "../alerts.js";
import { gettext } from "../i18n.js";
import { judged, outcome } from "../standing.js";
import { span } from "../times.js";
import { projectReason } from "../words.js";
import { icon } from "./bits.js";

/** After so many beats that did not come the worker is dead. */
const LATE_BEATS = 2.5;

/** @param {App} app */
export function strip(app) {
  const { mine } = app;
  const isLive = app.connection.state === "live";
  return html`
    <section class="strip" id="strip" aria-label=${gettext("Can you receive?")}>
      <h3>${gettext("To receive sessions")}</h3>
      <ul>${[connection(app, isLive), ...(mine ? judged(mine) : []), project(app)].map(line)}</ul>
      <h3>${gettext("To hear of them")}</h3>
      <ul>${[permission(), beats(app)].map(line)}</ul>
      <div class="test"><button class="btn small" ?disabled=${!isLive || app.busy.has("ping")}
        @click=${() => app.sendPing()}>${icon("bell")}${gettext("Send a test ping")}</button>
        <p class="grow" role="status">${app.ping ? outcome(app.ping, age(app, app.ping)) : nothing}</p></div>
    </section>`;
}

/** @param {Line} row */
function line({ look, title, value, detail, act }) {
  const state = { good: gettext("good:"), bad: gettext("trouble:"), warn: gettext("open:") }[look];
  return html`<li class=${look}>${icon(look === "good" ? "ok" : "alert")}<span class="sr">${state}</span>
    <span class="grow">${title}${detail ? html`<small>${detail}</small>` : nothing}</span>
    ${act ?? html`<em class="num">${value}</em>`}</li>`;
}

/** @param {App} app @param {boolean} isLive @returns {Line} */
function connection(app, isLive) {
  const title = gettext("Connection");
  if (isLive) return { look: "good", title, value: gettext("live") };
  const heardAt = app.sync.feed?.heardAt;
  const ago = heardAt ? gettext("last heard {span} ago", { span: span(Date.now() - heardAt) }) : "";
  return { look: "bad", title, value: ago || gettext("none") };
}

/** @param {App} app @returns {Line} */
function project(app) {
  const code = app.project?.project.code;
  const title = gettext("Project");
  return code ? { look: "bad", title, value: "", detail: projectReason(code) }
    : { look: "good", title, value: gettext("gives sessions out") };
}

/** @returns {Line} */
function permission() {
  const title = gettext("Notifications");
  if (!isAble()) {
    return { look: "bad", title, value: gettext("impossible"),
      detail: gettext("The site needs https for them, or the browser is too old.") };
  }
  switch (Notification.permission) {
    case "granted": return { look: "good", title, value: gettext("allowed") };
    case "denied": return { look: "bad", title, value: gettext("blocked"),
      detail: gettext("Press the sign left of this site's address, open the site's settings, and allow them.") };
    default: return { look: "warn", title, value: "", detail: gettext("This browser has not been asked yet."),
      act: html`<button class="btn small" @click=${allow}>${gettext("Allow")}</button>` };
  }
}

/** Never by itself: a question that nobody expects is refused for ever. */
function allow() {
  void Notification.requestPermission();
}

/** @param {App} app @returns {Line} */
function beats(app) {
  const since = Date.now() - app.beatAt;
  const title = gettext("Reports of this tab");
  const value = gettext("{span} ago", { span: span(since) });
  if (since < LATE_BEATS * 1000 * (app.boot?.beat_s ?? 25)) return { look: "good", title, value };
  return { look: "bad", title, value, detail: gettext("Its worker is silent: load the page again.") };
}

/** @param {App} app @param {Ping} ping */
function age(app, ping) {
  return Date.now() + (app.sync.feed?.skew ?? 0) - Date.parse(ping.at);
}
