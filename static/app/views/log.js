/** The messages of a chat. Only a part of a long one is drawn, around what is being read.
 *
 * @import { App } from "../app.js"
 * @import { Chat, Message, Session } from "../types.js"
 */
import { guard, html, nothing, ref, repeat } from "../../vendor/lit-3.3.3/lit.js";
import { gettext, ngettext } from "../i18n.js";
import { inOrder } from "../reducer.js";
import { day, dayKey } from "../times.js";
import { icon } from "./bits.js";
import { bubble, pendingBubble, system } from "./bubble.js";

/** Lines that are drawn at first, and how many more at a time when one scrolls on. */
const FIRST = 80;
const STEP = 40;
const MOST = 200;
/** How far from an end, in pixels, still counts as being there. */
const NEAR = 120;
const FAR = 500;
/** Messages of one side closer than this stand together. */
const TOGETHER = 5 * 60_000;

/** @typedef {{key: string, row: Message | null, draw: (app: App) => unknown}} Line */

/** Which lines are drawn, by their keys: from null (the last ones) to null (the end). */
const fresh = () => ({ chat: "", from: /** @type {string | null} */ (null),
  to: /** @type {string | null} */ (null), isAtEnd: true, newAt: /** @type {string | null} */ (null) });
let view = fresh();
let pane = /** @type {HTMLElement | null} */ (null);
/** How many of one's replies were on their way when this was drawn last. */
let sent = 0;
/** Where one was in other chats. @type {Map<string, ReturnType<typeof fresh> & {top: number}>} */
const left = new Map();
/** @type {{chat: Chat | null, version: number, today: number, newAt: string | null, lines: Line[]}} */
let cached = { chat: null, version: 0, today: 0, newAt: null, lines: [] };

/** @param {App} app @param {Session} session */
export function log(app, session) {
  const chat = app.chat;
  if (!chat) return html`<div class="log"><div class="blank"><div class="spinner"></div></div></div>`;
  const isOther = view.chat !== session.id;
  if (isOther) move(session.id, app.seenBefore !== null);
  markNew(app, session, chat);
  const lines = linesOf(chat);
  const [from, to] = part(lines);
  const pending = view.to === null ? unsettled(app, session, chat) : [];
  keepPlace(app, isOther, pending.length);
  return html`
    <div class="log-box">
      <div class="log" role="log" tabindex="0" aria-label=${gettext("Messages")} ${ref(hold)}
        @scroll=${() => scrolled(app, chat)}>
        ${from > 0 || chat.more ? html`<p class="sys">${gettext("Earlier messages …")}</p>` : nothing}
        ${repeat(lines.slice(from, to), (line) => line.key, (line) => line.draw(app))}
        ${pending.map((row) => pendingBubble(app, row))}
        ${view.to === null ? typist(app, session) : nothing}
      </div>
      ${view.isAtEnd ? nothing : toEnd(app, session)}
    </div>`;
}

/** What was sent from here and is not among the messages yet. @param {App} app
 * @param {Session} session @param {Chat} chat */
function unsettled(app, session, chat) {
  const rows = app.outbox?.of(session.id) ?? [];
  if (!rows.length) return rows;
  const keys = new Set([...chat.messages.values()].map((row) => row.key));
  return rows.filter((row) => !keys.has(row.key));
}

/** @param {App} app @param {Session} session */
function typist(app, session) {
  const found = app.sync.typists.get(session.id);
  if (!found || found.until < Date.now()) return nothing;
  return html`<p class="sys">${gettext("{name} is typing to this customer", { name: found.name })}</p>`;
}

/** @param {App} app @param {Session} session */
function toEnd(app, session) {
  const unread = app.unreadOf(session);
  return html`<button class="to-end" @click=${() => goToEnd(app)}
    title=${unread ? ngettext("{n} new message", "{n} new messages", unread) : gettext("To the newest message")}>
    ${icon("down")}<span class="sr">${gettext("To the newest message")}</span>
    ${unread ? html`<b class="num">${unread}</b>` : nothing}</button>`;
}

// -------------------------------------------------------------------- lines

/** @param {Chat} chat @returns {Line[]} */
function linesOf(chat) {
  const today = new Date().getDate();
  if (cached.chat !== chat || cached.version !== chat.version || cached.today !== today
    || cached.newAt !== view.newAt) {
    const lines = build(inOrder(chat.messages.values()));
    cached = { chat, version: chat.version, today, newAt: view.newAt, lines };
  }
  return cached.lines;
}

