/** Short notices that leave by themselves. */

const LASTS = 8000;
const AT_ONCE = 3;

/** @typedef {{text: string, look: "" | "good" | "bad", action?: {name: string, run: () => void}}} Toast */

export class Toasts {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Toast[]} */
    this.rows = [];
  }

  /** @param {Toast} toast */
  add(toast) {
    const others = this.rows.filter((one) => one.text !== toast.text);
    this.rows = [...others, toast].slice(-AT_ONCE);
    setTimeout(() => this.dismiss(toast), LASTS);
    this.changed();
  }

  /** @param {Toast} toast */
  dismiss(toast) {
    this.rows = this.rows.filter((one) => one !== toast);
    this.changed();
  }
}
