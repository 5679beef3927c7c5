/** The middle pane: header, messages, composer.
 *
 * @import { App, Pending } from "../app.js"
 * @import { Message, Session } from "../types.js"
 */
import { guard, html, nothing, ref, repeat } from "../../vendor/lit-3.3.3/lit.js";
import { gettext, ngettext } from "../i18n.js";
import { inOrder } from "../reducer.js";
import { day, daysAgo, since, span, time } from "../times.js";
import { avatar, icon } from "./bits.js";
import { bubble, pendingBubble, system } from "./bubble.js";
import { composer } from "./composer.js";

/** @param {App} app */
export function chat(app) {
  const session = app.session;
  if (!session) return nobody(app);
  return html`
    <main class="chat" aria-label=${session.customer.name}>
      ${head(app, session)} ${log(app, session)} ${composer(app, session)}
    </main>`;
}

/** @param {App} app */
function nobody(app) {
  return html`
    <main class="chat blank">
      ${icon("inbox")}
      <h2>${app.chatId ? gettext("Loading …") : gettext("No chat is open")}</h2>
      <p class="mute">${gettext("Choose one on the left, or press Alt+J.")}</p>
    </main>`;
}

/** @param {App} app @param {Session} session */
function head(app, session) {
  return html`
    <header class="head">
      <button class="icon-btn back" aria-label=${gettext("Back")} @click=${() => app.openChat(null)}>
        ${icon("back")}</button>
      ${avatar(session.customer.name, session.customer.id, "small")}
      <div class="grow who"><h2>${session.customer.name}</h2>
        <p class="num">${standing(app, session)}</p></div>
      ${actions(app, session)}
      <button class="icon-btn panel-btn" aria-label=${gettext("Customer")}
        aria-pressed=${app.showsSide ? "true" : "false"}
        @click=${() => { app.showsSide = !app.showsSide; app.changed(); }}>${icon("panel")}</button>
    </header>`;
}

/** @param {App} app @param {Session} session */
function standing(app, session) {
  const label = gettext("session #{number}", { number: session.number });
  if (session.state === "unassigned") {
    return `${label} · ${gettext("waits for an agent, {span}", { span: span(since(session.waiting_since ?? session.opened_at)) })}`;
  }
  if (session.state === "completed") {
    return `${label} · ${gettext("completed {time}", { time: time(session.completed_at ?? session.opened_at) })}`;
  }
  const at = time(session.assigned_at ?? session.opened_at);
  return session.owner?.id === app.project?.me.agent
    ? `${label} · ${gettext("yours since {time}", { time: at })}`
    : `${label} · ${gettext("with {name} since {time}", { name: session.owner?.name ?? "", time: at })}`;
}

/** @param {App} app @param {Session} session */
function actions(app, session) {
  const me = /** @type {import("../types.js").ProjectState} */ (app.project).me;
  const isMine = session.owner !== null && session.owner.id === me.agent;
  const mayAct = isMine || me.managing;
  if (session.state === "unassigned") {
    return [
      me.managing && me.rights.transfer ? transfer(app, gettext("Give to …")) : nothing,
      me.agent && me.rights.reply ? html`<button class="btn pri" ?disabled=${app.busy.has("claim")}
        @click=${() => app.act("claim")}>${icon("hand")}<span class="label">${gettext("Take it")}</span></button>` : nothing,
    ];
  }
  if (session.state === "completed") {
    return me.agent && me.rights.reply ? html`<button class="btn" ?disabled=${app.busy.has("reopen")}
      @click=${() => app.act("reopen")}>${icon("reopen")}<span class="label">${gettext("Reopen")}</span></button>` : nothing;
  }
  return [
    me.rights.transfer && (mayAct || me.rights.see_others) ? transfer(app, gettext("Transfer")) : nothing,
    me.rights.complete && mayAct ? html`<button class="btn pri" ?disabled=${app.busy.has("complete")}
      title="Alt+E" @click=${() => app.act("complete")}>${icon("check")}<span class="label">${gettext("Complete")}</span></button>` : nothing,
  ];
}

/** @param {App} app @param {string} label */
function transfer(app, label) {
  return html`<button class="btn quiet" title="Alt+T"
    @click=${() => { app.dialog = { kind: "transfer" }; app.changed(); }}>
    ${icon("transfer")}<span class="label">${label}</span></button>`;
}

