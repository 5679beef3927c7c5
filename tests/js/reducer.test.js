import assert from "node:assert/strict";
import { test } from "node:test";

import {
  addAnswer, addDetail, addPage, applyEvent, fromSnapshot, inOrder, listOf, mayDo, rowsOf, unreadOf,
} from "../../static/app/reducer.js";
import { detail, LENA, message, session, snapshot, TOM } from "./rows.js";

/** @param {import("../../static/app/types.js").ProjectState} state @param {number} n
 * @param {string} kind @param {any} data */
function event(state, n, kind, data) {
  return applyEvent(state, { n, kind, at: "2026-11-22T10:00:00.000Z", data });
}

/** @param {import("../../static/app/types.js").ProjectState} state */
function chatOf(state) {
  return /** @type {import("../../static/app/types.js").Chat} */ (state.chats.get("s1"));
}

test("it ignores a number it has", () => {
  const state = fromSnapshot(snapshot());
  assert.equal(event(state, 10, "session.changed", { ...session(), was: null }), false);
  assert.equal(event(state, 11, "session.changed", { ...session(), was: null }), true);
  assert.equal(event(state, 11, "session.changed", { ...session(), was: null }), false);
  assert.equal(state.counts.unassigned, 1);
});

test("counts follow a session from opening to completion", () => {
  const state = fromSnapshot(snapshot());
  event(state, 11, "session.changed", { ...session(), was: null });
  event(state, 12, "session.changed", { ...session({ state: "assigned", owner: LENA }), was: "unassigned" });
  assert.deepEqual(state.counts, { mine: 1, unassigned: 0, assigned: 1, completed: 0 });
  const done = session({ state: "completed", owner: LENA, completed_at: "2026-11-22T11:00:00.000Z" });
  event(state, 13, "session.changed", { ...done, was: "assigned" });
  assert.deepEqual(state.counts, { mine: 0, unassigned: 0, assigned: 0, completed: 1 });
});

test("a session that goes to somebody else leaves the page with its chat", () => {
  const mine = session({ state: "assigned", owner: LENA });
  const state = fromSnapshot(snapshot({ mine: [mine], counts: { mine: 1, unassigned: 0, assigned: 1, completed: 0 } }));
  addDetail(state, detail({ session: mine }));
  event(state, 11, "session.gone", { id: "s1", was: "assigned" });
  assert.equal(state.sessions.has("s1"), false);
  assert.equal(state.chats.has("s1"), false);
  assert.deepEqual(state.counts, { mine: 0, unassigned: 0, assigned: 0, completed: 0 });
});

test("nothing that was written stays of a session whose customer is erased", () => {
  const mine = session({ state: "assigned", owner: LENA });
  const state = fromSnapshot(snapshot({ mine: [mine], counts: { mine: 1, unassigned: 0, assigned: 1, completed: 0 } }));
  addDetail(state, detail({ session: mine }));
  event(state, 11, "message.changed", message({ session: "s1" }));
  event(state, 12, "session.gone", { id: "s1", was: "assigned", erased: true });
  assert.equal(state.sessions.has("s1"), false);
  assert.equal(state.chats.has("s1"), false);
  assert.deepEqual(state.recent, []);
  addDetail(state, detail({ session: mine })); // asked for before, answered after
  assert.equal(state.chats.has("s1"), false);
  assert.deepEqual(state.counts, { mine: 0, unassigned: 0, assigned: 0, completed: 0 });
});

test("a session that comes newly into sight adds to the counts", () => {
  const state = fromSnapshot(snapshot());
  event(state, 11, "session.changed", { ...session({ state: "assigned", owner: LENA }), was: null });
  assert.deepEqual(state.counts, { mine: 1, unassigned: 0, assigned: 1, completed: 0 });
});

test("a newcomer beyond the loaded part of the line leaves no hole in the list", () => {
  const waiting = Array.from({ length: 50 }, (_, n) =>
    session({ id: `w${n}`, number: n + 1, queued_at: `2026-11-22T10:00:${String(n).padStart(2, "0")}.000Z` }));
  const state = fromSnapshot(snapshot({ unassigned: waiting, counts: { mine: 0, unassigned: 500, assigned: 0, completed: 0 } }));
  event(state, 11, "session.changed", { ...session({ id: "late", number: 501, queued_at: "2026-11-22T12:00:00.000Z" }), was: null });
  assert.equal(listOf(state, "unassigned").some((row) => row.id === "late"), false);
  assert.equal(state.counts.unassigned, 501);
  addPage(state, "unassigned", { head: 11, sessions: [session({ id: "w50", number: 51, queued_at: "2026-11-22T10:00:50.000Z" })] });
  assert.deepEqual(listOf(state, "unassigned").slice(-2).map((row) => row.id), ["w50", "late"]);
});

