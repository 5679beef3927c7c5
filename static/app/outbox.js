/**
 * Replies on their way to the server. Each has a key of its own that goes with every try, so that it
 * is sent once however often it arrives. One chat's replies go one after the other.
 */
import { Refused } from "./api.js";

const PAUSES = [1000, 2000, 4000, 8000, 15_000];
/** What is older than this when the page opens again is not sent without being asked for. */
const OLD = 15 * 60_000;

/**
 * @typedef {object} Pending
 * @property {string} key
 * @property {string} session
 * @property {string} text
 * @property {number | null} reply_to
 * @property {string} at
 * @property {number} tries
 * @property {boolean} isHeld waits for somebody to say that it shall still be sent
 */

export class Outbox {
  /**
   * @param {object} options
   * @param {string} options.user whose replies these are
   * @param {(row: Pending) => Promise<void>} options.post
   * @param {(row: Pending, refusal: Refused) => void} options.refused
   * @param {() => void} options.changed
   * @param {Storage} [options.storage]
   */
  constructor({ user, post, refused, changed, storage = localStorage }) {
    this.prefix = `tgstaff.${user}.reply.`;
    this.post = post;
    this.refused = refused;
    this.changed = changed;
    this.storage = storage;
    /** @type {Map<string, Pending>} */
    this.rows = new Map();
    /** @type {Map<string, ReturnType<typeof setTimeout>>} */
    this.timers = new Map();
    /** The chats one of whose replies is being sent. @type {Set<string>} */
    this.busy = new Set();
    this.#recall();
  }

  /** @param {string} session @returns {Pending[]} */
  of(session) {
    return [...this.rows.values()].filter((row) => row.session === session);
  }

  /** @param {string} session @param {string} text @param {number | null} replyTo */
  add(session, text, replyTo) {
    this.#put({ key: crypto.randomUUID(), session, text, reply_to: replyTo,
      at: new Date().toISOString(), tries: 0, isHeld: false });
    void this.#run(session);
  }

  /** The server has it. @param {string} key */
  settle(key) {
    if (!this.rows.delete(key)) return;
    this.storage.removeItem(this.prefix + key);
    this.changed();
  }

  /** Nothing more is sent there. @param {string} session */
  forget(session) {
    for (const row of this.of(session)) this.settle(row.key);
  }

  /** @param {Pending} row */
  release(row) {
    row.isHeld = false;
    this.#put(row);
    this.hurry();
  }

  /** Try again now: the connection is back. */
  hurry() {
    for (const session of new Set([...this.rows.values()].map((row) => row.session))) {
      clearTimeout(this.timers.get(session));
      void this.#run(session);
    }
  }

  /** @param {string} session */
  async #run(session) {
    if (this.busy.has(session)) return;
    this.busy.add(session);
    let goesOn = true;
    while (goesOn) {
      const row = this.of(session).find((one) => !one.isHeld);
      goesOn = row !== undefined && (await this.#try(row));
    }
    this.busy.delete(session);
  }

  /** @param {Pending} row @returns {Promise<boolean>} whether the next may follow */
  async #try(row) {
    try {
      await this.post(row);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.isPassing) this.#later(row);
      else this.#refused(row, error);
      return !error.isPassing && error.code !== "signed_out";
    }
    this.settle(row.key);
    return true;
  }

  /** What could not be sent because its author is signed out is sent when he is back.
   * @param {Pending} row @param {Refused} error */
  #refused(row, error) {
    if (error.code !== "signed_out") this.settle(row.key);
    this.refused(row, error);
  }

  /** @param {Pending} row */
  #later(row) {
    const pause = PAUSES[Math.min(row.tries, PAUSES.length - 1)];
    row.tries += 1;
    this.timers.set(row.session, setTimeout(() => void this.#run(row.session), pause));
    this.changed();
  }

  /** @param {Pending} row */
  #put(row) {
    this.rows.set(row.key, row);
    try {
      this.storage.setItem(this.prefix + row.key, JSON.stringify(row));
    } catch {
      // A full or forbidden storage: it is sent all the same, but does not survive a reload.
    }
    this.changed();
  }

  /** Replies that an earlier page did not get through. */
  #recall() {
    const keys = Object.keys(this.storage).filter((key) => key.startsWith(this.prefix));
    const rows = keys.map((key) => /** @type {Pending} */ (JSON.parse(this.storage.getItem(key) ?? "")));
    rows.sort((a, b) => a.at.localeCompare(b.at));
    for (const row of rows) {
      const isOld = Date.now() - Date.parse(row.at) > OLD;
      this.rows.set(row.key, { ...row, tries: 0, isHeld: isOld });
    }
  }
}
