/**
 * What a project's page knows: a snapshot, and the events since.
 *
 * The property that everything rests on: old snapshot + events = fresh snapshot. Nothing here
 * touches the network or the document. States are changed in place.
 *
 * Rows come by events and by answers, in any order; each is kept with the number it is known at, so
 * that none ever goes back in time.
 *
 * @import { Chat, Customer, Detail, Envelope, Mark, Message, Page, Project, ProjectState, Session,
 *   Snapshot, State, Tab } from "./types.js"
 */

export const WINDOW = { unassigned: 50, completed: 30, page: 50 };
/** Message events kept, for answers that were on their way while they came. */
const RECENT = 2000;

/** A state no number of which has been seen; lists are not loaded beyond the snapshot's.
 * @param {Snapshot} snapshot
 * @returns {ProjectState} */
export function fromSnapshot(snapshot) {
  /** @type {ProjectState} */
  const state = {
    head: snapshot.head,
    project: snapshot.project,
    me: snapshot.me,
    presence: new Map(snapshot.presence.map((row) => [row.agent, row])),
    counts: { ...snapshot.counts },
    sessions: new Map(),
    known: new Map(),
    recent: [],
    since: snapshot.head,
    reads: new Map(Object.entries(snapshot.reads)),
    chats: new Map(),
    ends: {
      unassigned: endOf("unassigned", snapshot.unassigned, WINDOW.unassigned),
      completed: endOf("completed", snapshot.completed, WINDOW.completed),
      all: ["", Infinity],
    },
  };
  for (const row of [...snapshot.mine, ...snapshot.unassigned, ...snapshot.completed]) {
    state.sessions.set(row.id, row);
    state.known.set(row.id, snapshot.head);
  }
  return state;
}

/** The one door of session rows; null: it is out of sight. @param {ProjectState} state
 * @param {string} id @param {Session | null} row @param {number} n what it is known at */
function hold(state, id, row, n) {
  if (n < (state.known.get(id) ?? -1)) return;
  const before = state.sessions.get(id);
  if (before && isMine(state, before)) state.counts.mine -= 1;
  if (row && isMine(state, row)) state.counts.mine += 1;
  state.known.set(id, n);
  if (row) {
    state.sessions.set(id, row);
  } else {
    state.sessions.delete(id);
    state.chats.delete(id);
  }
}

/** @param {"unassigned" | "all" | "completed"} tab @param {Session[]} rows @param {number} full
 * @returns {Mark | null} */
function endOf(tab, rows, full) {
  return rows.length < full ? null : markOf(tab, rows[rows.length - 1]);
}

/** Where a session stands in a list. @param {Tab} tab @param {Session} row @returns {Mark} */
function markOf(tab, row) {
  if (tab === "unassigned") return [row.queued_at, row.number];
  if (tab === "completed") return [row.completed_at ?? "", row.number];
  return ["", row.number];
}

/** @param {Mark} a @param {Mark} b */
function compareMarks(a, b) {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] - b[1];
}

/** The waiting line and one's own sessions: oldest first; the rest newest first. @param {Tab} tab */
function directionOf(tab) {
  return tab === "unassigned" || tab === "mine" ? 1 : -1;
}

/** The next rows of a list. @param {ProjectState} state
 * @param {"unassigned" | "all" | "completed"} tab @param {Page} page */
export function addPage(state, tab, page) {
  for (const row of page.sessions) hold(state, row.id, row, page.head);
  state.ends[tab] = endOf(tab, page.sessions, WINDOW.page);
}

/** The rows of a list that are loaded without a hole, in its order.
 * @param {ProjectState} state @param {Tab} tab @returns {Session[]} */
export function listOf(state, tab) {
  const direction = directionOf(tab);
  const end = tab === "mine" ? null : state.ends[tab];
  const rows = [...state.sessions.values()].filter((row) => {
    if (!belongs(state, tab, row)) return false;
    return end === null || direction * compareMarks(markOf(tab, row), end) <= 0;
  });
  return rows.sort((a, b) => direction * compareMarks(markOf(tab, a), markOf(tab, b)));
}

/** A list as it is shown: one's own by what was written last, the others as above; filtered.
 * @param {ProjectState} state @param {Tab} tab @param {string} filter @returns {Session[]} */
