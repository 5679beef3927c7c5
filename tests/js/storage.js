/** A browser's storage, as far as the page uses it: its keys are its own properties. */
const methods = {
  /** @this {Record<string, string>} @param {string} key */
  getItem(key) {
    return Object.hasOwn(this, key) ? this[key] : null;
  },
  /** @this {Record<string, string>} @param {string} key @param {string} value */
  setItem(key, value) {
    this[key] = value;
  },
  /** @this {Record<string, string>} @param {string} key */
  removeItem(key) {
    delete this[key];
  },
  get length() {
    return Object.keys(this).length;
  },
};

/** @returns {Storage} */
export function memory() {
  return Object.create(methods);
}
