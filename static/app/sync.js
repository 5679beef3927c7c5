/**
 * Keeps what the page knows equal to the database: the first load, the feed, and what is fetched on
 * demand.
 *
 * @import { Boot, Detail, Envelope, Page, Ping, ProjectState, Snapshot } from "./types.js"
 * @import { Connection } from "./feed.js"
 */
import { get, Refused } from "./api.js";
import { Feed } from "./feed.js";
import * as reducer from "./reducer.js";
import { setSkew } from "./times.js";

const AGAIN = 2000;

/**
 * @typedef {object} Listener
 * @property {() => void} changed
 * @property {(state: ProjectState, event: Envelope) => void} noticed an event was applied
 * @property {(ping: Ping) => void} pinged
 * @property {(id: string) => void} lost one is no longer in that project
 * @property {(error: unknown) => void} refused
 * @property {(caught: {away: number, count: number}) => void} caught the gap of a cut is filled
 */

export class Sync {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {Boot | null} */
    this.boot = null;
    /** @type {Map<string, ProjectState>} */
    this.projects = new Map();
    /** @type {Feed | null} */
    this.feed = null;
    /** @type {Connection} */
    this.connection = { state: "connecting" };
    /** What keeps the page from loading, in words. @type {string | null} */
    this.failure = null;
    /** The server's pages are made of something newer than this one. */
    this.isOutdated = false;
    /** Who is writing to a session's customer. @type {Map<string, {name: string, until: number}>} */
    this.typists = new Map();
    /** What is being fetched now. @type {Set<string>} */
    this.fetching = new Set();
  }

  /** Load the person and, before the others, the project that is shown first.
   * @param {(boot: Boot) => string | null} first */
  async start(first) {
    try {
      this.boot = /** @type {Boot} */ (await get("/boot"));
      this.failure = null;
    } catch (error) {
      this.#cannotStart(error, first);
      return;
    }
    const shown = first(this.boot);
    if (shown) await this.load(shown);
    this.#connect(this.boot);
    this.listener.changed();
    for (const { id } of this.boot.projects) if (id !== shown) await this.load(id);
  }

  /** @param {unknown} error @param {(boot: Boot) => string | null} first */
  #cannotStart(error, first) {
    if (error instanceof Refused && error.code === "signed_out") {
      this.connection = { state: "ended", code: "signed_out" };
    } else {
      this.failure = error instanceof Refused ? error.message : String(error);
      setTimeout(() => void this.start(first), AGAIN);
    }
    this.listener.changed();
  }

  /** @param {Boot} boot */
  #connect(boot) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.feed = new Feed({
      url: `${scheme}://${location.host}/ws/app/`,
      build: boot.build,
      signs,
      listener: {
        events: (stream, items, upto) => this.#events(stream, items, upto),
        reset: (stream) => void this.load(stream),
        connection: (connection) => this.#connected(connection),
        refused: (code, stream) => code === "no_access" && stream && this.lose(stream),
        typing: (session, name) => this.#typing(session, name),
        build: (build) => { this.isOutdated = build !== boot.build; },
        caught: (caught) => this.listener.caught(caught),
      },
    });
    this.feed.follow(boot.me.stream, boot.me.head);
    for (const state of this.projects.values()) this.feed.follow(state.project.id, state.head);
    this.feed.connect();
  }

  /** @param {Connection} connection */
  #connected(connection) {
    this.connection = connection;
    setSkew(this.feed?.skew ?? 0);
    this.listener.changed();
  }

  /** Fetch a project's snapshot, anew or for the first time. @param {string} id */
  async load(id) {
    if (id === this.boot?.me.stream) {
      await this.#again();
      return;
    }
    try {
      const snapshot = /** @type {Snapshot} */ (await get(`/projects/${id}/snapshot`));
      const chats = [...(this.projects.get(id)?.chats.keys() ?? [])];
      this.projects.set(id, reducer.fromSnapshot(snapshot));
      this.feed?.follow(id, snapshot.head);
      for (const chat of chats.slice(-1)) void this.fetchChat(chat);
    } catch (error) {
      if (error instanceof Refused && error.code === "not_found") this.lose(id);
      else setTimeout(() => void this.load(id), AGAIN);
    }
    this.listener.changed();
  }

  /** One's rights may have changed: ask again which projects there are, and what one may there. */
  async #again() {
    try {
      const boot = /** @type {Boot} */ (await get("/boot"));
      const gone = new Set(this.projects.keys());
      this.boot = boot;
      this.feed?.follow(boot.me.stream, boot.me.head);
      for (const { id } of boot.projects) {
        gone.delete(id);
        void this.load(id);
      }
      for (const id of gone) this.lose(id);
    } catch (error) {
      if (error instanceof Refused && error.code === "signed_out") this.feed?.end("signed_out");
      else setTimeout(() => void this.#again(), AGAIN);
    }
    this.listener.changed();
  }

  /** @param {string} id */
  lose(id) {
    if (!this.projects.delete(id)) return;
    this.feed?.forget(id);
    this.listener.lost(id);
  }

  /** @param {string} stream @param {Envelope[]} items @param {number} upto */
  #events(stream, items, upto) {
    if (stream === this.boot?.me.stream) {
      if (items.some((item) => item.kind === "access.changed")) void this.#again();
      for (const item of items) if (item.kind === "ping.changed") this.listener.pinged(item.data);
      return;
    }
    const state = this.projects.get(stream);
    if (!state) return;
    for (const item of items) {
      if (reducer.applyEvent(state, item)) this.listener.noticed(state, item);
    }
    state.head = Math.max(state.head, upto);
    this.#fill(state);
    this.listener.changed();
  }

  /** Rows have left the loaded part of the line while others wait beyond it: load on.
   * @param {ProjectState} state */
  #fill(state) {
    if (!state.ends.unassigned) return;
    const held = reducer.listOf(state, "unassigned").length;
    if (held < reducer.WINDOW.unassigned) void this.loadMore(state, "unassigned");
  }

  /** @param {string} session @param {string} name */
  #typing(session, name) {
    this.typists.set(session, { name, until: Date.now() + 6000 });
    setTimeout(() => this.listener.changed(), 6100);
    this.listener.changed();
  }

  /** The project in which a session is known. @param {string} session */
  stateOf(session) {
    return [...this.projects.values()].find((state) => state.sessions.has(session));
  }

  // ------------------------------------------------------------------ on demand

  /** The next rows of a list. @param {ProjectState} state
   * @param {"unassigned" | "all" | "completed"} tab */
  async loadMore(state, tab) {
    const rows = reducer.isBegun(state, tab) ? reducer.listOf(state, tab) : [];
    const after = rows.length ? `&after=${rows[rows.length - 1].id}` : "";
    await this.#once(`${state.project.id} ${tab}`, async () => {
      const page = await get(`/projects/${state.project.id}/sessions?tab=${tab}${after}`);
      reducer.addPage(state, tab, /** @type {Page} */ (page));
    });
  }

  /** A chat's last messages. Resolves to its project, or to nothing if it cannot be seen.
   * @param {string} id @returns {Promise<string | undefined>} */
  async fetchChat(id) {
    let project;
    await this.#once(id, async () => {
      const detail = /** @type {Detail} */ (await get(`/sessions/${id}`));
      const state = this.projects.get(detail.session.project);
      project = detail.session.project;
      if (state && !reducer.addDetail(state, detail)) setTimeout(() => void this.fetchChat(id));
    });
    return project;
  }

  /** The messages before those that are held. @param {ProjectState} state @param {string} id
   * @returns {Promise<boolean>} whether there are more now */
  async loadOlder(state, id) {
    const chat = state.chats.get(id);
    let isDone = false;
    if (!chat?.more) return isDone;
    await this.#once(`${id} older`, async () => {
      const detail = /** @type {Detail} */ (await get(`/sessions/${id}?before=${chat.first}`));
      isDone = state.chats.get(id) === chat && reducer.addDetail(state, detail, true);
    });
    return isDone;
  }

  /** Not twice at a time; what passes by itself is tried again. @param {string} name
   * @param {() => Promise<void>} fetch */
  async #once(name, fetch) {
    if (this.fetching.has(name)) return;
    this.fetching.add(name);
    try {
      await fetch();
    } catch (error) {
      if (error instanceof Refused && error.isPassing) {
        setTimeout(() => void this.#once(name, fetch), AGAIN);
      } else {
        this.listener.refused(error);
      }
    }
    this.fetching.delete(name);
    this.listener.changed();
  }
}

/** What this page is like now, for the server. */
function signs() {
  return {
    visible: document.visibilityState === "visible",
    focused: document.hasFocus(),
    notify: globalThis.Notification?.permission ?? "denied",
    sound: false,
    push: false,
  };
}
