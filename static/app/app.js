/**
 * The agents' page: what it knows and what people can do on it. Views only read from here.
 *
 * @import { Boot, Detail, Message, ProjectState, Session, Snapshot, Tab } from "./types.js"
 * @import { Connection } from "./feed.js"
 */
import { get, post, Refused } from "./api.js";
import { Feed } from "./feed.js";
import { gettext, ngettext } from "./i18n.js";
import * as reducer from "./reducer.js";

const RETRY = [1000, 2000, 4000, 8000, 15_000];
const TOAST_MS = 7000;
const DRAFT = "tgstaff.draft.";

/** @typedef {{key: string, session: string, text: string, reply_to: number | null, at: string,
 *   tries: number}} Pending */
/** @typedef {{id: number, text: string, look: "" | "good" | "bad"}} Toast */
/** @typedef {{kind: "transfer" | "keys" | "why", session?: string}} Dialog */

export class App {
  /** @param {() => void} changed called after every change, to draw again */
  constructor(changed) {
    this.changed = changed;
    /** @type {Boot | null} */
    this.boot = null;
    /** @type {Map<string, ProjectState>} */
    this.projects = new Map();
    /** @type {string | null} */
    this.projectId = null;
    /** @type {string | null} */
    this.chatId = null;
    /** @type {Tab} */
    this.tab = "mine";
    this.filter = "";
    this.showsSide = false;
    /** @type {Connection} */
    this.connection = { state: "connecting" };
    /** @type {string | null} */
    this.failure = null;
    /** @type {Map<string, Pending>} */
    this.pending = new Map();
    /** @type {Toast[]} */
    this.toasts = [];
    /** @type {Dialog | null} */
    this.dialog = null;
    /** @type {number | null} the place of the message that is answered */
    this.replyTo = null;
    /** @type {number | null} */
    this.newFrom = null;
    /** @type {Map<string, {name: string, until: number}>} */
    this.typists = new Map();
    this.busy = new Set();
    /** @type {Feed | null} */
    this.feed = null;
    this.isBehind = false;
  }

  // ------------------------------------------------------------------ loading

  async start() {
    try {
      this.boot = /** @type {Boot} */ (await get("/boot"));
      this.failure = null;
    } catch (error) {
      this.#cannotLoad(error);
      return;
    }
    this.#openFeed(this.boot);
    await Promise.all(this.boot.projects.map((row) => this.#load(row.id)));
    const remembered = localStorage.getItem("tgstaff.project");
    const ids = this.boot.projects.map((row) => row.id);
    this.projectId = ids.find((id) => id === remembered) ?? ids[0] ?? null;
    this.changed();
  }

  /** @param {unknown} error */
  #cannotLoad(error) {
    const refused = error instanceof Refused ? error : null;
    if (refused?.code === "signed_out") {
      this.connection = { state: "ended", code: "signed_out" };
    } else {
      this.failure = refused?.message ?? String(error);
      setTimeout(() => this.start(), 3000);
    }
    this.changed();
  }

  /** @param {Boot} boot */
  #openFeed(boot) {
    this.feed?.end("again");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.feed = new Feed({
      url: `${scheme}://${location.host}/ws/app/`,
      build: boot.build,
      signs,
      listener: {
        events: (stream, items, upto) => this.#events(stream, items, upto),
        reset: (stream) => void this.#load(stream),
        connection: (connection) => this.#connected(connection),
        refused: (code, stream) => code === "no_access" && stream && this.#lost(stream),
        typing: (session, name) => this.#typing(session, name),
      },
    });
    this.feed.follow(boot.me.stream, boot.me.head);
    this.feed.connect();
  }

  /** @param {string} id */
  async #load(id) {
    if (id === this.boot?.me.stream) {
      await this.#again();
      return;
    }
    try {
      const snapshot = /** @type {Snapshot} */ (await get(`/projects/${id}/snapshot`));
      this.projects.set(id, reducer.fromSnapshot(snapshot));
      this.feed?.follow(id, snapshot.head);
      if (this.chatId && id === this.projectId) void this.#fetchChat(this.chatId);
    } catch (error) {
      if (error instanceof Refused && error.code === "not_found") this.#lost(id);
      else setTimeout(() => void this.#load(id), 2000);
    }
    this.changed();
  }

