/**
 * What a project's page knows: a snapshot, and the events since.
 *
 * The property that everything rests on: old snapshot + events = fresh snapshot. Nothing here
 * touches the network or the document. States are changed in place.
 *
 * @import { Chat, Counts, Detail, Envelope, Mark, Message, ProjectState, Session, Snapshot, State,
 *   Tab } from "./types.js"
 */

export const WINDOW = { unassigned: 50, completed: 30, page: 50 };

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
  }
  return state;
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
 * @param {"unassigned" | "all" | "completed"} tab @param {Session[]} rows */
export function addPage(state, tab, rows) {
  for (const row of rows) if (!state.sessions.has(row.id)) state.sessions.set(row.id, row);
  state.ends[tab] = endOf(tab, rows, WINDOW.page);
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

/** How many of the customer's messages one has not seen. @param {ProjectState} state
 * @param {Session} row */
export function unreadOf(state, row) {
  return Math.max(0, row.incoming - (state.reads.get(row.id) ?? 0));
}

/** Take an answer to a POST in: it may know more than the feed has brought.
 * @param {ProjectState} state @param {number} head @param {Message | undefined} message */
export function addMessage(state, head, message) {
  const chat = message && state.chats.get(message.session);
  if (chat && head >= chat.head) chat.messages.set(message.id, message);
}

/** Hold a chat that was fetched. Older pages are added to what is held.
 * @param {ProjectState} state @param {Detail} detail */
export function addDetail(state, detail) {
  const id = detail.session.id;
  const known = state.chats.get(id);
  /** @type {Map<string, Message>} */
  const messages = new Map(detail.messages.map((row) => [row.id, row]));
  for (const [key, row] of known?.messages ?? []) {
    if (!messages.has(key) || /** @type {Chat} */ (known).head > detail.head) messages.set(key, row);
  }
  const isOlder = known !== undefined && known.head > detail.head;
  state.chats.set(id, {
    head: isOlder ? known.head : detail.head,
    messages,
    more: known && !isOldest(detail.messages, known) ? known.more : detail.more,
    customer: detail.customer,
    why: detail.why,
  });
  if (!state.sessions.has(id) || detail.head >= state.head) state.sessions.set(id, detail.session);
}

/** Whether a page of messages reaches further back than what is held.
 * @param {Message[]} page @param {Chat} chat */
function isOldest(page, chat) {
  const first = page[0]?.number ?? 0;
  return [...chat.messages.values()].every((row) => row.number >= first);
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
  "message.changed": changeMessage,
  "customer.changed": changeCustomer,
  "presence.changed": (state, row) => state.presence.set(row.agent, row),
  "project.changed": changeProject,
  "read.changed": (state, row) => state.reads.set(row.session, row.seen),
};

/** @param {ProjectState} state @param {Session & {was: State | null}} data */
function changeSession(state, data) {
  const { was, ...row } = data;
  if (was) count(state.counts, was, -1);
  count(state.counts, row.state, +1);
  const known = state.sessions.get(row.id);
  if (known && isMine(state, known)) state.counts.mine -= 1;
  if (isMine(state, row)) state.counts.mine += 1;
  state.sessions.set(row.id, row);
}

/** @param {ProjectState} state @param {{id: string, was: State | null}} data */
function loseSession(state, { id, was }) {
  if (was) count(state.counts, was, -1);
  const known = state.sessions.get(id);
  if (known && isMine(state, known)) state.counts.mine -= 1;
  state.sessions.delete(id);
  state.chats.delete(id);
}

/** @param {Counts} counts @param {State} state @param {number} by */
function count(counts, state, by) {
  counts[state] += by;
}

/** @param {ProjectState} state @param {Message} row @param {number} n */
function changeMessage(state, row, n) {
  const chat = state.chats.get(row.session);
  if (!chat || n <= chat.head) return;
  chat.head = n;
  chat.messages.set(row.id, row);
}

/** @param {ProjectState} state @param {import("./types.js").Customer} row */
function changeCustomer(state, row) {
  for (const [id, session] of state.sessions) {
    if (session.customer.id === row.id) state.sessions.set(id, { ...session, customer: row });
  }
  for (const chat of state.chats.values()) {
    if (chat.customer.id === row.id) chat.customer = { ...chat.customer, ...row };
  }
}

/** Agents who have left the team have no presence there any more.
 * @param {ProjectState} state @param {import("./types.js").Project} row */
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
