import assert from "node:assert/strict";
import { test } from "node:test";

import { isChord } from "../../static/app/keys.js";
import { ahead, dayKey, setSkew, since, span, when } from "../../static/app/times.js";
import {
  changeName, deliveryReason, initials, ofContent, ownState, previewText, reason, systemLine,
} from "../../static/app/words.js";
import { message } from "./rows.js";

/** @param {Partial<KeyboardEvent>} held @param {string[]} [modifiers] */
function key(held, modifiers = []) {
  return { altKey: false, ctrlKey: false, metaKey: false, ...held,
    getModifierState: (/** @type {string} */ name) => modifiers.includes(name) };
}

test("Alt is a chord, but not what types € or ę", () => {
  assert.equal(isChord(key({ altKey: true }), false), true);
  assert.equal(isChord(key({ altKey: true, ctrlKey: true }), false), false);
  assert.equal(isChord(key({ altKey: true }, ["AltGraph"]), false), false);
});

test("on a Mac, Option types characters: it takes Ctrl as well", () => {
  assert.equal(isChord(key({ altKey: true }), true), false);
  assert.equal(isChord(key({ altKey: true, ctrlKey: true }), true), true);
});

/** @param {Partial<import("../../static/app/types.js").Presence>} fields
 * @returns {import("../../static/app/types.js").Presence} */
function presence(fields) {
  return { agent: "a1", name: "Lena", status: "online", state: "online", since: null, open: 2,
    limit: 6, codes: [], ...fields };
}

test("working hours say from when one receives", () => {
  const at = new Date();
  at.setHours(at.getHours() < 12 ? 23 : 1, 30, 0, 0);
  const off = { code: "off_hours", evidence: { today: [], next: at.toISOString() } };
  const time = at.getHours() === 23 ? "23:30" : "01:30";
  assert.equal(reason(off), `off work until ${time}`);
  const mine = ownState(presence({ codes: [off] }), true);
  assert.deepEqual([mine.look, mine.title], ["warn", `Outside your working hours: new sessions from ${time}`]);
  at.setDate(at.getDate() + 2);
  assert.match(ahead(at.toISOString()), /^[A-Z][a-z]{2},? \d\d:30$/);
});

test("one's own state says whether one receives, and why not", () => {
  assert.equal(ownState(presence({}), true).look, "good");
  assert.equal(ownState(presence({}), false).look, "bad");
  const away = presence({ codes: [{ code: "away", evidence: {} }, { code: "at_limit", evidence: { open: 6, limit: 6 } }] });
  assert.equal(ownState(away, true).look, "warn");
  assert.match(ownState(away, true).detail, /at limit 6 \/ 6/);
});

test("an unknown rule is named by its code rather than hidden", () => {
  assert.equal(reason({ code: "brand_new", evidence: {} }), "brand_new");
});

test("system lines are sentences", () => {
  const line = (/** @type {string} */ kind, /** @type {any} */ data) =>
    systemLine(message({ direction: "system", kind, text: "", data }), "a1");
  const lena = { id: "a1", name: "Lena" };
  const tom = { id: "a2", name: "Tom" };
  assert.equal(line("opened", { start: "spring" }), "Session opened · came with “spring”");
  assert.equal(line("assigned", { agent: lena, reason: "routed", mode: "round_robin", turn: 4 }), "Assigned to you · Round-Robin, turn 4");
  assert.equal(line("assigned", { agent: tom, by: { name: "Marek" }, reason: "given", note: "" }), "Given to Tom by Marek");
  assert.equal(line("transferred", { agent: tom, by: { name: "Lena" }, note: "speaks Greek" }), "Transferred to Tom by Lena · “speaks Greek”");
  assert.equal(line("transferred", { agent: tom, by: { name: "Tom" } }), "Taken over by Tom");
  assert.equal(line("released", { agent: tom, reason: "owner_vanished" }), "Tom was gone: back to its place in the line");
  assert.equal(line("something_new", {}), "something_new");
});

test("a message that did not go out says why", () => {
  const failed = message({ delivery: "failed", error: { code: "403", text: "Forbidden: bot was blocked" } });
  assert.equal(deliveryReason(failed), "The customer has blocked the bot.");
  const refused = message({ delivery: "failed", error: { code: "400", text: "Bad Request: too weird" } });
  assert.equal(deliveryReason(refused), "Bad Request: too weird");
  assert.match(deliveryReason(message({ delivery: "uncertain" })), /may have arrived/);
});

test("kinds that are not text tell what they hold", () => {
  const file = message({ kind: "document", data: { content: { file_name: "invoice.pdf", file_size: 219_000 } } });
  assert.equal(ofContent(file), "invoice.pdf · 214 KB");
  assert.equal(ofContent(message({ kind: "photo", data: { content: [{ file_id: "x" }] } })), "");
  assert.equal(previewText("[voice]"), "Voice message");
  assert.equal(previewText("[brand_new]"), "Not shown here: brand_new");
  assert.equal(previewText("[sic] he said"), "[sic] he said");
});

test("times are of the server's clock and of one's own days", () => {
  const noon = new Date(2026, 10, 22, 12);
  assert.equal(when(new Date(2026, 10, 21, 23, 59).toISOString(), noon), "Yesterday");
  assert.equal(dayKey(new Date(2026, 10, 22, 0, 1).toISOString()), dayKey(new Date(2026, 10, 22, 23, 59).toISOString()));
  assert.deepEqual([span(59_000), span(60_000), span(3_600_000)], ["59 s", "1 min", "1 h"]);
  setSkew(60_000);
  assert.ok(since(new Date().toISOString()) >= 60_000);
  setSkew(0);
});

test("initials are letters of any script, one of those that are wide", () => {
  assert.deepEqual(["Mei Lin", "Дмитрий Козлов", "王小明", "Deep", "  ", "🦊"].map(initials),
    ["ML", "ДК", "王", "DE", "?", "🦊"]);
});

test("a change of a message says how far it is, and why it was not made", () => {
  /** @param {Partial<import("../../static/app/types.js").Change>} fields */
  const name = (fields) => changeName(message({ change: { verb: "edited", by: "Lena",
    at: "2026-11-22T10:00:00.000Z", delivery: "sent", error: null, text: "", ...fields } }));
  assert.equal(changeName(message()), "");
  assert.equal(name({}), "");
  assert.equal(name({ verb: "confirmed" }), "arrived, says Lena");
  assert.equal(name({ delivery: "queued" }), "being edited");
  assert.equal(name({ verb: "recalled", delivery: "sending" }), "being recalled");
  const refused = { delivery: /** @type {const} */ ("failed"), error: { code: "cannot_edit", text: "" } };
  assert.equal(name(refused), "Not edited: Telegram no longer lets it be changed.");
  assert.equal(name({ ...refused, verb: "recalled", error: { code: "gone", text: "" } }),
    "Not recalled: The customer no longer has this message.");
});

test("of what was recalled only its kind and who did it are told", () => {
  const row = message({ kind: "recalled", text: "", change: { verb: "recalled", by: "Lena",
    at: "2026-11-22T10:00:00.000Z", delivery: "sent", error: null, text: "" } });
  assert.equal(ofContent(row), "Lena");
  assert.equal(previewText("[recalled]"), "Recalled");
});