  /** One's rights may have changed: ask again which projects there are. */
  async #again() {
    try {
      const boot = /** @type {Boot} */ (await get("/boot"));
      const known = new Set(this.projects.keys());
      this.boot = boot;
      this.feed?.follow(boot.me.stream, boot.me.head);
      for (const row of boot.projects) if (!known.delete(row.id)) void this.#load(row.id);
      for (const id of known) this.#lost(id);
    } catch (error) {
      if (error instanceof Refused && error.code === "signed_out") this.feed?.end("signed_out");
      else setTimeout(() => void this.#again(), 2000);
    }
    this.changed();
  }

  /** @param {string} id */
  #lost(id) {
    if (!this.projects.delete(id)) return;
    this.feed?.forget(id);
    if (this.projectId === id) {
      this.projectId = [...this.projects.keys()][0] ?? null;
      this.chatId = null;
    }
    this.toast(gettext("You no longer work in that project."));
  }

  /** @param {string} stream @param {import("./types.js").Envelope[]} items @param {number} upto */
  #events(stream, items, upto) {
    if (stream === this.boot?.me.stream) {
      if (items.some((item) => item.kind === "access.changed")) void this.#again();
      return;
    }
    const state = this.projects.get(stream);
    if (!state) return;
    for (const item of items) {
      if (reducer.applyEvent(state, item)) this.#noticed(state, item);
    }
    state.head = Math.max(state.head, upto);
    this.#fill(state);
    this.changed();
  }

  /** What an event means for the page beyond its rows.
   * @param {ProjectState} state @param {import("./types.js").Envelope} item */
  #noticed(state, item) {
    if (item.kind === "message.changed") {
      const row = /** @type {Message} */ (item.data);
      if (row.key) this.pending.delete(row.key);
      if (row.direction === "in") this.typists.delete(row.session);
    } else if (item.kind === "session.gone" && item.data.id === this.chatId) {
      this.toast(gettext("That session went to somebody else."));
      this.chatId = null;
    } else if (item.kind === "session.changed" && item.data.id === this.chatId) {
      if (item.data.was !== item.data.state) void this.#fetchChat(item.data.id);
    }
    if (state.project.id === this.projectId) this.#autoOpen(state, item);
  }

  /** The first session that comes to somebody who has none open is opened for him.
   * @param {ProjectState} state @param {import("./types.js").Envelope} item */
  #autoOpen(state, item) {
    const isWide = matchMedia("(min-width: 901px)").matches;
    if (item.kind !== "session.changed" || this.chatId || !isWide) return;
    if (reducer.isMine(state, item.data) && item.data.was !== "assigned") this.openChat(item.data.id);
  }

  /** Rows have left the loaded part of the line while others wait beyond it: load on.
   * @param {ProjectState} state */
  #fill(state) {
    const shown = reducer.listOf(state, "unassigned").length;
    if (state.ends.unassigned && shown < reducer.WINDOW.unassigned) void this.loadMore("unassigned");
  }

  /** @param {Connection} connection */
  #connected(connection) {
    const wasBehind = this.isBehind;
    this.isBehind = connection.state === "waiting" || (wasBehind && connection.state !== "live");
    if (wasBehind && connection.state === "live") {
      this.toast(gettext("Connected again. Nothing was missed."), "good");
      for (const row of this.pending.values()) void this.#send(row);
    }
    this.connection = connection;
    this.changed();
  }

  // ------------------------------------------------------------------ reading

  get project() {
    return this.projectId ? this.projects.get(this.projectId) ?? null : null;
  }

  get session() {
    return (this.chatId && this.project?.sessions.get(this.chatId)) || null;
  }

  get chat() {
    return (this.chatId && this.project?.chats.get(this.chatId)) || null;
  }

  get mine() {
    const state = this.project;
    return state?.me.agent ? state.presence.get(state.me.agent) : undefined;
  }

  /** The rows of the tab that is open. @returns {Session[]} */
  get rows() {
    const state = this.project;
    if (!state) return [];
    const words = this.filter.trim().toLocaleLowerCase();
    const rows = reducer.listOf(state, this.tab);
    if (this.tab === "mine") rows.sort((a, b) => lastAt(b).localeCompare(lastAt(a)));
    return words ? rows.filter((row) => matches(row, words)) : rows;
  }

  get unread() {
    let sum = 0;
    for (const state of this.projects.values()) {
      for (const row of state.sessions.values()) {
        if (reducer.isMine(state, row)) sum += reducer.unreadOf(state, row) ? 1 : 0;
      }
    }
    return sum;
  }

  /** @param {Session} row */
  unreadOf(row) {
    return this.project ? reducer.unreadOf(this.project, row) : 0;
  }

  // ------------------------------------------------------------------ moving about

  /** @param {string} id */
  choose(id) {
    this.projectId = id;
    this.chatId = null;
    localStorage.setItem("tgstaff.project", id);
    this.changed();
  }

  /** @param {Tab} tab */
  openTab(tab) {
    this.tab = tab;
    this.changed();
    if (tab === "all" && this.project?.ends.all?.[1] === Infinity) void this.loadMore("all");
  }

  /** @param {"unassigned" | "all" | "completed"} tab */
  async loadMore(tab) {
    const state = this.project;
    if (!state || !state.ends[tab] || this.busy.has(tab)) return;
    this.busy.add(tab);
    try {
      const rows = tab === "all" && state.ends.all?.[1] === Infinity
        ? [] : reducer.listOf(state, tab);
      const after = rows.length ? `&after=${rows[rows.length - 1].id}` : "";
      const page = await get(`/projects/${state.project.id}/sessions?tab=${tab}${after}`);
      reducer.addPage(state, tab, page.sessions);
    } catch (error) {
      this.#refused(error);
    }
    this.busy.delete(tab);
    this.changed();
  }

  /** @param {string | null} id */
  openChat(id) {
    this.chatId = id;
    this.replyTo = null;
    this.dialog = null;
    const session = this.session;
    this.newFrom = null;
    if (session && this.unreadOf(session)) this.newFrom = this.unreadOf(session);
    this.changed();
    if (id) void this.#fetchChat(id);
  }

  /** @param {number} step */
  openNext(step) {
    const rows = this.rows;
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.id === this.chatId);
    this.openChat(rows[(at + step + rows.length) % rows.length].id);
  }

  /** @param {string} id */
  async #fetchChat(id) {
    const state = this.project;
    if (!state) return;
    try {
      reducer.addDetail(state, /** @type {Detail} */ (await get(`/sessions/${id}`)));
    } catch (error) {
      if (error instanceof Refused && error.code === "not_found" && this.chatId === id) {
        this.chatId = null;
        this.toast(gettext("That session is not yours to see."));
      } else if (error instanceof Refused && error.isPassing) {
        setTimeout(() => this.chatId === id && void this.#fetchChat(id), 2000);
      } else {
        this.#refused(error);
      }
    }
    this.changed();
  }

  async loadOlder() {
    const { chat, chatId, project } = this;
    if (!chat?.more || !chatId || !project || this.busy.has(chatId)) return;
    this.busy.add(chatId);
    const first = Math.min(...[...chat.messages.values()].map((row) => row.number));
    try {
      reducer.addDetail(project, await get(`/sessions/${chatId}?before=${first}`));
    } catch (error) {
      this.#refused(error);
    }
    this.busy.delete(chatId);
    this.changed();
  }

  /** The newest message is in view. */
  async seen() {
    const { project, session } = this;
    if (!project?.me.agent || !session || !this.unreadOf(session)) return;
    const seen = session.incoming;
    project.reads.set(session.id, seen);
    this.changed();
    await post(`/sessions/${session.id}/read`, { seen }).catch(() => undefined);
  }

  // ------------------------------------------------------------------ acting

  /** @param {"online" | "away"} status */
  async setStatus(status) {
    await this.#act("status", () => post("/presence", { status }));
  }

  /** @param {string} text */
  send(text) {
    const { session } = this;
    if (!session || !text.trim()) return;
    /** @type {Pending} */
    const row = { key: crypto.randomUUID(), session: session.id, text, reply_to: this.replyTo,
      at: new Date().toISOString(), tries: 0 };
    this.pending.set(row.key, row);
    this.replyTo = null;
    this.draft(session.id, "");
    this.changed();
    void this.#send(row);
  }

  /** The key goes with it every time: however often it arrives, it is sent once.
   * @param {Pending} row */
  async #send(row) {
    const { key, text, reply_to: replyTo, session } = row;
    if (this.busy.has(key)) return;
    this.busy.add(key);
    try {
      const answer = await post(`/sessions/${session}/reply`, { key, text, reply_to: replyTo });
      this.#took(answer);
      this.pending.delete(key);
    } catch (error) {
      if (error instanceof Refused && error.isPassing) {
        setTimeout(() => this.pending.has(key) && void this.#send(row),
          RETRY[Math.min(row.tries, RETRY.length - 1)]);
        row.tries += 1;
      } else {
        this.pending.delete(key);
        this.draft(session, text);
        this.#refused(error);
      }
    }
    this.busy.delete(key);
    this.changed();
  }

  /** @param {{head: number, session?: Session | null, message?: Message}} answer */
  #took(answer) {
    if (this.project) reducer.addMessage(this.project, answer.head, answer.message);
  }

  /** @param {"claim" | "complete" | "reopen"} verb */
  async act(verb) {
    const { session } = this;
    if (!session) return;
    await this.#act(verb, () => post(`/sessions/${session.id}/${verb}`, { key: crypto.randomUUID() }));
  }

  async completeAndNext() {
    const rows = this.rows;
    const at = rows.findIndex((row) => row.id === this.chatId);
    const next = rows[at + 1] ?? rows[at - 1];
    await this.act("complete");
    this.openChat(next?.id ?? null);
  }

  /** @param {string | null} agent null: back in line @param {string} why */
  async transfer(agent, why) {
    const { session } = this;
    if (!session) return;
    this.dialog = null;
    await this.#act("transfer", () => post(`/sessions/${session.id}/transfer`,
      { key: crypto.randomUUID(), agent, reason: why }));
  }

  /** @param {string} name @param {() => Promise<any>} request */
  async #act(name, request) {
    if (this.busy.has(name)) return;
    this.busy.add(name);
    this.changed();
    try {
      await request();
    } catch (error) {
      this.#refused(error);
    }
    this.busy.delete(name);
    this.changed();
  }

  /** @param {unknown} error */
  #refused(error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code === "signed_out") this.feed?.end("signed_out");
    else this.toast(error.message, "bad");
  }

  // ------------------------------------------------------------------ small things

  /** The draft of a chat; with a text: keep that. @param {string} session @param {string} [text] */
  draft(session, text) {
    if (text === undefined) return localStorage.getItem(DRAFT + session) ?? "";
    if (text) localStorage.setItem(DRAFT + session, text);
    else localStorage.removeItem(DRAFT + session);
    return text;
  }

  /** @param {string} session @param {string} name */
  #typing(session, name) {
    this.typists.set(session, { name, until: Date.now() + 6000 });
    setTimeout(() => this.changed(), 6100);
    this.changed();
  }

  /** @param {string} text @param {Toast["look"]} [look] */
  toast(text, look = "") {
    const toast = { id: Math.random(), text, look };
    this.toasts = [...this.toasts.slice(-2), toast];
    setTimeout(() => this.dismiss(toast), TOAST_MS);
    this.changed();
  }

  /** @param {Toast} toast */
  dismiss(toast) {
    this.toasts = this.toasts.filter((one) => one !== toast);
    this.changed();
  }

  get title() {
    const name = this.project?.project.name ?? gettext("Sessions");
    const unread = this.unread;
    return `${unread ? `(${unread}) ` : ""}${name} · TG-Staff`;
  }

  /** For screen readers. */
  get summary() {
    return ngettext("{n} chat with new messages", "{n} chats with new messages", this.unread);
  }
}

/** @param {Session} row */
function lastAt(row) {
  return row.last?.at ?? row.opened_at;
}

/** @param {Session} row @param {string} words */
function matches(row, words) {
  const { name, username } = row.customer;
  const text = `${name} @${username} #${row.number} ${row.last?.text ?? ""}`;
  return text.toLocaleLowerCase().includes(words);
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
