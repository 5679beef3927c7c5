import assert from "node:assert/strict";
import { test } from "node:test";

import { judged, outcome } from "../../static/app/standing.js";
import { ownState } from "../../static/app/words.js";

/** @param {import("../../static/app/types.js").Failure[]} codes
 * @returns {import("../../static/app/types.js").Presence} */
function presence(codes) {
  return { agent: "a1", name: "Lena", status: "online", state: "online", since: null, open: 2, limit: 6, codes };
}

/** @param {Partial<import("../../static/app/types.js").Ping["receipts"][0]>[]} receipts
 * @returns {import("../../static/app/types.js").Ping} */
function ping(...receipts) {
  return { id: "x", by: null, at: "2026-11-22T14:32:05.120Z", pages: 2, receipts: receipts.map((row, n) =>
    ({ page: String(n), ms: 100, visible: true, notify: "granted", shown: false, ...row })) };
}

test("where no rule fails every line is good", () => {
  const lines = judged(presence([]));
  assert.equal(lines.length, 6);
  assert.deepEqual(new Set(lines.map((line) => line.look)), new Set(["good"]));
  assert.ok(lines.some((line) => line.title === "Limit" && line.value === "2 of 6 open"));
});

test("each rule that fails stands in its line, and says why", () => {
  const lines = judged(presence([{ code: "away", evidence: {} }, { code: "at_limit", evidence: { open: 6, limit: 6 } }]));
  const bad = lines.filter((line) => line.look === "bad").map((line) => [line.title, line.value]);
  assert.deepEqual(bad, [["Your status", "away"], ["Limit", "at limit 6 / 6"]]);
});

test("a rule that the page does not know is shown all the same", () => {
  const lines = judged(presence([{ code: "brand_new", evidence: {} }]));
  assert.deepEqual([lines.length, lines[6].look, lines[6].value], [7, "bad", "brand_new"]);
});

test("nobody receives in a project that gives no sessions out", () => {
  const mine = presence([]);
  assert.equal(ownState(mine, true, "").look, "good");
  const paused = ownState(mine, true, "project_paused");
  assert.deepEqual([paused.look, paused.title], ["bad", "The project is paused."]);
});

test("a test ping says on how many pages it came, how soon, and what was shown", () => {
  assert.equal(outcome(ping({ ms: 120 }, { ms: 310, shown: true }), 400),
    "Received on 2 pages in 0.3 s, notification shown.");
  assert.equal(outcome(ping({ notify: "denied" }), 400),
    "Received on 1 of 2 pages in 0.1 s, no notification: not allowed.");
  assert.match(outcome(ping({}), 9000), /notification under way\.$/);
  assert.match(outcome(ping({}), 11_000), /no notification came up\.$/);
});

test("silence is told after ten seconds", () => {
  assert.equal(outcome(ping(), 9000), "Sent …");
  assert.match(outcome(ping(), 11_000), /^No answer after 10 s:/);
});
