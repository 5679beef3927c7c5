/** Rows for tests: defaults, and what differs. */

/** @param {Partial<import("../../static/app/types.js").Session>} [fields]
 * @returns {import("../../static/app/types.js").Session} */
export function session(fields = {}) {
  return {
    id: "s1", project: "p", number: 1, state: "unassigned", owner: null,
    customer: { id: "c1", name: "Carol", username: "", language: "en", blocked: false },
    opened_at: "2026-11-22T10:00:00.000Z", queued_at: "2026-11-22T10:00:00.000Z",
    waiting_since: "2026-11-22T10:00:00.000Z", assigned_at: null, completed_at: null,
    flagged: false, incoming: 1, unanswered_since: null, link: null, last: null, ...fields,
  };
}

/** @param {Partial<import("../../static/app/types.js").Message>} [fields]
 * @returns {import("../../static/app/types.js").Message} */
export function message(fields = {}) {
  return {
    id: "m1", session: "s1", number: 1, direction: "in", kind: "text", text: "hello", data: {},
    at: "2026-11-22T10:00:00.000Z", received_at: "2026-11-22T10:00:00.000Z", edited_at: null,
    versions: [], author: null, place: 1, reply_to: null, key: null, delivery: "", error: null, change: null,
    ...fields,
  };
}

/** @param {Partial<import("../../static/app/types.js").Snapshot>} [fields]
 * @returns {import("../../static/app/types.js").Snapshot} */
export function snapshot(fields = {}) {
  return {
    head: 10,
    project: { id: "p", name: "Help", state: "active", code: "", mode: "round_robin", scope: "all",
      language: "en", time_zone: "UTC", bot: null, agents: [] },
    me: { agent: "a1", managing: false,
      rights: { reply: true, transfer: true, complete: true, see_others: false } },
    presence: [], counts: { mine: 0, unassigned: 0, assigned: 0, completed: 0 },
    mine: [], unassigned: [], completed: [], reads: {}, ...fields,
  };
}

/** @param {Partial<import("../../static/app/types.js").Detail>} [fields]
 * @returns {import("../../static/app/types.js").Detail} */
export function detail(fields = {}) {
  const row = fields.session ?? session();
  return {
    head: 10, session: row, customer: { ...row.customer, first_seen_at: row.opened_at, sessions: [] },
    messages: [message()], more: false, why: null, visit: null, ...fields,
  };
}

export const LENA = { id: "a1", name: "Lena" };
export const TOM = { id: "a2", name: "Tom" };
