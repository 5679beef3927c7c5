/**
 * The page's one socket: follows any number of streams and repairs itself.
 *
 * First load, reconnect and a hole are the same: say `hello` with the numbers one has.
 *
 * @import { Envelope } from "./types.js"
 */

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** Pulses come every 5 s; a socket that is silent for longer is dead, whatever it says. */
const SILENCE = 12_000;
/** A connection that has lived so long was a good one: its loss is the first failure again. */
const STEADY = 10_000;
/** The server hears no more than one of these a second. */
const TYPING = 3000;

/**
 * @typedef {object} Listener
 * @property {(stream: string, items: Envelope[], upto: number) => void} events
 * @property {(stream: string) => void} reset the snapshot must be fetched again
 * @property {(connection: Connection) => void} connection
 * @property {(code: string, stream: string | undefined) => void} refused
 * @property {(session: string, name: string) => void} typing
 * @property {(build: string) => void} build what the server's pages are made of now
 * @property {(caught: {away: number, count: number}) => void} caught after a cut everything is here
 *   again: `count` events came for the `away` milliseconds
 */

/**
 * @typedef {object} Connection
 * @property {"connecting" | "live" | "waiting" | "ended"} state
 * @property {number} [retryAt] when `waiting`
 * @property {string} [code] when `ended`
 */

export class Feed {
  /**
   * @param {object} options
   * @param {string} options.url
   * @param {string} options.build
   * @param {Listener} options.listener
   * @param {() => Record<string, any>} options.signs visible, focused, notify, sound, push
   * @param {typeof WebSocket} [options.Socket]
   * @param {() => number} [options.random]
   */
  constructor({ url, build, listener, signs, Socket = WebSocket, random = Math.random }) {
    this.url = url;
    this.build = build;
    this.listener = listener;
    this.signs = signs;
    this.Socket = Socket;
    this.random = random;
    /** @type {Map<string, number>} */
    this.heads = new Map();
    /** @type {WebSocket | null} */
    this.socket = null;
    /** As the server knows this page. */
    this.id = "";
    this.failures = 0;
    this.heardAt = 0;
    /** @type {number | null} */
    this.liveAt = null;
    this.typedAt = -TYPING;
    /** The server's clock less ours. */
    this.skew = 0;
    /** @type {{since: number, count: number} | null} a cut, and what has come to make up for it */
    this.cut = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.silence = undefined;
    /** @type {Connection} */
    this.connection = { state: "connecting" };
  }

  /** Follow a stream from a number on. @param {string} stream @param {number} head */
  follow(stream, head) {
    this.heads.set(stream, head);
    this.#hello({ [stream]: head });
  }

  /** @param {string} stream */
  forget(stream) {
    this.heads.delete(stream);
  }

  connect() {
    clearTimeout(this.timer);
    if (this.socket || this.connection.state === "ended") return;
    this.#tell({ state: "connecting" });
    const socket = new this.Socket(this.url);
    this.socket = socket;
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => socket === this.socket && this.#frame(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.#closed(event.code);
    this.#listen();
  }

  /** Do not wait for the next try. */
  hurry() {
    this.failures = 0;
    if (this.connection.state === "waiting") this.connect();
    else this.beat();
  }

  /** Tell the server what this page is like now. After a sleep no timer has run: look at the clock. */
  beat() {
    if (this.socket && Date.now() - this.heardAt > SILENCE) this.#dead();
    else if (this.connection.state === "live") this.#up({ type: "beat", ...this.signs() });
  }

  /** Somebody is writing to a session's customer. @param {string} stream @param {string} session */
  typing(stream, session) {
    if (Date.now() - this.typedAt < TYPING || !this.heads.has(stream)) return;
    this.typedAt = Date.now();
    this.#up({ type: "typing", stream, session });
  }

  /** @param {string} code */
  end(code) {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.#tell({ state: "ended", code });
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.socket) return;
    this.#hello(Object.fromEntries(this.heads));
  }

  /** @param {Record<string, number>} resume */
  #hello(resume) {
    this.#up({ type: "hello", build: this.build, resume });
  }

  /** @param {Record<string, any>} frame */
  #up(frame) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(frame));
  }

  /** @param {any} frame */
  #frame(frame) {
    this.#listen();
    switch (frame.type) {
      case "ready":
        this.liveAt = Date.now();
        this.id = frame.connection;
        this.#clock(frame.now);
        this.#tell({ state: "live" });
        this.beat();
        this.listener.build(frame.build);
        break;
      case "events":
        this.#events(frame);
        break;
      case "pulse":
        this.#clock(frame.now);
        this.#pulse(frame.heads);
        break;
      case "reset":
        this.forget(frame.stream);
        this.listener.reset(frame.stream);
        break;
      case "refused":
        if (frame.stream) this.forget(frame.stream);
        this.listener.refused(frame.code, frame.stream);
        break;
      case "typing":
        this.listener.typing(frame.session, frame.name);
        break;
      case "bye":
        if (frame.code === "signed_out") this.end("signed_out");
        break;
    }
  }

  /** @param {string} now */
  #clock(now) {
    const theirs = Date.parse(now);
    if (Number.isFinite(theirs)) this.skew = theirs - Date.now();
  }

  /** @param {{stream: string, items: Envelope[], upto: number}} frame */
  #events({ stream, items, upto }) {
    const head = this.heads.get(stream);
    if (head === undefined) return;
    const fresh = items.filter((item) => item.n > head);
    this.heads.set(stream, Math.max(head, upto));
    if (this.cut) this.cut.count += fresh.length;
    if (fresh.length || upto > head) this.listener.events(stream, fresh, upto);
    this.#up({ type: "ack", heads: { [stream]: this.heads.get(stream) } });
  }

  /** A number that never came: ask for what is missing. @param {Record<string, number>} heads */
  #pulse(heads) {
    /** @type {Record<string, number>} */
    const behind = {};
    for (const [stream, head] of Object.entries(heads)) {
      const mine = this.heads.get(stream);
      if (mine !== undefined && mine < head) behind[stream] = mine;
    }
    if (Object.keys(behind).length) this.#hello(behind);
    else if (this.cut && [...this.heads.keys()].every((stream) => stream in heads)) {
      this.#caughtUp(this.cut);
    }
  }

  /** @param {{since: number, count: number}} cut */
  #caughtUp({ since, count }) {
    this.cut = null;
    this.listener.caught({ away: (this.liveAt ?? since) - since, count });
  }

  /** @param {number} code */
  #closed(code) {
    this.socket = null;
    clearTimeout(this.silence);
    if (this.connection.state === "ended") return;
    if (code === 4401) {
      this.end("signed_out");
      return;
    }
    if (this.connection.state === "live" && this.liveAt !== null) {
      if (Date.now() - this.liveAt > STEADY) this.failures = 0;
      this.cut ??= { since: Date.now(), count: 0 };
    }
    const pause = Math.min(FIRST_PAUSE * 2 ** this.failures, LONGEST_PAUSE);
    const wait = pause * (0.5 + this.random() / 2);
    this.failures += 1;
    this.#tell({ state: "waiting", retryAt: Date.now() + wait });
    this.timer = setTimeout(() => this.connect(), wait);
  }

  /** Start the silence anew. */
  #listen() {
    this.heardAt = Date.now();
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.#dead(), SILENCE);
  }

  #dead() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.#closed(0);
  }

  /** @param {Connection} connection */
  #tell(connection) {
    this.connection = connection;
    this.listener.connection(connection);
  }
}
