/**
 * What an event means for the page beyond its rows.
 *
 * @import { App } from "./app.js"
 * @import { Envelope, Message, ProjectState, Session } from "./types.js"
 */
import { gettext } from "./i18n.js";
import { isMine } from "./reducer.js";

/** @param {App} app @param {ProjectState} state @param {Envelope} event */
export function notice(app, state, { kind, data }) {
  if (kind === "message.changed") {
    if (data.key) app.outbox?.settle(data.key);
    if (data.direction === "in") incoming(app, state, data);
  } else if (kind === "session.gone" && data.erased) {
    erased(app, data.id);
  } else if (data.id !== app.chatId) {
    if (kind === "session.changed") openFirst(app, state, data);
  } else if (kind === "session.gone") {
    gone(app, data.id);
  } else if (kind === "session.changed" && (data.was !== data.state || isVisitLate(state, data))) {
    void app.sync.fetchChat(data.id); // why it is where it is, and from where it came
  }
}

/** A click may be known later than its START. @param {ProjectState} state @param {Session} row */
function isVisitLate(state, row) {
  return !!row.link && state.chats.get(row.id)?.visit === null;
}

/** What comes while nobody looks is marked as new. @param {App} app @param {ProjectState} state
 * @param {Message} row */
function incoming(app, state, row) {
  app.sync.typists.delete(row.session);
  const isLookedAt = document.visibilityState === "visible" || row.session !== app.chatId;
  if (!isLookedAt && state.me.agent) app.seenBefore ??= state.reads.get(row.session) ?? 0;
}

/** The first session that comes to somebody who has none open is opened for him.
 * @param {App} app @param {ProjectState} state @param {Session & {was: string | null}} row */
function openFirst(app, state, row) {
  const isFree = !app.chatId && app.tab === "mine" && state.project.id === app.projectId;
  const isWide = matchMedia("(min-width: 901px)").matches;
  if (isFree && isWide && row.was !== "assigned" && isMine(state, row)) app.openChat(row.id);
}

/** Nothing of it stays in this browser. @param {App} app @param {string} id */
function erased(app, id) {
  app.drafts?.keep(id, "");
  app.outbox?.forget(id);
  if (id !== app.chatId) return;
  app.toast(gettext("This customer was erased, with all that was written."));
  app.open(null);
  app.openChat(null);
}

/** @param {App} app @param {string} id */
function gone(app, id) {
  app.toast(app.drafts?.of(id)
    ? gettext("That session went to somebody else. Your draft is kept.")
    : gettext("That session went to somebody else."));
  app.openChat(null);
}
