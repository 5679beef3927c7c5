/** Keeps a part of a page current: fetches it again and replaces what has changed. */
const EVERY_MS = 4000;

const place = /** @type {HTMLElement} */ (document.querySelector("[data-refresh]"));
const stale = /** @type {HTMLElement} */ (document.querySelector("[data-stale]"));
const address = /** @type {string} */ (place.dataset.refresh);

async function refresh() {
  try {
    const answer = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(10_000) });
    // signed out, or no manager any more: the server says so better on a page of its own
    if (answer.type === "opaqueredirect" || answer.status === 404) location.reload();
    else if (answer.ok) show(await answer.text());
    stale.hidden = answer.ok;
  } catch {
    stale.hidden = false;
  }
}

/** @param {string} text */
function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const part of place.querySelectorAll("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${part.getAttribute("data-part")}"]`);
    // text that is being selected, to be copied by hand, stays
    const isRead = part.querySelector("textarea:focus") !== null;
    if (next && next.outerHTML !== part.outerHTML && !isRead) replace(part, next);
  }
}

/** The focus stays where it was. @param {Element} part @param {Element} next */
function replace(part, next) {
  const within = [...part.querySelectorAll("a, button")].indexOf(/** @type {any} */ (document.activeElement));
  part.replaceWith(next);
  const same = next.querySelectorAll("a, button")[within];
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}

async function run() {
  if (!document.hidden) await refresh();
  setTimeout(run, EVERY_MS);
}

setTimeout(run, EVERY_MS);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void refresh();
});