/** Messages with day dividers and the line above what is new. @param {Message[]} messages */
function build(messages) {
  const byPlace = new Map(messages.map((row) => [row.place, row]));
  /** @type {Line[]} */
  const lines = [];
  /** @type {Message | null} */
  let before = null;
  let today = NaN;
  for (const row of messages) {
    const isNewDay = today !== dayKey(row.at);
    today = dayKey(row.at);
    if (isNewDay) lines.push(divider(`day ${row.id}`, () => html`<p class="day"><span>${day(row.at)}</span></p>`));
    if (row.id === view.newAt) lines.push(divider("new", () => html`<p class="new" id="new">${gettext("new messages")}</p>`));
    const isJoined = !isNewDay && row.id !== view.newAt && before !== null && belongTogether(before, row);
    lines.push(message(row, row.reply_to === null ? undefined : byPlace.get(row.reply_to), isJoined));
    before = row;
  }
  return lines;
}

/** @param {string} key @param {() => unknown} draw @returns {Line} */
function divider(key, draw) {
  return { key, row: null, draw };
}

/** @param {Message} row @param {Message | undefined} quoted @param {boolean} isJoined @returns {Line} */
function message(row, quoted, isJoined) {
  const draw = (/** @type {App} */ app) => guard([row, quoted, isJoined, app.project?.me.agent, app.may.change],
    () => row.direction === "system" ? system(app, row) : bubble(app, row, quoted, isJoined));
  return { key: row.id, row, draw };
}

/** @param {Message} a @param {Message} b */
function belongTogether(a, b) {
  return a.direction === b.direction && b.direction !== "system" && a.author?.id === b.author?.id
    && Math.abs(Date.parse(b.at) - Date.parse(a.at)) < TOGETHER;
}

/** The first of the customer's messages that had not been seen when the chat was opened, or that
 * came while nobody looked. @param {App} app @param {Session} session @param {Chat} chat */
function markNew(app, session, chat) {
  if (app.seenBefore === null) view.newAt = null;
  const unseen = app.seenBefore === null ? 0 : session.incoming - app.seenBefore;
  if (view.newAt || unseen <= 0) return;
  const incoming = inOrder(chat.messages.values()).filter((row) => row.direction === "in");
  view.newAt = incoming[Math.max(0, incoming.length - unseen)]?.id ?? null;
}

// -------------------------------------------------------------------- which part is drawn

/** @param {string} chat @param {boolean} hasNew */
function move(chat, hasNew) {
  if (view.chat && pane && !view.isAtEnd) left.set(view.chat, { ...view, newAt: null, top: pane.scrollTop });
  else left.delete(view.chat);
  const known = hasNew ? undefined : left.get(chat);
  view = known ? { ...known } : { ...fresh(), chat };
}

/** The indexes of the lines that are drawn. @param {Line[]} lines */
function part(lines) {
  const to = view.to === null ? lines.length : indexOf(lines, view.to, lines.length - 1) + 1;
  if (view.from !== null) {
    const from = indexOf(lines, view.from, 0);
    return [lines.findIndex((line) => line.row) === from ? 0 : from, to];
  }
  const fromNew = view.newAt ? indexOf(lines, "new", lines.length) - STEP / 2 : lines.length;
  return [Math.max(0, Math.min(lines.length - FIRST, fromNew)), to];
}

/** The key of the first message from there on: a divider may move when older messages come.
 * @param {Line[]} lines @param {number} at */
function keyAt(lines, at) {
  return lines.find((line, index) => index >= at && line.row)?.key ?? null;
}

/** @param {Line[]} lines @param {string} key @param {number} otherwise */
function indexOf(lines, key, otherwise) {
  const at = lines.findIndex((line) => line.key === key);
  return at < 0 ? otherwise : at;
}

/** Draw more where one is scrolling to, and less where one comes from.
 * @param {App} app @param {Chat} chat */
