import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Feed } from "../../static/app/feed.js";

class FakeSocket {
  /** @type {FakeSocket[]} */
  static made = [];

  /** @param {string} url */
  constructor(url) {
    this.url = url;
    this.readyState = 0;
    /** @type {any[]} */
    this.sent = [];
    FakeSocket.made.push(this);
  }

  open() {
    this.readyState = 1;
    this.onopen?.();
    this.down({ type: "ready", connection: "x", build: "2", now: "1970-01-01T00:01:00.000Z" });
  }

  /** @param {any} frame */
  down(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  /** @param {number} [code] */
  close(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  /** @type {undefined | (() => void)} */ onopen;
  /** @type {undefined | ((event: {data: string}) => void)} */ onmessage;
  /** @type {undefined | ((event: {code: number}) => void)} */ onclose;

  /** @param {string} type */
  last(type) {
    return this.sent.filter((frame) => frame.type === type).at(-1);
  }
}

/** @type {{events: any[], resets: string[], states: string[], refused: any[], builds: string[],
 *   caught: any[]}} */
let seen;

function feed() {
  const made = new Feed({
    url: "ws://x/ws/app/",
    build: "1",
    signs: () => ({ visible: true }),
    Socket: /** @type {any} */ (FakeSocket),
    random: () => 1,
    listener: {
      events: (stream, items, upto) => seen.events.push([stream, items.map((item) => item.n), upto]),
      reset: (stream) => seen.resets.push(stream),
      connection: (connection) => seen.states.push(connection.state),
      refused: (code, stream) => seen.refused.push([code, stream]),
      typing: () => undefined,
      build: (build) => seen.builds.push(build),
      caught: (caught) => seen.caught.push(caught),
    },
  });
  made.follow("p", 10);
  made.connect();
  return made;
}

function socket() {
  return /** @type {FakeSocket} */ (FakeSocket.made.at(-1));
}

/** @param {number} n */
function event(n) {
  return { n, kind: "session.changed", at: "", data: {} };
}

beforeEach(() => {
  FakeSocket.made = [];
  seen = { events: [], resets: [], states: [], refused: [], builds: [], caught: [] };
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
});

afterEach(() => mock.timers.reset());

test("it says hello with the numbers it has", () => {
  feed();
  socket().open();
  assert.deepEqual(socket().last("hello").resume, { p: 10 });
  assert.deepEqual(socket().last("beat"), { type: "beat", visible: true });
});

test("it hands on what is new, once, and acknowledges", () => {
  feed();
  socket().open();
  socket().down({ type: "events", stream: "p", items: [event(10), event(11)], upto: 12 });
  socket().down({ type: "events", stream: "p", items: [event(11)], upto: 12 });
  assert.deepEqual(seen.events, [["p", [11], 12]]);
  assert.deepEqual(socket().last("ack"), { type: "ack", heads: { p: 12 } });
});

test("after a cut it comes back by itself with the numbers it has reached", () => {
  feed();
  socket().open();
  socket().down({ type: "events", stream: "p", items: [event(11)], upto: 11 });
  socket().close();
  assert.equal(seen.states.at(-1), "waiting");
  mock.timers.tick(500);
  assert.equal(FakeSocket.made.length, 2);
  socket().open();
  assert.deepEqual(socket().last("hello").resume, { p: 11 });
  assert.equal(seen.states.at(-1), "live");
});

test("its pauses grow, and end at once when it is hurried", () => {
  const following = feed();
  for (const pause of [500, 1000, 2000]) {
    socket().close();
    mock.timers.tick(pause - 1);
    const before = FakeSocket.made.length;
    mock.timers.tick(1);
    assert.equal(FakeSocket.made.length, before + 1);
  }
  socket().close();
  const before = FakeSocket.made.length;
  following.hurry();
  assert.equal(FakeSocket.made.length, before + 1);
});

test("a pulse with a higher number makes it ask for what is missing", () => {
  feed();
  socket().open();
  socket().down({ type: "pulse", heads: { p: 15, other: 3 }, now: "" });
  assert.deepEqual(socket().last("hello").resume, { p: 10 });
  const count = socket().sent.length;
  socket().down({ type: "pulse", heads: { p: 10 }, now: "" });
  assert.equal(socket().sent.length, count);
});

test("a reset stream is not followed until its snapshot is here again", () => {
  const following = feed();
  socket().open();
  socket().down({ type: "reset", stream: "p" });
  socket().down({ type: "events", stream: "p", items: [event(99)], upto: 99 });
  assert.deepEqual(seen.resets, ["p"]);
  assert.deepEqual(seen.events, []);
  following.follow("p", 120);
  assert.deepEqual(socket().last("hello").resume, { p: 120 });
});

test("a socket that is silent for longer than two pulses is given up", () => {
  feed();
  socket().open();
  mock.timers.tick(11_999);
  assert.equal(seen.states.at(-1), "live");
  mock.timers.tick(1);
  assert.equal(seen.states.at(-1), "waiting");
});

test("when signed out it ends and does not come back", () => {
  feed();
  socket().open();
  socket().down({ type: "bye", code: "signed_out" });
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.made.length, 1);
  assert.equal(seen.states.at(-1), "ended");
});

test("a refused stream is forgotten and told", () => {
  feed();
  socket().open();
  socket().down({ type: "refused", code: "no_access", stream: "p" });
  assert.deepEqual(seen.refused, [["no_access", "p"]]);
  socket().down({ type: "events", stream: "p", items: [event(11)], upto: 11 });
  assert.deepEqual(seen.events, []);
});

test("it beats only when it is greeted, and says at once how the page is", () => {
  const following = feed();
  socket().readyState = 1;
  following.beat();
  assert.equal(socket().last("beat"), undefined);
  socket().open();
  assert.deepEqual(socket().sent.map((frame) => frame.type), ["hello", "beat"]);
});

test("after a sleep, in which no timer ran, the beat finds the socket dead", () => {
  const following = feed();
  socket().open();
  mock.timers.setTime(Date.now() + 60_000);
  following.beat();
  assert.equal(seen.states.at(-1), "waiting");
});

test("typing names the stream, and not with every key", () => {
  const following = feed();
  socket().open();
  for (let key = 0; key < 20; key += 1) following.typing("p", "s1");
  following.typing("not followed", "s2");
  const typed = socket().sent.filter((frame) => frame.type === "typing");
  assert.deepEqual(typed, [{ type: "typing", stream: "p", session: "s1" }]);
  mock.timers.tick(3000);
  following.typing("p", "s1");
  assert.equal(socket().sent.filter((frame) => frame.type === "typing").length, 2);
});

test("it tells how much has come after a cut, when a pulse says that this is all", () => {
  feed();
  socket().open();
  socket().close();
  mock.timers.tick(500);
  socket().open();
  socket().down({ type: "pulse", heads: { p: 12 }, now: "" });
  assert.deepEqual(seen.caught, []);
  socket().down({ type: "events", stream: "p", items: [event(11), event(12)], upto: 12 });
  socket().down({ type: "pulse", heads: { p: 12 }, now: "" });
  assert.deepEqual(seen.caught, [{ away: 500, count: 2 }]);
});

test("the first connection makes up for nothing", () => {
  feed();
  socket().open();
  socket().down({ type: "pulse", heads: { p: 10 }, now: "" });
  assert.deepEqual(seen.caught, []);
});

test("it knows the server's clock and build", () => {
  const following = feed();
  socket().open();
  assert.equal(following.skew, 60_000);
  assert.deepEqual(seen.builds, ["2"]);
});

test("a server that greets and hangs up is left alone for longer and longer", () => {
  feed();
  for (const pause of [500, 1000, 2000]) {
    socket().open();
    socket().close();
    mock.timers.tick(pause - 1);
    const before = FakeSocket.made.length;
    mock.timers.tick(1);
    assert.equal(FakeSocket.made.length, before + 1);
  }
});

test("a steady connection that is lost is tried again soon, then less and less often", () => {
  feed();
  socket().open();
  for (let beat = 0; beat < 12; beat += 1) {
    mock.timers.tick(1000);
    socket().down({ type: "pulse", heads: {}, now: "" });
  }
  for (const pause of [500, 1000, 2000, 4000]) {
    socket().close();
    const before = FakeSocket.made.length;
    mock.timers.tick(pause - 1);
    assert.equal(FakeSocket.made.length, before);
    mock.timers.tick(1);
    assert.equal(FakeSocket.made.length, before + 1);
  }
});
