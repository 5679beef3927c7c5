/**
 * What somebody has begun to write, by session: kept in this browser for this person alone.
 */
export class Drafts {
  /** @param {string} user @param {Storage} [storage] */
  constructor(user, storage = localStorage) {
    this.prefix = `tgstaff.${user}.draft.`;
    this.storage = storage;
    /** @type {Map<string, string>} */
    this.texts = new Map();
    for (const key of Object.keys(storage)) {
      if (key.startsWith(this.prefix)) {
        this.texts.set(key.slice(this.prefix.length), storage.getItem(key) ?? "");
      }
    }
  }

  /** @param {string} session */
  of(session) {
    return this.texts.get(session) ?? "";
  }

  /** @param {string} session @param {string} text */
  keep(session, text) {
    if (text) this.texts.set(session, text);
    else this.texts.delete(session);
    try {
      if (text) this.storage.setItem(this.prefix + session, text);
      else this.storage.removeItem(this.prefix + session);
    } catch {
      // A full or forbidden storage: the draft lives as long as the page.
    }
  }

  /** Put a text back before what has been begun since. @param {string} session @param {string} text */
  giveBack(session, text) {
    this.keep(session, [text, this.of(session)].filter(Boolean).join("\n"));
  }
}
