/**
 * What is told by a notification of the system, once in a browser, while none of its pages is looked
 * at; and the answers to test pings.
 *
 * @import { App } from "./app.js"
 * @import { Envelope, Message, Ping, ProjectState, Session } from "./types.js"
 */
import { post } from "./api.js";
import { gettext } from "./i18n.js";
import { isMine } from "./reducer.js";
import { previewText } from "./words.js";

const WORKER = "/app/notices.js";
const ICON = new URL("../icon.svg", import.meta.url).href;
const SIGHT = "tgstaff.sight";
/** Pages of one browser hear of the same event within so long of each other. */
const TOGETHER = 20_000;
/** What is older has waited for this page; its list shows that without a notification. */
const LATE = 60_000;
/** A session is new to its owner while it changes so soon after it was given. */
const FRESH = 5000;
const LENGTH = 120;

/** @typedef {{tag: string, body: string, open?: string}} Notice */

/** Whether this browser can show notifications on this site at all. */
export function isAble() {
  return "Notification" in globalThis && "serviceWorker" in navigator && "locks" in navigator;
}

/** @param {App} app */
export function begin(app) {
  if (!isAble()) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data.open) void app.follow(data.open);
  });
  document.addEventListener("visibilitychange", look);
  look();
  void navigator.permissions?.query({ name: "notifications" })
    .then((permission) => permission.addEventListener("change", app.changed)).catch(() => undefined);
}

/** A page that is looked at holds a lock, for the others to see; and what it shows need not be told. */
function look() {
  if (document.hidden) return;
  void navigator.locks.request(SIGHT, { mode: "shared" }, () => new Promise((resolve) => {
    if (document.hidden) resolve(null); // since it asked for the lock
    else document.addEventListener("visibilitychange", resolve, { once: true });
  }));
  void clear();
}

async function clear() {
  const registration = await navigator.serviceWorker.getRegistration(WORKER);
  for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
}

async function isLookedAt() {
  const { held } = await navigator.locks.query();
  return held?.some((lock) => lock.name === SIGHT) ?? false;
}

/** Only of what is one's own. @param {App} app @param {ProjectState} state @param {Envelope} event */
export function alert(app, state, { kind, at, data }) {
  if (Date.now() + (app.sync.feed?.skew ?? 0) - Date.parse(at) > LATE) return;
  if (kind === "session.changed") given(state, data, at);
  else if (kind === "message.changed") written(state, data);
}

/** @param {ProjectState} state @param {Session} row @param {string} at */
function given(state, row, at) {
  if (!isMine(state, row) || Date.parse(at) - Date.parse(row.assigned_at ?? "") > FRESH) return;
  void tell(`${row.id} ${row.assigned_at}`, gettext("New session: {name}", { name: row.customer.name }),
    { tag: row.id, body: row.last ? inBrief(row.last.text) : "", open: row.id });
}

/** @param {ProjectState} state @param {Message} row */
function written(state, row) {
  const session = state.sessions.get(row.session);
  if (!session || !isMine(state, session) || row.direction !== "in" || row.edited_at) return;
  void tell(row.id, session.customer.name,
    { tag: row.session, body: inBrief(row.text || `[${row.kind}]`), open: row.session });
}

/** @param {string} text */
function inBrief(text) {
  const shown = [...previewText(text)];
  return shown.length > LENGTH ? `${shown.slice(0, LENGTH).join("")} …` : shown.join("");
}

/** Show it, unless another page of this browser does, or one is looked at.
 * @param {string} key of the event @param {string} title @param {Notice} notice
 * @param {boolean} [always] even if a page is looked at
 * @returns {Promise<boolean>} whether this page has shown it */
function tell(key, title, { tag, body, open }, always = false) {
  if (!isAble() || Notification.permission !== "granted") return Promise.resolve(false);
  return new Promise((resolve) => {
    const show = async (/** @type {Lock | null} */ lock) => {
      if (!lock || (!always && await isLookedAt())) return;
      await navigator.serviceWorker.register(WORKER);
      const registration = await navigator.serviceWorker.ready;
      await registration.showNotification(title, { tag, body, data: open, icon: ICON });
      if (!always && await isLookedAt()) void clear(); // since it was asked
      resolve(true);
      await new Promise((over) => setTimeout(over, TOGETHER));
    };
    void navigator.locks.request(`tgstaff.told ${key}`, { ifAvailable: true }, show)
      .catch(() => undefined).then(() => resolve(false));
  });
}

/** Pings that this page has answered. @type {Set<string>} */
const answered = new Set();

/** A test ping, or what has been answered to it so far. @param {App} app @param {Ping} ping */
export async function pinged(app, ping) {
  app.ping = ping;
  app.changed();
  const { feed } = app.sync;
  const age = Date.now() + (feed?.skew ?? 0) - Date.parse(ping.at);
  if (!feed || answered.has(ping.id) || age > LATE) return;
  answered.add(ping.id);
  const answer = { connection: feed.id, ...feed.signs() };
  const receipt = (/** @type {boolean} */ shown) =>
    post(`/pings/${ping.id}/receipt`, { ...answer, shown }).catch(() => undefined);
  void receipt(false); // at once: that it has come does not depend on what can be shown
  const title = ping.by ? gettext("Test ping from {name}", { name: ping.by }) : gettext("Test ping");
  if (ping.by) app.toast(title, "good");
  const body = gettext("What is sent reaches this browser.");
  if (await tell(`ping ${ping.id}`, title, { tag: "ping", body }, true)) await receipt(true);
}
