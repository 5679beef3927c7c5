/**
 * Telegram's formatted text. Offsets are UTF-16 units, as are JavaScript's strings.
 *
 * @import { Entity } from "./types.js"
 */

const KNOWN = new Set([
  "bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote",
  "expandable_blockquote", "url", "text_link", "email", "phone_number", "mention", "text_mention",
  "hashtag", "bot_command",
]);
const SAFE = /^(https?|tg|mailto|tel):/i;

/** @typedef {{text: string, types: Set<string>, href: string | null}} Run */

/**
 * The text cut into runs of equal formatting, in order, nothing lost. Entities that make no sense
 * (outside of the text, unknown) are passed over.
 * @param {string} text @param {Entity[]} [entities] @returns {Run[]}
 */
export function runs(text, entities = []) {
  const sound = entities.filter((one) => isSound(one, text));
  const cuts = new Set([0, text.length]);
  for (const one of sound) cuts.add(one.offset).add(one.offset + one.length);
  const edges = [...cuts].sort((a, b) => a - b);
  return edges.slice(0, -1).map((from, place) => runOf(text, from, edges[place + 1], sound));
}

/** @param {Entity} one @param {string} text */
function isSound(one, text) {
  return KNOWN.has(one.type) && Number.isInteger(one.offset) && Number.isInteger(one.length)
    && one.offset >= 0 && one.length > 0 && one.offset + one.length <= text.length;
}

/** @param {string} text @param {number} from @param {number} to @param {Entity[]} entities
 * @returns {Run} */
function runOf(text, from, to, entities) {
  const covering = entities.filter((one) => one.offset <= from && one.offset + one.length >= to);
  const link = covering.find((one) => hrefOf(one, text) !== null);
  return {
    text: text.slice(from, to),
    types: new Set(covering.map((one) => one.type)),
    href: link ? hrefOf(link, text) : null,
  };
}

/** Where a link leads; null if it is none, or not one that is safe to follow.
 * @param {Entity} one @param {string} text @returns {string | null} */
function hrefOf(one, text) {
  const words = text.slice(one.offset, one.offset + one.length);
  if (one.type === "text_link") return SAFE.test(one.url ?? "") ? /** @type {string} */ (one.url) : null;
  if (one.type === "email") return `mailto:${words}`;
  if (one.type === "phone_number") return `tel:${words.replace(/[^+\d]/g, "")}`;
  if (one.type !== "url") return null;
  if (SAFE.test(words)) return words;
  return /^[a-z][a-z\d+.-]*:/i.test(words) ? null : `https://${words}`;
}
