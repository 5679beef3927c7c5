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

/**
 * @typedef {object} Listener
 * @property {(stream: string, items: Envelope[], upto: number) => void} events
 * @property {(stream: string) => void} reset the snapshot must be fetched again
 * @property {(connection: Connection) => void} connection
 * @property {(code: string, stream: string | undefined) => void} refused
 * @property {(session: string, name: string) => void} typing
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
    this.failures = 0;
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
    else if (this.connection.state === "live") this.beat();
  }

  /** Tell the server what this page is like now. */
  beat() {
    this.#up({ type: "beat", ...this.signs() });
  }

  /** @param {string} session */
  typing(session) {
    this.#up({ type: "typing", session });
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
    this.beat();
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
        this.failures = 0;
        this.#tell({ state: "live" });
        break;
      case "events":
        this.#events(frame);
        break;
      case "pulse":
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

  /** @param {{stream: string, items: Envelope[], upto: number}} frame */
  #events({ stream, items, upto }) {
    const head = this.heads.get(stream);
    if (head === undefined) return;
    const fresh = items.filter((item) => item.n > head);
    this.heads.set(stream, Math.max(head, upto));
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
    const pause = Math.min(FIRST_PAUSE * 2 ** this.failures, LONGEST_PAUSE);
    const wait = pause * (0.5 + this.random() / 2);
    this.failures += 1;
    this.#tell({ state: "waiting", retryAt: Date.now() + wait });
    this.timer = setTimeout(() => this.connect(), wait);
  }

  /** Start the silence anew. */
  #listen() {
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
