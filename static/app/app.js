/**
 * The agents' page: what is open on it and what people can do. Views only read from here.
 *
 * @import { Boot, Message, Ping, Session, Tab } from "./types.js"
 * @import { Pending } from "./outbox.js"
 * @import { Toast } from "./toasts.js"
 */
import { post, Refused } from "./api.js";
import { Drafts } from "./drafts.js";
import { gettext, ngettext } from "./i18n.js";
import { notice } from "./notice.js";
import { Outbox } from "./outbox.js";
import * as reducer from "./reducer.js";
import { Sync } from "./sync.js";
import { span } from "./times.js";
import { Toasts } from "./toasts.js";

const PROJECT = "tgstaff.project";
/** A search looks through so many pages of a list by itself, until it has found so many rows. */
const [SEARCHED, ENOUGH] = [20, 20];

/** @typedef {{kind: "keys"} | {kind: "language"} | {kind: "transfer", agent?: string | null}
 * | {kind: "edit", row: Message, text: string} | {kind: "leave", text: string} | {kind: "erase"}} Dialog */

export class App {
  /** @param {() => void} changed called after every change, to draw again */
  constructor(changed) {
    this.changed = changed;
    this.sync = new Sync({
      changed,
      noticed: (state, event) => {
        notice(this, state, event);
        this.later?.alert(this, state, event);
      },
      pinged: (ping) => void this.later?.pinged(this, ping),
      lost: (id) => this.#lost(id),
      refused: (error) => this.refused(error),
      caught: (caught) => this.#caught(caught),
    });
    /** @type {string | null} */
    this.projectId = null;
    /** @type {string | null} */
    this.chatId = null;
    /** @type {Tab} */
    this.tab = "mine";
    this.filter = "";
    this.showsSide = false;
    this.showsStrip = false;
    /** @type {typeof import("./later.js") | null} */
    this.later = null;
    /** The latest test ping. @type {Ping | null} */
    this.ping = null;
    /** When the worker has beaten last. */
    this.beatAt = Date.now();
    this.toasts = new Toasts(changed);
    /** @type {Dialog | null} */
    this.dialog = null;
    /** The place of the message that is answered. @type {number | null} */
    this.replyTo = null;
    /** How many messages had been seen when the chat was opened. @type {number | null} */
    this.seenBefore = null;
    /** What is being asked of the server now. @type {Set<string>} */
    this.busy = new Set();
    /** @type {Drafts | null} */
    this.drafts = null;
    /** @type {Outbox | null} */
    this.outbox = null;
  }

  async start() {
    await this.sync.start((boot) => this.#begin(boot));
  }

  /** Who it is is known: what he left here last time. @param {Boot} boot */
  #begin(boot) {
    this.drafts = new Drafts(boot.me.id);
    this.outbox = new Outbox({
      user: boot.me.id,
      post: (row) => this.#reply(row),
      refused: (row, refusal) => this.#notSent(row, refusal),
      changed: this.changed,
    });
    this.outbox.hurry();
    const ids = boot.projects.map((row) => row.id);
    const last = localStorage.getItem(PROJECT);
    this.projectId = ids.find((id) => id === last) ?? ids[0] ?? null;
    this.#defaultTab(boot.projects.find((row) => row.id === this.projectId)?.agent ?? null);
    const linked = location.hash.slice(1);
    if (linked) setTimeout(() => void this.follow(linked));
    return this.projectId;
  }

