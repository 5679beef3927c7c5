import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { addDetail, applyEvent, fromSnapshot, inOrder, listOf } from "../../static/app/reducer.js";

const folder = new URL("fixtures/", import.meta.url);
const feeds = readdirSync(folder).filter((name) => name.endsWith(".json"));

/** @param {string} name */
function recorded(name) {
  return JSON.parse(readFileSync(new URL(name, folder), "utf8"));
}

test("there are recorded feeds", () => assert.ok(feeds.length > 0));

for (const name of feeds) {
  test(`${name}: old snapshot + events = fresh snapshot`, () => {
    const { snapshot, events, expected } = recorded(name);
    const state = fromSnapshot(snapshot);
    for (const event of events) applyEvent(state, event);
    assertEqual(state, expected);
  });

  test(`${name}: events that come twice change nothing`, () => {
    const { snapshot, events, expected } = recorded(name);
    const state = fromSnapshot(snapshot);
    for (const event of events) {
      applyEvent(state, event);
      for (const again of events.filter((/** @type {any} */ one) => one.n <= event.n)) applyEvent(state, again);
    }
    assertEqual(state, expected);
  });

  test(`${name}: an answer may come in the middle, with rows that are ahead`, () => {
    const { snapshot, events, expected } = recorded(name);
    const state = fromSnapshot(snapshot);
    const fresh = fromSnapshot(expected);
    for (const event of events) {
      applyEvent(state, event);
      const row = fresh.sessions.get(event.data.id);
      if (event.kind === "session.changed" && row) {
        const customer = { ...row.customer, first_seen_at: row.opened_at, sessions: [] };
        addDetail(state, { head: expected.head, session: row, customer, messages: [], more: false, why: null, visit: null });
      }
    }
    assertEqual(state, expected);
  });
}

test("a recorded chat ends as a fresh fetch would show it", () => {
  const chats = feeds.map(recorded).filter((feed) => feed.chat);
  assert.ok(chats.length > 0);
  for (const { snapshot, events, chat } of chats) {
    const state = fromSnapshot(snapshot);
    addDetail(state, chat.detail);
    for (const event of events) applyEvent(state, event);
    const held = state.chats.get(chat.detail.session.id);
    assert.ok(held);
    assert.deepEqual(inOrder(held.messages.values()), inOrder(chat.expected.messages));
    assert.deepEqual(state.sessions.get(chat.detail.session.id), chat.expected.session);
  }
});

/** Equal over what is loaded: lists may be shorter at their far end, never otherwise different.
 * @param {import("../../static/app/types.js").ProjectState} state
 * @param {import("../../static/app/types.js").Snapshot} expected */
function assertEqual(state, expected) {
  assert.ok(state.head <= expected.head); // the last events may be such as one may not see
  assert.deepEqual(state.counts, expected.counts);
  assert.deepEqual(state.project, expected.project);
  assert.deepEqual(new Map(state.presence), new Map(expected.presence.map((row) => [row.agent, row])));
  assert.deepEqual(byNumber(listOf(state, "mine")), byNumber(expected.mine));
  assertPrefix(listOf(state, "unassigned"), expected.unassigned, state.ends.unassigned === null);
  assertPrefix(listOf(state, "completed"), expected.completed, state.ends.completed === null);
  for (const [session, seen] of Object.entries(expected.reads)) assert.equal(state.reads.get(session), seen);
}

/** @param {import("../../static/app/types.js").Session[]} rows */
function byNumber(rows) {
  return [...rows].sort((a, b) => a.number - b.number);
}

/** @param {unknown[]} held @param {unknown[]} fresh @param {boolean} isWhole */
function assertPrefix(held, fresh, isWhole) {
  const length = Math.min(held.length, fresh.length);
  assert.deepEqual(held.slice(0, length), fresh.slice(0, length));
  if (isWhole) assert.ok(held.length >= fresh.length, "the list is loaded whole");
}