export function rowsOf(state, tab, filter) {
  const rows = listOf(state, tab);
  if (tab === "mine") rows.sort((a, b) => lastAt(b).localeCompare(lastAt(a)));
  const words = filter.trim().toLocaleLowerCase();
  return words ? rows.filter((row) => matches(row, words)) : rows;
}

/** @param {Session} row */
function lastAt(row) {
  return row.last?.at ?? row.opened_at;
}

/** @param {Session} row @param {string} words */
function matches(row, words) {
  const { name, username } = row.customer;
  const text = `${name} @${username} #${row.number} ${row.last?.text ?? ""} ${row.owner?.name ?? ""}`;
  return text.toLocaleLowerCase().includes(words);
}

/** Whether any of a list has been loaded. @param {ProjectState} state @param {Tab} tab */
export function isBegun(state, tab) {
  return tab === "mine" || state.ends[tab]?.[1] !== Infinity;
}

/** @param {ProjectState} state @param {Tab} tab @param {Session} row */
function belongs(state, tab, row) {
  if (tab === "mine") return isMine(state, row);
  if (tab === "all") return row.state === "assigned";
  return row.state === tab;
}

/** @param {ProjectState} state @param {Session} row */
export function isMine(state, row) {
  return row.state === "assigned" && row.owner !== null && row.owner.id === state.me.agent;
}

const NOTHING = { reply: false, claim: false, takeOver: false, transfer: false, complete: false,
  reopen: false, change: false };

/** What one may do with a session: nothing is offered that the server would refuse anyway.
 * @param {ProjectState | null} project @param {Session | null} session */
export function mayDo(project, session) {
  if (!project || !session) return NOTHING;
  const { agent, managing, rights } = project.me;
  const answers = agent !== null && rights.reply;
  const owns = isMine(project, session);
  const isOpen = session.state !== "completed";
  return {
    reply: answers && (owns || session.state === "unassigned"),
    claim: answers && session.state === "unassigned",
    takeOver: answers && rights.transfer && session.state === "assigned" && !owns,
    transfer: rights.transfer && isOpen && (managing || owns),
    complete: rights.complete && isOpen && (managing || owns),
    reopen: answers && !isOpen,
    change: managing || (answers && owns),
  };
}

/** How many of the customer's messages one has not seen. @param {ProjectState} state
 * @param {Session} row */
export function unreadOf(state, row) {
  return Math.max(0, row.incoming - (state.reads.get(row.id) ?? 0));
}

/** Take the answer to a POST in: it may know more than the feed has brought.
 * @param {ProjectState} state @param {string} id
 * @param {{head: number, session?: Session | null, message?: Message}} answer */
export function addAnswer(state, id, { head, session, message }) {
  if (session !== undefined) hold(state, id, session, head);
  const chat = state.chats.get(id);
  if (!chat || !message || head <= state.head) return;
  chat.messages.set(message.id, message);
  chat.version += 1;
}

/** Hold a chat that was fetched; `isOlder`: add a page before what is held.
 *
 * What came by events while the answer was on its way is applied to it. False if some of that is
 * no longer there: fetch it again.
 * @param {ProjectState} state @param {Detail} detail @param {boolean} [isOlder]
 * @returns {boolean} */
export function addDetail(state, detail, isOlder = false) {
  const id = detail.session.id;
  const missed = missedBy(state, detail);
  if (missed === null) return false;
  hold(state, id, detail.session, detail.head);
  if (!state.sessions.has(id)) return true; // it has left one's sight meanwhile
  const chat = state.chats.get(id);
  if (!chat) state.chats.set(id, opened(detail));
  else if (isOlder) addOlder(chat, detail);
  else Object.assign(chat, { customer: detail.customer, why: detail.why, visit: detail.visit });
  for (const { row, n } of missed) changeMessage(state, row, n);
  return true;
}

/** The events on a chat's messages after an answer; null if not all of them are kept.
 * @param {ProjectState} state @param {Detail} detail */
function missedBy(state, { head, session }) {
  if (head < state.since) return null;
  return state.recent.filter(({ row, n }) => row.session === session.id && n > head);
}