  /** Those who answer nobody have no sessions of their own. @param {string | null} agent */
  #defaultTab(agent) {
    if (!agent) this.tab = "unassigned";
    else if (this.tab === "unassigned") this.tab = "mine";
  }

  // ------------------------------------------------------------------ what happens

  /** @param {string} id */
  #lost(id) {
    if (this.projectId === id) {
      this.projectId = [...this.sync.projects.keys()][0] ?? null;
      this.chatId = null;
    }
    this.toast(gettext("You no longer work in that project."));
  }

  /** @param {{away: number, count: number}} caught */
  #caught({ away, count }) {
    this.outbox?.hurry();
    const gap = gettext("Connected again after {span}.", { span: span(away) });
    const filled = count ? ngettext("{n} update has been filled in.", "{n} updates have been filled in.", count)
      : gettext("Nothing was missed.");
    this.toast(`${gap} ${filled}`, "good");
  }

  // ------------------------------------------------------------------ reading

  get boot() {
    return this.sync.boot;
  }

  get connection() {
    return this.sync.connection;
  }

  get project() {
    return (this.projectId && this.sync.projects.get(this.projectId)) || null;
  }

  get session() {
    return (this.chatId && this.project?.sessions.get(this.chatId)) || null;
  }

  get chat() {
    return (this.chatId && this.project?.chats.get(this.chatId)) || null;
  }

  /** One's own presence in the project. */
  get mine() {
    const state = this.project;
    return state?.me.agent ? state.presence.get(state.me.agent) : undefined;
  }

  /** The rows of the tab that is open. @returns {Session[]} */
  get rows() {
    return this.project ? reducer.rowsOf(this.project, this.tab, this.filter) : [];
  }

  /** In how many chats there is something new, in all projects. */
  get unread() {
    let sum = 0;
    for (const state of this.sync.projects.values()) {
      for (const row of state.sessions.values()) {
        if (reducer.isMine(state, row) && reducer.unreadOf(state, row)) sum += 1;
      }
    }
    return sum;
  }

  /** Who is no agent there has nothing to read and no marks. @param {Session} row */
  unreadOf(row) {
    return this.project?.me.agent ? reducer.unreadOf(this.project, row) : 0;
  }

  /** What one may do with the session that is open. */
  get may() {
    return reducer.mayDo(this.project, this.session);
  }

  get title() {
    const name = this.project?.project.name ?? gettext("Sessions");
    return `${this.unread ? `(${this.unread}) ` : ""}${name} · TG-Staff`;
  }

  // ------------------------------------------------------------------ moving about

  /** @param {string} id */
  choose(id) {
    this.projectId = id;
    localStorage.setItem(PROJECT, id);
    this.#defaultTab(this.project?.me.agent ?? null);
    this.openChat(null);
    this.openTab(this.tab);
  }

  /** @param {Tab} tab */
  openTab(tab) {
    this.tab = tab;
    this.filter = "";
    this.changed();
    if (this.project && !reducer.isBegun(this.project, tab)) this.more();
  }

  /** The next rows of the list that is open, if there are any. */
  more() {
    const { project, tab } = this;
    if (project && tab !== "mine" && project.ends[tab]) void this.sync.loadMore(project, tab);
  }

  /** Filter the list; its next rows are looked through as well, as long as little is found.
   * @param {string} text */
  async search(text) {
    this.filter = text;
    this.changed();
    const { project, tab } = this;
    for (let page = 0; page < SEARCHED && project && tab !== "mine" && text; page += 1) {
      if (!project.ends[tab] || this.rows.length > ENOUGH) break;
      await this.sync.loadMore(project, tab);
      if (this.filter !== text || this.tab !== tab) break;
    }
  }

  /** The messages before those that are held of the chat that is open. */
  async older() {
    const { project, chatId } = this;
    return project !== null && chatId !== null && (await this.sync.loadOlder(project, chatId));
  }

  /** Open a session by its address, in whatever project. @param {string} id */
  async follow(id) {
    const known = this.sync.stateOf(id)?.project.id ?? (await this.sync.fetchChat(id));
    this.projectId = known ?? this.projectId;
    const session = known && this.project?.sessions.get(id);
    if (session) this.openTab(this.#tabOf(session));
    this.openChat(known ? id : null);
  }

  /** @param {Session} session @returns {Tab} */
  #tabOf(session) {
    if (session.state !== "assigned") return session.state;
    return this.project && reducer.isMine(this.project, session) ? "mine" : "all";
  }

  /** @param {string | null} id */
  openChat(id) {
    if (id !== this.chatId) this.#address(id);
    this.chatId = id;
    this.replyTo = null;
    this.dialog = null;
    this.showsSide = false;
    const isNew = id && this.session && this.unreadOf(this.session);
    this.seenBefore = isNew ? this.project?.reads.get(id) ?? 0 : null;
    this.changed();
    if (id) void this.sync.fetchChat(id);
  }

  /** The way back leads from a chat to the list, as on a phone. @param {string | null} id */
  #address(id) {
    const address = id ? `#${id}` : location.pathname;
    if (id && !this.chatId) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }

  /** @param {number} step */
  openNext(step) {
    const rows = this.rows;
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.id === this.chatId);
    const next = at < 0 && step < 0 ? rows.length - 1 : (at + step + rows.length) % rows.length;
    this.openChat(rows[next].id);
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

  /** @param {"online" | "away"} status @param {boolean} [confirmed] though nobody else can receive */
  async setStatus(status, confirmed = false) {
    await this.#ask("status", () => post("/presence", { status, confirmed }));
  }

  async sendPing() {
    await this.#ask("ping", async () => { this.ping = (await post("/pings", {})).ping; });
  }

  /** @param {string} text */
  send(text) {
    const { session } = this;
    if (!session || !text.trim()) return;
    this.drafts?.keep(session.id, "");
    this.outbox?.add(session.id, text, this.replyTo);
    this.replyTo = null;
    this.seenBefore = null;
    this.changed();
  }

  /** @param {Pending} row */
  async #reply({ key, text, reply_to, session }) {
    this.#took(session, await post(`/sessions/${session}/reply`, { key, text, reply_to }));
  }

  /** @param {Pending} row @param {Refused} refusal */
  #notSent(row, refusal) {
    if (refusal.code === "signed_out") this.sync.feed?.end("signed_out");
    else this.discard(row);
    this.refused(refusal);
  }

  /** Do not send it; what was written is a draft again. @param {Pending} row */
  discard(row) {
    this.outbox?.settle(row.key);
    this.drafts?.giveBack(row.session, row.text);
    this.changed();
  }

  /** @param {string} session @param {any} answer */
  #took(session, answer) {
    const state = this.sync.stateOf(session);
    if (state) reducer.addAnswer(state, session, answer);
    if (session === this.chatId && answer.session === null) this.openChat(null);
    this.changed();
  }

  /** @param {"claim" | "complete" | "reopen"} verb @param {string | null} [id] */
  async act(verb, id = this.chatId) {
    if (!id) return;
    const isDone = await this.#ask(verb, async () => {
      this.#took(id, await post(`/sessions/${id}/${verb}`, { key: crypto.randomUUID() }));
    });
    if (isDone && verb === "complete") this.#completed(id);
  }

  /** @param {string} id */
  #completed(id) {
    const name = this.project?.sessions.get(id)?.customer.name ?? "";
    const isBack = this.project?.me.rights.reply && this.project.me.agent;
    const action = isBack
      ? { name: gettext("Reopen"), run: () => void this.act("reopen", id).then(() => this.openChat(id)) }
      : undefined;
    this.toast(gettext("Completed: {name}", { name }), "good", action);
  }

  async completeAndNext() {
    const { rows, chatId } = this;
    const at = rows.findIndex((row) => row.id === chatId);
    const next = rows[at + 1] ?? rows[at - 1];
    await this.act("complete");
    if (this.session?.state !== "assigned") this.openChat(next?.id ?? null);
  }

  /** @param {string | null} agent null: back in line @param {string} reason */
  async transfer(agent, reason) {
    const id = this.chatId;
    if (!id) return;
    const isDone = await this.#ask("transfer", async () => {
      const body = { key: crypto.randomUUID(), agent, reason };
      this.#took(id, await post(`/sessions/${id}/transfer`, body));
    });
    if (isDone) this.dialog = null;
    this.changed();
  }

  /** Something is done to a message that was sent. @param {Message} row
   * @param {"resend" | "confirm" | "edit" | "recall"} verb @param {FormDataEntryValue | null} [text] */
  async change(row, verb, text) {
    const isDone = await this.#ask(verb + row.id, async () => {
      const body = { key: crypto.randomUUID(), message: row.id, text };
      this.#took(row.session, await post(`/sessions/${row.session}/${verb}`, body));
    });
    if (isDone) this.dialog = null;
    this.changed();
  }

  /** All that is known of the customer of the open chat goes for good. */
  async erase() {
    const id = this.chatId;
    if (!id) return;
    const isDone = await this.#ask("erase", async () => {
      this.#took(id, await post(`/sessions/${id}/erase`, { key: crypto.randomUUID() }));
    });
    if (!isDone) return;
    this.dialog = null;
    this.toast(gettext("The customer is erased."), "good");
  }

  async takeOver() {
    await this.transfer(this.project?.me.agent ?? null, "");
  }

  /** @param {string} name @param {() => Promise<any>} request
   * @returns {Promise<boolean>} whether it was done */
  async #ask(name, request) {
    if (this.busy.has(name)) return false;
    this.busy.add(name);
    this.changed();
    let isDone = true;
    try {
      await request();
    } catch (error) {
      isDone = false;
      this.refused(error);
    }
    this.busy.delete(name);
    this.changed();
    return isDone;
  }

  /** @param {unknown} error */
  refused(error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code === "signed_out") this.sync.feed?.end("signed_out");
    else if (error.code === "last_one") this.open({ kind: "leave", text: error.message });
    else this.toast(error.message, "bad");
  }

  // ------------------------------------------------------------------ small things

  /** Show how the session came to where it is. */
  showWhy() {
    this.showsSide = true;
    this.changed();
    queueMicrotask(() => {
      const why = /** @type {HTMLElement | null} */ (document.getElementById("why"));
      why?.scrollIntoView({ block: "nearest" });
      why?.focus();
    });
  }

  /** @param {Dialog | null} dialog */
  open(dialog) {
    this.dialog = dialog;
    this.changed();
  }

  /** @param {string} text @param {Toast["look"]} [look] @param {Toast["action"]} [action] */
  toast(text, look = "", action) {
    this.toasts.add({ text, look, action });
  }
}