function scrolled(app, chat) {
  if (!pane) return;
  const below = pane.scrollHeight - pane.scrollTop - pane.clientHeight;
  const lines = linesOf(chat);
  const [from, to] = part(lines);
  const wasAtEnd = view.isAtEnd;
  view.isAtEnd = view.to === null && below < NEAR;
  // While one reads further up, what is drawn does not move on with what comes.
  view.from = view.isAtEnd && to - from < FIRST + STEP ? null : view.from ?? keyAt(lines, from);
  if (pane.scrollTop < FAR) up(app, lines, from, to, chat.more);
  else if (below < FAR && view.to !== null) down(app, lines, from, to);
  if (view.isAtEnd) look(app);
  if (view.isAtEnd !== wasAtEnd) app.changed();
}

/** @param {App} app @param {Line[]} lines @param {number} from @param {number} to
 * @param {boolean} hasMore */
function up(app, lines, from, to, hasMore) {
  if (from === 0) {
    if (hasMore) void app.older().then((isDone) => isDone && pane?.dispatchEvent(new Event("scroll")));
    return;
  }
  const first = Math.max(0, from - STEP);
  view.from = keyAt(lines, first);
  if (to - first > MOST) view.to = lines[first + MOST - 1].key;
  app.changed();
}

/** @param {App} app @param {Line[]} lines @param {number} from @param {number} to */
function down(app, lines, from, to) {
  const last = Math.min(lines.length, to + STEP);
  view.to = last === lines.length ? null : lines[last - 1].key;
  if (last - from > MOST) view.from = keyAt(lines, last - MOST);
  app.changed();
}

/** @param {App} app */
function goToEnd(app) {
  Object.assign(view, { from: null, to: null, isAtEnd: true });
  app.changed();
  queueMicrotask(() => pane && (pane.scrollTop = pane.scrollHeight));
}

/** Bring a message into view, if it is drawn. @param {number} place */
export function goToPlace(place) {
  const found = pane?.querySelector(`[data-place="${place}"]`);
  found?.scrollIntoView({ block: "center", behavior: "smooth" });
  found?.animate?.([{ outline: "3px solid var(--accent)" }, { outline: "3px solid transparent" }], 1600);
}

// -------------------------------------------------------------------- where one is

/** @param {Element | undefined} element */
function hold(element) {
  if (element === pane) return;
  if (pane) sizes.unobserve(pane);
  pane = /** @type {HTMLElement | null} */ (element ?? null);
  if (pane) sizes.observe(pane);
}

/** The composer grows, a keyboard opens: the newest message stays in view. */
const sizes = new ResizeObserver(() => pane && view.isAtEnd && (pane.scrollTop = pane.scrollHeight));

/** What is being read stays where it is, whatever is drawn above or below it; at the end one stays
 * at the end. Called before a drawing; the rest is done after it.
 * @param {App} app @param {boolean} isOther @param {number} pending */
function keepPlace(app, isOther, pending) {
  const anchor = isOther || view.isAtEnd ? null : firstInView();
  const offset = anchor ? anchor.offsetTop - /** @type {HTMLElement} */ (pane).scrollTop : 0;
  const hasSent = pending > sent;
  sent = pending;
  queueMicrotask(() => {
    if (!pane) return;
    if (isOther) arrive();
    else if (view.isAtEnd || hasSent) pane.scrollTop = pane.scrollHeight;
    else if (anchor?.isConnected) pane.scrollTop = anchor.offsetTop - offset;
    if (view.isAtEnd) look(app);
  });
}

/** Where a chat begins that is opened: where one has left it, at what is new, or at its end. */
function arrive() {
  if (!pane) return;
  const known = left.get(view.chat);
  const mark = /** @type {HTMLElement | null} */ (pane.querySelector("#new"));
  pane.scrollTop = known && !view.newAt ? known.top
    : mark ? mark.offsetTop - pane.clientHeight / 3 : pane.scrollHeight;
  view.isAtEnd = view.to === null && pane.scrollHeight - pane.scrollTop - pane.clientHeight < NEAR;
}

/** @returns {HTMLElement | null} */
function firstInView() {
  if (!pane) return null;
  const top = pane.scrollTop;
  const found = [...pane.children].find((one) => {
    const { offsetTop, offsetHeight } = /** @type {HTMLElement} */ (one);
    return offsetTop + offsetHeight > top && one.classList.contains("b");
  });
  return /** @type {HTMLElement | null} */ (found ?? null);
}

/** The newest message is in view of somebody. @param {App} app */
function look(app) {
  if (document.visibilityState === "visible") void app.seen();
}

document.addEventListener("visibilitychange", () => pane?.dispatchEvent(new Event("scroll")));