/** @param {Detail} detail @returns {Chat} */
function opened({ head, messages, more, customer, why, visit }) {
  return { head, more, customer, why, visit, first: messages[0]?.number ?? 0, version: 0,
    messages: new Map(messages.map((row) => [row.id, row])) };
}

/** What is held is newer than what comes. @param {Chat} chat @param {Detail} detail */
function addOlder(chat, { messages, more }) {
  for (const row of messages) if (!chat.messages.has(row.id)) chat.messages.set(row.id, row);
  chat.first = Math.min(chat.first, messages[0]?.number ?? chat.first);
  chat.more = more;
  chat.version += 1;
}

/** Apply one event; false if its number was known.
 * @param {ProjectState} state @param {Envelope} event @returns {boolean} */
export function applyEvent(state, event) {
  if (event.n <= state.head) return false;
  state.head = event.n;
  KINDS[event.kind]?.(state, event.data, event.n);
  return true;
}

/** @type {Record<string, (state: ProjectState, data: any, n: number) => void>} */
const KINDS = {
  "session.changed": changeSession,
  "session.gone": loseSession,
  "message.changed": noteMessage,
  "customer.changed": changeCustomer,
  "presence.changed": (state, row) => state.presence.set(row.agent, row),
  "project.changed": changeProject,
  "read.changed": (state, row) => state.reads.set(row.session, row.seen),
};

/** @param {ProjectState} state @param {Session & {was: State | null}} data @param {number} n */
function changeSession(state, data, n) {
  const { was, ...row } = data;
  if (was) state.counts[was] -= 1;
  state.counts[row.state] += 1;
  hold(state, row.id, row, n);
}

/** @param {ProjectState} state @param {{id: string, was: State | null, erased?: boolean}} data
 * @param {number} n */
function loseSession(state, { id, was, erased }, n) {
  if (was) state.counts[was] -= 1;
  hold(state, id, null, n);
  if (erased) forget(state, id);
}

/** What was written there is gone for good. @param {ProjectState} state @param {string} id */
function forget(state, id) {
  state.recent = state.recent.filter(({ row }) => row.session !== id);
  state.reads.delete(id);
}

/** Messages before the oldest that is loaded would leave a hole: they come with their page.
 * @param {ProjectState} state @param {Message} row @param {number} n */
function changeMessage(state, row, n) {
  const chat = state.chats.get(row.session);
  if (!chat || n <= chat.head || (chat.more && row.number < chat.first)) return;
  chat.messages.set(row.id, row);
  chat.version += 1;
}

/** @param {ProjectState} state @param {Message} row @param {number} n */
function noteMessage(state, row, n) {
  state.recent.push({ row, n });
  if (state.recent.length > RECENT) {
    state.since = /** @type {{n: number}} */ (state.recent.splice(0, RECENT / 2).at(-1)).n;
  }
  changeMessage(state, row, n);
}

/** @param {ProjectState} state @param {Customer} row @param {number} n */
function changeCustomer(state, row, n) {
  for (const [id, session] of state.sessions) {
    if (session.customer.id === row.id) hold(state, id, { ...session, customer: row }, n);
  }
  for (const chat of state.chats.values()) {
    if (chat.customer.id === row.id) chat.customer = { ...chat.customer, ...row };
  }
}

/** Agents who have left the team have no presence there any more.
 * @param {ProjectState} state @param {Project} row */
function changeProject(state, row) {
  state.project = row;
  const team = new Set(row.agents.map((agent) => agent.id));
  for (const agent of state.presence.keys()) if (!team.has(agent)) state.presence.delete(agent);
}

/**
 * A chat in the order it is read: by Telegram's place where there is one; what has none stands after
 * everything that had arrived before it.
 * @param {Iterable<Message>} messages
 * @returns {Message[]}
 */
export function inOrder(messages) {
  const arrived = [...messages].sort((a, b) => a.number - b.number);
  let reached = -Infinity;
  const keyed = arrived.map((row) => {
    reached = Math.max(reached, row.place ?? -Infinity);
    return { row, place: row.place ?? reached, isBehind: row.place === null ? 1 : 0 };
  });
  keyed.sort((a, b) => compare(a.place, b.place) || a.isBehind - b.isBehind || a.row.number - b.row.number);
  return keyed.map(({ row }) => row);
}

/** @param {number} a @param {number} b */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
