/** Keeps parts of a page current: fetches each again and replaces what has changed in it. */
const EVERY_S = 4;

const stale = /** @type {HTMLElement | null} */ (document.querySelector("[data-stale]"));

class Place {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.address = /** @type {string} */ (element.dataset.refresh);
    this.everyMs = Number(element.dataset.every ?? EVERY_S) * 1000;
    this.isAside = element.dataset.every !== undefined;
  }

  async refresh() {
    try {
      const answer = await fetch(this.address, { redirect: "manual", signal: AbortSignal.timeout(10_000) });
      // signed out, or no manager any more: the server says so better on a page of its own
      if (answer.type === "opaqueredirect" || answer.status === 404) this.leave();
      else if (answer.ok) this.show(await answer.text());
      this.tell(answer.ok);
    } catch {
      this.tell(false);
    }
  }

  /** What stands aside takes nobody away from a form that he is filling in. */
  leave() {
    if (!this.isAside) location.reload();
  }

  /** @param {boolean} isCurrent */
  tell(isCurrent) {
    if (stale && !this.isAside) stale.hidden = isCurrent;
  }

  /** @param {string} text */
  show(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const part of this.element.querySelectorAll("[data-part]")) {
      const next = fresh.querySelector(`[data-part="${part.getAttribute("data-part")}"]`);
      // text that is being selected, to be copied by hand, stays
      const isRead = part.querySelector("textarea:focus") !== null;
      if (next && next.outerHTML !== part.outerHTML && !isRead) replace(part, next);
    }
  }

  async run() {
    if (!document.hidden) await this.refresh();
    setTimeout(() => void this.run(), this.everyMs);
  }
}

/** The focus stays where it was. @param {Element} part @param {Element} next */
function replace(part, next) {
  const within = [...part.querySelectorAll("a, button")].indexOf(/** @type {any} */ (document.activeElement));
  part.replaceWith(next);
  const same = next.querySelectorAll("a, button")[within];
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}

const places = [...document.querySelectorAll("[data-refresh]")]
  .map((element) => new Place(/** @type {HTMLElement} */ (element)));
for (const place of places) setTimeout(() => void place.run(), place.everyMs);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const place of places) void place.refresh();
});
