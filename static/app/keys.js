/**
 * The keyboard. By the key's place and not its letter, so that Russian and Chinese layouts work.
 *
 * @import { App } from "./app.js"
 */

const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

/** Option types characters on a Mac, so there it takes Ctrl as well; AltGr is never Alt.
 * @param {KeyboardEvent} event */
function isChord(event) {
  if (!event.altKey || event.metaKey || event.getModifierState("AltGraph")) return false;
  return isMac ? event.ctrlKey : !event.ctrlKey;
}

/** @param {App} app @param {KeyboardEvent} event */
export function onKey(app, event) {
  if (event.isComposing || event.defaultPrevented) return;
  const done = isChord(event) ? chord(app, event) : plain(app, event);
  if (done) event.preventDefault();
}

/** @param {App} app @param {KeyboardEvent} event @returns {boolean} */
function chord(app, event) {
  switch (event.code) {
    case "KeyJ": app.openNext(1); return true;
    case "KeyK": app.openNext(-1); return true;
    case "KeyE":
      if (app.session?.state === "completed") return false;
      void (event.shiftKey ? app.completeAndNext() : app.act("complete"));
      return true;
    case "KeyT":
      if (app.session?.state === "assigned") app.dialog = { kind: "transfer" };
      app.changed();
      return true;
    case "KeyL":
      focus("textarea");
      return true;
    default: return false;
  }
}

/** @param {App} app @param {KeyboardEvent} event @returns {boolean} */
function plain(app, event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  if (event.key === "Escape") return escape(app, target);
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "?") {
    app.dialog = { kind: "keys" };
    app.changed();
    return true;
  }
  if (event.code === "Slash" && !event.shiftKey) return focus("input[type=search]");
  if (event.code === "KeyN" && !event.shiftKey) {
    const next = app.rows.find((row) => row.id !== app.chatId && app.unreadOf(row));
    if (next) app.openChat(next.id);
    return Boolean(next);
  }
  return false;
}

/** @param {App} app @param {HTMLElement} target */
function escape(app, target) {
  if (app.dialog) app.dialog = null;
  else if (app.replyTo !== null) app.replyTo = null;
  else if (/^(INPUT|TEXTAREA)$/.test(target.tagName)) target.blur();
  else app.chatId = null;
  app.changed();
  return true;
}

/** @param {string} selector */
function focus(selector) {
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus();
  return true;
}
