/** Small things that views share. */
import { html, svg } from "../../vendor/lit-3.3.3/lit.js";

const sprite = new URL("../../icons.svg", import.meta.url).pathname;

/** @param {string} name */
export function icon(name) {
  return html`<svg class="i" aria-hidden="true">${svg`<use href="${sprite}#${name}"></use>`}</svg>`;
}

/** @param {string} name @param {string} id @param {string} [size] */
export function avatar(name, id, size = "") {
  return html`<span class="av av-${shade(id)} ${size}" aria-hidden="true">${initials(name)}</span>`;
}

/** @param {string} id */
function shade(id) {
  return parseInt(id.slice(0, 4), 16) % 8;
}

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  if (!words.length) return "?";
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  const isWide = /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Emoji_Presentation}/u.test(name);
  const letters = ends.length === 1 && !isWide ? [...words[0]].slice(0, 2) : ends.map((word) => [...word][0]);
  return letters.slice(0, isWide ? 1 : 2).join("").toLocaleUpperCase();
}