// -------------------------------------------------------------------- messages

/** How far from the end still counts as being there. */
const NEAR = 120;
let pane = /** @type {HTMLElement | null} */ (null);
let shown = { chat: "", count: 0, height: 0, first: "" };

/** @param {App} app @param {Session} session */
function log(app, session) {
  const found = app.chat;
  if (!found) return html`<div class="log"><div class="blank"><div class="spinner"></div></div></div>`;
  const messages = inOrder(found.messages.values());
  const pending = [...app.pending.values()].filter((row) => row.session === session.id
    && !messages.some((message) => message.key === row.key));
  keepPosition(app, session.id, messages, pending.length);
  const typist = app.typists.get(session.id);
  return html`
    <div class="log" role="log" tabindex="0" aria-label=${gettext("Messages")} ${ref(hold)}
      @scroll=${(/** @type {any} */ event) => scrolled(app, event.target)}>
      ${found.more ? html`<p class="sys">${gettext("Earlier messages are loading …")}</p>` : nothing}
      ${repeat(lines(app, messages), (line) => line.key, (line) => line.draw())}
      ${pending.map((row) => pendingBubble(app, row))}
      ${typist && typist.until > Date.now()
        ? html`<p class="sys">${gettext("{name} is typing to this customer", { name: typist.name })}</p>` : nothing}
    </div>`;
}

/** @param {Element | undefined} element */
function hold(element) {
  pane = /** @type {HTMLElement | null} */ (element ?? null);
}

/** Messages with day dividers and the line above what is new.
 * @param {App} app @param {Message[]} messages
 * @returns {{key: string, draw: () => unknown}[]} */
function lines(app, messages) {
  const me = app.project?.me.agent ?? null;
  const byPlace = new Map(messages.map((row) => [row.place, row]));
  const firstNew = firstOfNew(app, messages);
  /** @type {{key: string, draw: () => unknown}[]} */
  const found = [];
  let days = NaN;
  for (const row of messages) {
    const ago = daysAgo(row.at);
    if (ago !== days) {
      days = ago;
      found.push({ key: `day ${ago}`, draw: () => html`<p class="day"><span>${day(row.at)}</span></p>` });
    }
    if (row.id === firstNew) {
      found.push({ key: "new", draw: () => html`<p class="new">${gettext("new messages")}</p>` });
    }
    const quoted = row.reply_to === null ? undefined : byPlace.get(row.reply_to);
    found.push({ key: row.id, draw: () => guard([row, quoted, app.replyTo === row.place],
      () => row.direction === "system" ? system(row, me) : bubble(app, row, quoted)) });
  }
  return found;
}

/** @param {App} app @param {Message[]} messages */
function firstOfNew(app, messages) {
  if (!app.newFrom) return null;
  const incoming = messages.filter((row) => row.direction === "in");
  return incoming[Math.max(0, incoming.length - app.newFrom)]?.id ?? null;
}

/** Stay at the end if one was there; keep what is read in place when older ones are put above it.
 * @param {App} app @param {string} chat @param {Message[]} messages @param {number} pending */
function keepPosition(app, chat, messages, pending) {
  const first = messages[0]?.id ?? "";
  const count = messages.length + pending;
  const isSame = shown.chat === chat;
  const isAtEnd = !isSame || !pane || pane.scrollHeight - pane.scrollTop - pane.clientHeight < NEAR;
  const isOlder = isSame && first !== shown.first && count > shown.count;
  const height = pane?.scrollHeight ?? 0;
  const top = pane?.scrollTop ?? 0;
  if (isSame && count === shown.count) return;
  shown = { chat, count, height, first };
  queueMicrotask(() => {
    if (!pane) return;
    if (isOlder && !isAtEnd) pane.scrollTop = top + pane.scrollHeight - height;
    else if (isAtEnd) pane.scrollTop = pane.scrollHeight;
    if (isAtEnd && document.visibilityState === "visible") void app.seen();
  });
}

/** @param {App} app @param {HTMLElement} element */
function scrolled(app, element) {
  if (element.scrollTop < 300) void app.loadOlder();
  const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
  if (isAtEnd && document.visibilityState === "visible") void app.seen();
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") pane?.dispatchEvent(new Event("scroll"));
});

/** @param {number} n */
export function partsNote(n) {
  return ngettext("leaves as {n} message", "leaves as {n} messages", n);
}