test("the waiting line is oldest first, completed ones newest first", () => {
  const state = fromSnapshot(snapshot({
    unassigned: [session({ id: "b", number: 2, queued_at: "2026-11-22T10:02:00.000Z" }), session({ id: "a", number: 3, queued_at: "2026-11-22T10:01:00.000Z" })],
    completed: [session({ id: "x", state: "completed", completed_at: "2026-11-22T09:00:00.000Z" }), session({ id: "y", state: "completed", completed_at: "2026-11-22T09:30:00.000Z" })],
  }));
  assert.deepEqual(listOf(state, "unassigned").map((row) => row.id), ["a", "b"]);
  assert.deepEqual(listOf(state, "completed").map((row) => row.id), ["y", "x"]);
});

test("another agent's session is not among mine", () => {
  const state = fromSnapshot(snapshot());
  event(state, 11, "session.changed", { ...session({ state: "assigned", owner: TOM }), was: null });
  assert.deepEqual(listOf(state, "mine"), []);
  assert.equal(state.counts.mine, 0);
});

test("a message is replaced by its newer state and an old answer does not undo it", () => {
  const state = fromSnapshot(snapshot({ unassigned: [session()] }));
  addDetail(state, detail({ messages: [message({ delivery: "queued", direction: "out" })] }));
  event(state, 11, "message.changed", message({ delivery: "sent", direction: "out" }));
  addDetail(state, detail({ messages: [message({ delivery: "queued", direction: "out" })] }));
  assert.equal(chatOf(state).messages.get("m1")?.delivery, "sent");
});

test("events that a fetched chat already holds are passed over", () => {
  const state = fromSnapshot(snapshot({ unassigned: [session()] }));
  addDetail(state, detail({ head: 15, messages: [message({ text: "edited" })] }));
  event(state, 12, "message.changed", message({ text: "first" }));
  assert.equal(chatOf(state).messages.get("m1")?.text, "edited");
  event(state, 16, "message.changed", message({ text: "again" }));
  assert.equal(chatOf(state).messages.get("m1")?.text, "again");
});

test("what comes by events while a chat is being fetched is not lost", () => {
  const state = fromSnapshot(snapshot({ unassigned: [session()] }));
  event(state, 11, "message.changed", message({ id: "m2", number: 2, place: 2 }));
  assert.equal(addDetail(state, detail({ head: 10 })), true);
  assert.deepEqual([...chatOf(state).messages.keys()], ["m1", "m2"]);
});

test("an answer from before a new snapshot is to be fetched again", () => {
  const state = fromSnapshot(snapshot({ head: 20, unassigned: [session()] }));
  assert.equal(addDetail(state, detail({ head: 19 })), false);
  assert.equal(state.chats.size, 0);
});

test("an older page brings what it holds and hides nothing that is still to come", () => {
  const state = fromSnapshot(snapshot({ unassigned: [session()] }));
  addDetail(state, detail({ more: true, messages: [message({ id: "m51", number: 51, place: 51 })] }));
  addDetail(state, detail({ head: 15, messages: [message({ id: "m50", number: 50, place: 50 })] }), true);
  event(state, 11, "message.changed", message({ id: "m52", number: 52, place: 52 }));
  assert.deepEqual([...chatOf(state).messages.keys()].sort(), ["m50", "m51", "m52"]);
  assert.equal(chatOf(state).more, false);
});

test("an edit of a message that is not loaded leaves no hole, and comes with its page", () => {
  const state = fromSnapshot(snapshot({ unassigned: [session()] }));
  addDetail(state, detail({ more: true, messages: [message({ id: "m51", number: 51, place: 51 })] }));
  event(state, 11, "message.changed", message({ id: "m3", number: 3, place: 3, text: "edited" }));
  assert.equal(chatOf(state).messages.size, 1);
  addDetail(state, detail({ head: 10, messages: [message({ id: "m3", number: 3, place: 3 })] }), true);
  assert.equal(chatOf(state).messages.get("m3")?.text, "edited");
});

test("a row that an answer brought early is counted once and does not go back", () => {
  const taken = session({ state: "assigned", owner: LENA });
  const state = fromSnapshot(snapshot({ unassigned: [session()], counts: { mine: 0, unassigned: 1, assigned: 0, completed: 0 } }));
  addAnswer(state, "s1", { head: 14, session: taken });
  assert.equal(state.counts.mine, 1);
  event(state, 12, "session.changed", { ...session({ incoming: 2 }), was: "unassigned" });
  assert.equal(state.sessions.get("s1")?.state, "assigned");
  event(state, 14, "session.changed", { ...taken, was: "unassigned" });
  assert.deepEqual(state.counts, { mine: 1, unassigned: 0, assigned: 1, completed: 0 });
});

