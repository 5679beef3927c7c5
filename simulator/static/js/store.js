/** What the page knows: bots, people, chats, faults. Views listen to `change` events by topic. */

import { api, listen } from "./api.js";

const OPEN_KEY = "simulator.open";

class Store extends EventTarget {
  bots = new Map();
  people = new Map();
  chats = new Map();
  unread = new Map();
  faults = new Map();
  bot = null;
  open = [];
  active = null;
  isLive = false;
  isLoaded = false;
  loads = 0;
  later = [];
  /** A link that was opened and not yet pressed: `{bot, payload}`. */
  link = null;

  tell(topic, detail = {}) {
    this.dispatchEvent(new CustomEvent(topic, { detail }));
  }

  on(topic, listener) {
    this.addEventListener(topic, (event) => listener(/** @type {CustomEvent} */ (event).detail));
  }

  key = (bot, person) => `${bot}:${person}`;
  chat = (person, bot = this.bot) => this.chats.get(this.key(bot, person)) ?? { bot, is_started: false, is_blocked: false, last: null };
  unreadOf = (person) => this.unread.get(this.key(this.bot, person)) ?? 0;

  begin() {
    listen((event) => this.take(event), (isLive) => this.liveChanged(isLive));
  }

  async liveChanged(isLive) {
    this.isLive = isLive;
    if (isLive) await this.load();
    this.tell("live");
  }

  async load() {
    const load = ++this.loads;
    this.isLoading = true;
    const [bots, people, faults] = await Promise.all([api.bots(), api.people(), api.faults()]);
    if (load !== this.loads) return; // asked again meanwhile: that answer is newer
    this.isLoading = false;
    this.bots = new Map(bots.map((bot) => [bot.id, bot]));
    this.people = new Map();
    this.chats = new Map();
    people.forEach((person) => this.keepPerson(person));
    this.faults = new Map(faults.map((fault) => [fault.id, fault]));
    if (!this.bots.has(this.bot)) this.bot = bots[0]?.id ?? null;
    if (!this.isLoaded) this.restore();
    this.open = this.open.filter((person) => this.people.has(person));
    if (!this.open.includes(this.active)) this.active = this.open.at(-1) ?? null;
    this.isLoaded = true;
    this.tell("all");
    for (const event of this.later.splice(0)) this.take(event);
  }

  keepPerson(person) {
    this.people.set(person.id, person);
    for (const chat of person.chats) this.chats.set(this.key(chat.bot, person.id), chat);
  }

  restore() {
    const hash = location.hash.slice(1) || sessionStorage.getItem(OPEN_KEY) || "";
    this.open = [...new Set(hash.split(",").map(Number).filter(Boolean))];
    const link = /^\/([A-Za-z]\w{2,31})$/.exec(location.pathname);
    if (link) this.link = { username: link[1], payload: new URLSearchParams(location.search).get("start") ?? "" };
    const bot = link && [...this.bots.values()].find((item) => item.username.toLowerCase() === link[1].toLowerCase());
    if (bot) this.bot = bot.id;
  }

  remember() {
    sessionStorage.setItem(OPEN_KEY, this.open.join(","));
    history.replaceState(null, "", this.open.length ? `/#${this.open.join(",")}` : "/");
  }

  choosePerson(person) {
    if (!this.open.includes(person)) this.open = [...this.open, person];
    this.active = person;
    this.unread.delete(this.key(this.bot, person));
    this.remember();
    this.tell("open", { focus: person });
  }

  closePerson(person) {
    this.open = this.open.filter((other) => other !== person);
    if (this.active === person) this.active = this.open.at(-1) ?? null;
    this.remember();
    this.tell("open");
  }

  chooseBot(bot) {
    this.bot = bot;
    this.tell("all");
  }

  /**
   * One live event: the facts are kept here, then the views of its topic are told. While the state
   * is being fetched it waits: what is fetched may be older.
   */
  take(event) {
    if (this.isLoading) return this.later.push(event);
    switch (event.type) {
      case "message": case "edited": case "deleted": return this.takeMessage(event);
      case "bot": this.bots.set(event.bot.id, event.bot); this.bot ??= event.bot.id; return this.tell("all");
      case "person": this.keepPerson(event.person); return this.tell("people");
      case "chat": this.chats.set(this.key(event.chat.bot, event.person), event.chat); this.tell("people"); return this.tell("chat", event);
      case "fault": return this.takeFault(event.fault);
      case "burst": case "reset": return this.load();
      default: return this.tell(event.type, event);
    }
  }

  takeMessage(event) {
    if (event.type === "message") {
      const key = this.key(event.bot, event.person);
      this.chats.set(key, { ...this.chat(event.person, event.bot), last: event.message });
      const isSeen = this.open.includes(event.person) && event.bot === this.bot;
      if (event.message.from === "bot" && !isSeen) this.unread.set(key, (this.unread.get(key) ?? 0) + 1);
      this.tell("people");
    }
    this.tell(event.type, event);
  }

  async takeFault(fault) {
    if (fault && this.faults.has(fault.id) && fault.struck > this.faults.get(fault.id).struck) this.faults.set(fault.id, fault);
    else this.faults = new Map((await api.faults()).map((item) => [item.id, item]));
    this.tell("faults");
  }
}

export const store = new Store();
