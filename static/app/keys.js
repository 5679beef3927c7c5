/**
 * The keyboard. By the key's place and not its letter, so that Russian and Chinese layouts work.
 *
 * @import { App } from "./app.js"
 */

export const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");
/** What is held down with a letter, in words. */
export const CHORD = isMac ? "⌃⌥" : "Alt ";

/** Option types characters on a Mac, so there it takes Ctrl as well; AltGr is never Alt.
 * @param {Pick<KeyboardEvent, "altKey" | "ctrlKey" | "metaKey" | "getModifierState">} event
 * @param {boolean} [onMac] */
export function isChord(event, onMac = isMac) {
  if (!event.altKey || event.metaKey || event.getModifierState("AltGraph")) return false;
  return onMac ? event.ctrlKey : !event.ctrlKey;
}

/** @param {App} app @param {KeyboardEvent} event */
export function onKey(app, event) {
  if (event.isComposing || event.defaultPrevented || !app.project) return;
  const isDone = isChord(event) ? chord(app, event) : plain(app, event);
  if (isDone) event.preventDefault();
}

/** @param {App} app @param {KeyboardEvent} event @returns {boolean} */
function chord(app, event) {
  if (app.dialog) return false;
  switch (event.code) {
    case "KeyJ": app.openNext(1); return true;
    case "KeyK": app.openNext(-1); return true;
    case "KeyE": return complete(app, event.shiftKey);
    case "KeyT": return transfer(app);
    case "KeyL": return focus(".box textarea");
    default: return false;
  }
}

/** @param {App} app @param {boolean} goesOn */
function complete(app, goesOn) {
  if (!app.may.complete) return false;
  void (goesOn ? app.completeAndNext() : app.act("complete"));
  return true;
}

/** @param {App} app */
function transfer(app) {
  if (app.may.transfer) app.open({ kind: "transfer" });
  return app.may.transfer;
}

/** @param {App} app @param {KeyboardEvent} event @returns {boolean} */
function plain(app, event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  if (event.key === "Escape") return escape(app, target);
  if (isTyping || app.dialog || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "?") app.open({ kind: "keys" });
  else if (event.key === "/" || (event.code === "Slash" && !event.shiftKey)) return focus(".find input");
  else if (event.code === "KeyN" && !event.shiftKey) return nextUnread(app);
  else return false;
  return true;
}

/** @param {App} app */
function nextUnread(app) {
  const next = app.rows.find((row) => row.id !== app.chatId && app.unreadOf(row));
  if (next) app.openChat(next.id);
  return next !== undefined;
}

/** What is nearest closes first. @param {App} app @param {HTMLElement} target */
function escape(app, target) {
  if (app.dialog) return false; // the dialog closes itself
  if (app.filter && target.matches(".find input")) void app.search("");
  else if (app.replyTo !== null) app.replyTo = null;
  else if (/^(INPUT|TEXTAREA)$/.test(target.tagName)) target.blur();
  else if (app.showsSide) app.showsSide = false;
  else if (app.chatId) app.openChat(null);
  else return false;
  app.changed();
  return true;
}

/** @param {string} selector */
function focus(selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  found?.focus();
  return found !== null;
}