test("an answer without the session takes it out of sight", () => {
  const mine = session({ state: "assigned", owner: LENA });
  const state = fromSnapshot(snapshot({ mine: [mine], counts: { mine: 1, unassigned: 0, assigned: 1, completed: 0 } }));
  addAnswer(state, "s1", { head: 12, session: null });
  assert.equal(state.sessions.size, 0);
  event(state, 12, "session.gone", { id: "s1", was: "assigned" });
  assert.deepEqual(state.counts, { mine: 0, unassigned: 0, assigned: 0, completed: 0 });
});

test("a page of a list does not bring back what has gone since", () => {
  const state = fromSnapshot(snapshot({ unassigned: [session()], counts: { mine: 0, unassigned: 1, assigned: 0, completed: 0 } }));
  event(state, 11, "session.gone", { id: "s1", was: "unassigned" });
  addPage(state, "unassigned", { head: 10, sessions: [session()] });
  assert.deepEqual(listOf(state, "unassigned"), []);
});

test("unread counts the customer's messages that are not seen", () => {
  const state = fromSnapshot(snapshot({ reads: { s1: 3 } }));
  assert.equal(unreadOf(state, session({ incoming: 5 })), 2);
  event(state, 11, "read.changed", { session: "s1", seen: 5 });
  assert.equal(unreadOf(state, session({ incoming: 5 })), 0);
});

test("a customer who blocks the bot is marked on every row", () => {
  const state = fromSnapshot(snapshot({ unassigned: [session()] }));
  event(state, 11, "customer.changed", { ...session().customer, blocked: true });
  assert.equal(state.sessions.get("s1")?.customer.blocked, true);
});

test("who leaves the team leaves presence", () => {
  const state = fromSnapshot(snapshot({ presence: [{ agent: "a2", name: "Tom", status: "online", state: "online", since: null, open: 0, limit: null, codes: [] }] }));
  event(state, 11, "project.changed", { ...snapshot().project, agents: [] });
  assert.equal(state.presence.size, 0);
});

test("an unknown kind of event moves the number and nothing else", () => {
  const state = fromSnapshot(snapshot());
  assert.equal(event(state, 11, "something.new", { id: "x" }), true);
  assert.equal(state.head, 11);
});

test("a late message stands at its place; what has none stands after all that came before it", () => {
  const rows = [
    message({ id: "one", number: 1, place: 5 }),
    message({ id: "line", number: 2, place: null, direction: "system" }),
    message({ id: "three", number: 3, place: 9 }),
    message({ id: "late", number: 4, place: 7 }),
    message({ id: "unsent", number: 5, place: null, direction: "out" }),
  ];
  assert.deepEqual(inOrder(rows).map((row) => row.id), ["one", "line", "late", "three", "unsent"]);
});

test("only the owner replies; others take over by the right to transfer", () => {
  const state = fromSnapshot(snapshot());
  const waiting = mayDo(state, session());
  assert.deepEqual([waiting.reply, waiting.claim, waiting.transfer], [true, true, false]);
  const mine = mayDo(state, session({ state: "assigned", owner: LENA }));
  assert.deepEqual([mine.reply, mine.transfer, mine.complete, mine.takeOver], [true, true, true, false]);
  const others = mayDo(state, session({ state: "assigned", owner: TOM }));
  assert.deepEqual([others.reply, others.transfer, others.complete, others.takeOver], [false, false, false, true]);
  assert.deepEqual([waiting.change, mine.change, others.change], [false, true, false]);
  assert.equal(mayDo(state, session({ state: "completed", owner: TOM })).reopen, true);
});

test("a manager who is no agent gives and completes, and answers nobody", () => {
  const state = fromSnapshot(snapshot({ me: { agent: null, managing: true,
    rights: { reply: false, transfer: true, complete: true, see_others: true } } }));
  const may = mayDo(state, session());
  assert.deepEqual(may, { reply: false, claim: false, takeOver: false, transfer: true, complete: true, reopen: false, change: true });
});

test("a list is searched by name, username, number, last message and agent", () => {
  const last = { number: 1, at: "2026-11-22T10:00:00.000Z", text: "blue kettle", direction: "in" };
  const state = fromSnapshot(snapshot({ unassigned: [session({ last })] }));
  for (const words of ["carol", "#1", "KETTLE"]) assert.equal(rowsOf(state, "unassigned", words).length, 1, words);
  assert.deepEqual(rowsOf(state, "unassigned", "teapot"), []);
});

test("one's own sessions stand by what was written last", () => {
  const at = (/** @type {string} */ time) => ({ number: 1, at: time, text: "", direction: "in" });
  const state = fromSnapshot(snapshot({ mine: [
    session({ id: "old", number: 9, state: "assigned", owner: LENA, last: at("2026-11-22T10:00:00.000Z") }),
    session({ id: "new", number: 2, state: "assigned", owner: LENA, last: at("2026-11-22T11:00:00.000Z") }),
  ] }));
  assert.deepEqual(rowsOf(state, "mine", "").map((row) => row.id), ["new", "old"]);
});
