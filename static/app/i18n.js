/**
 * Words. The catalogue is Django's (`/app/i18n.js`), the source language English.
 */

/** @typedef {Record<string, string | number>} Values */

/** @param {string} text @param {Values} values */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @type {any} */
const catalogue = /** @type {any} */ (globalThis).django ?? {};

/** The text in the viewer's language, with `{name}` filled in.
 * @param {string} text @param {Values} [values] @returns {string} */
export function gettext(text, values = {}) {
  return fill(catalogue.gettext ? catalogue.gettext(text) : text, values);
}

/** @param {string} one @param {string} many @param {number} n @param {Values} [values]
 * @returns {string} */
export function ngettext(one, many, n, values = {}) {
  const text = catalogue.ngettext ? catalogue.ngettext(one, many, n) : n === 1 ? one : many;
  return fill(text, { n, ...values });
}

export const language = globalThis.document?.documentElement.lang || "en";

const oneDigit = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** With one decimal. @param {number} n */
export const decimal = (n) => oneDigit.format(n);
