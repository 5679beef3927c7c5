import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Refused } from "../../static/app/api.js";
import { Drafts } from "../../static/app/drafts.js";
import { Outbox } from "../../static/app/outbox.js";
import { memory } from "./storage.js";

const UNREACHABLE = new Refused("unreachable", "The server cannot be reached.");

/** @type {Storage} */
let storage;
/** What reached the server. @type {{key: string, text: string}[]} */
let arrived;
/** What the server does with the next tries. @type {(Refused | null)[]} */
let answers;
/** @type {[string, string][]} */
let refused;

/** @param {string} [user] */
function outbox(user = "lena") {
  return new Outbox({
    user,
    storage,
    changed: () => undefined,
    refused: (row, refusal) => refused.push([row.text, refusal.code]),
    post: async ({ key, text }) => {
      const answer = answers.shift() ?? null;
      arrived.push({ key, text });
      if (answer) throw answer;
    },
  });
}

/** Let what has been promised happen. */
async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

beforeEach(() => {
  storage = memory();
  arrived = [];
  answers = [];
  refused = [];
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-11-22T10:00:00.000Z") });
});

afterEach(() => mock.timers.reset());

test("a reply leaves nothing behind once the server has it", async () => {
  const box = outbox();
  box.add("s1", "hello", null);
  assert.equal(storage.length, 1);
  await settled();
  assert.deepEqual(arrived.map((row) => row.text), ["hello"]);
  assert.equal(box.rows.size, 0);
  assert.equal(storage.length, 0);
});

test("it goes again with the same key when the server could not be reached", async () => {
  answers = [UNREACHABLE, UNREACHABLE];
  const box = outbox();
  box.add("s1", "hello", null);
  await settled();
  mock.timers.tick(1000);
  await settled();
  mock.timers.tick(2000);
  await settled();
  assert.equal(arrived.length, 3);
  assert.equal(new Set(arrived.map((row) => row.key)).size, 1);
  assert.equal(box.rows.size, 0);
});

test("one chat's replies keep their order, another chat's do not wait for them", async () => {
  answers = [UNREACHABLE];
  const box = outbox();
  box.add("s1", "first", null);
  box.add("s1", "second", null);
  box.add("s2", "elsewhere", null);
  await settled();
  assert.deepEqual(arrived.map((row) => row.text), ["first", "elsewhere"]);
  mock.timers.tick(1000);
  await settled();
  assert.deepEqual(arrived.map((row) => row.text), ["first", "elsewhere", "first", "second"]);
});

test("a refusal is told, and what comes after it still goes", async () => {
  answers = [new Refused("not_owner", "This session is Tom's now.")];
  const box = outbox();
  box.add("s1", "first", null);
  box.add("s1", "second", null);
  await settled();
  assert.deepEqual(refused, [["first", "not_owner"]]);
  assert.deepEqual(arrived.map((row) => row.text), ["first", "second"]);
  assert.equal(box.rows.size, 0);
});

test("who is signed out finds his reply when he is back, and nobody else does", async () => {
  answers = [new Refused("signed_out", "You are signed out.")];
  outbox().add("s1", "hello", null);
  await settled();
  assert.equal(outbox("tom").rows.size, 0);
  const back = outbox();
  back.hurry();
  await settled();
  assert.deepEqual(arrived.map((row) => row.text), ["hello", "hello"]);
  assert.equal(new Set(arrived.map((row) => row.key)).size, 1);
});

test("what an earlier page did not get through goes with its old key", async () => {
  answers = [UNREACHABLE];
  outbox().add("s1", "hello", 7);
  await settled();
  const next = outbox();
  next.hurry();
  await settled();
  assert.equal(arrived[0].key, arrived[1].key);
  assert.equal(storage.length, 0);
});

test("nothing old leaves by itself", async () => {
  answers = [UNREACHABLE];
  outbox().add("s1", "hello", null);
  await settled();
  mock.timers.setTime(Date.now() + 16 * 60_000);
  const late = outbox();
  late.hurry();
  await settled();
  assert.equal(arrived.length, 1);
  const [row] = late.of("s1");
  assert.equal(row.isHeld, true);
  late.release(row);
  await settled();
  assert.deepEqual(arrived.map(({ text }) => text), ["hello", "hello"]);
});

test("a message that comes by the feed settles its reply", async () => {
  answers = [UNREACHABLE];
  const box = outbox();
  box.add("s1", "hello", null);
  await settled();
  box.settle(box.of("s1")[0].key);
  mock.timers.tick(60_000);
  await settled();
  assert.equal(arrived.length, 1);
});

test("drafts are kept by chat and person", () => {
  new Drafts("lena", storage).keep("s1", "to be continued");
  assert.equal(new Drafts("lena", storage).of("s1"), "to be continued");
  assert.equal(new Drafts("tom", storage).of("s1"), "");
  new Drafts("lena", storage).keep("s1", "");
  assert.equal(storage.length, 0);
});

test("a text that is given back stands before what has been begun since", () => {
  const drafts = new Drafts("lena", storage);
  drafts.keep("s1", "and also");
  drafts.giveBack("s1", "refused");
  assert.equal(drafts.of("s1"), "refused\nand also");
});

test("nothing is sent any more to a session whose customer is erased", async () => {
  answers = [UNREACHABLE];
  const box = outbox();
  box.add("s1", "hello", null);
  box.add("s2", "to another", null);
  await settled();
  box.forget("s1");
  mock.timers.tick(60_000);
  await settled();
  assert.deepEqual(arrived.map((row) => row.text), ["hello", "to another"]);
  assert.equal(storage.length, 0);
});
