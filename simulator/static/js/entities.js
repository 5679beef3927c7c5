/** Text with Telegram's entities (offsets in UTF-16 units, which is how JavaScript counts) to nodes. */

import { h } from "./dom.js";

/** @param {string} text @param {any[]} entities @returns {(Node|string)[]} */
export function formatted(text, entities) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return render(text, sorted, 0, text.length);
}

function render(text, entities, start, end) {
  const nodes = [];
  let position = start;
  for (let index = 0; index < entities.length; ) {
    const entity = entities[index];
    const stop = Math.min(entity.offset + entity.length, end);
    if (entity.offset < position || stop <= entity.offset) {
      index += 1; // overlaps what is drawn already
      continue;
    }
    nodes.push(text.slice(position, entity.offset));
    let next = index + 1;
    while (next < entities.length && entities[next].offset < stop) next += 1;
    const inner = render(text, entities.slice(index + 1, next), entity.offset, stop);
    nodes.push(wrap(entity, text.slice(entity.offset, stop), inner));
    // A block ends its line by itself.
    position = BLOCKS.has(entity.type) && text[stop] === "\n" ? stop + 1 : stop;
    index = next;
  }
  nodes.push(text.slice(position, end));
  return nodes.filter((node) => node !== "");
}

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

function wrap(entity, text, inner) {
  if (entity.type in TAGS) return h(TAGS[entity.type], {}, ...inner);
  switch (entity.type) {
    case "pre": return h("pre", {}, h("code", {}, ...inner));
    case "spoiler": return spoiler(inner);
    case "url": return link(text, inner);
    case "text_link": return link(entity.url, inner);
    case "email": return h("a", { href: `mailto:${text}` }, ...inner);
    default: return h("span", {}, ...inner);
  }
}

function spoiler(inner) {
  const open = (event) => event.currentTarget.classList.add("open");
  return h("span", { class: "spoiler", role: "button", tabindex: 0, onclick: open, onkeydown: open }, ...inner);
}

/** Only what is plainly a web address becomes a link. */
function link(address, inner) {
  if (!/^https?:\/\//i.test(address)) return h("span", {}, ...inner);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...inner);
}
