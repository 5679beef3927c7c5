/** Small things that views share. */
import { html, svg } from "../../vendor/lit-3.3.3/lit.js";
import { initials } from "../words.js";

/** Take the icons into the page: those of another file are not drawn without a connection. */
export async function loadIcons() {
  const answer = await fetch(new URL("../../icons.svg", import.meta.url));
  const sprite = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  for (const symbol of sprite.children) symbol.id = `icon-${symbol.id}`;
  sprite.setAttribute("class", "sr");
  sprite.setAttribute("aria-hidden", "true");
  document.body.append(sprite);
}

/** @param {string} name */
export function icon(name) {
  return html`<svg class="i" aria-hidden="true">${svg`<use href="#icon-${name}"></use>`}</svg>`;
}

/** @param {string} name @param {string} id @param {string} [size] */
export function avatar(name, id, size = "") {
  return html`<span class="av av-${shade(id)} ${size}" aria-hidden="true">${initials(name)}</span>`;
}

/** @param {string} id */
function shade(id) {
  return parseInt(id.slice(0, 4), 16) % 8;
}
