/** Building elements: `h("button", {class: "btn", onclick: f}, "Send")`. Text is always text. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `on…` functions, `dataset`, booleans, or plain values
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "value") element.value = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** @param {string} name @returns {SVGElement} one of the symbols in index.html */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A round button that is only an icon; `label` is what it is called. */
export function iconButton(name, label, onclick, attributes = {}) {
  const classes = `btn quiet round ${attributes.class ?? ""}`.trim();
  return h("button", { type: "button", title: label, "aria-label": label, onclick, ...attributes, class: classes }, icon(name));
}
