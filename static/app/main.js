/** Starts the page and draws it again after every change. */
import { render } from "../vendor/lit-3.3.3/lit.js";
import { App } from "./app.js";
import { onKey } from "./keys.js";
import { loadIcons } from "./views/bits.js";
import { page } from "./views/page.js";

/** So long nobody touches the page before it may replace itself by a newer version. */
const IDLE = 60_000;
const RELOADED = "tgstaff.reloaded";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
let isPlanned = false;
let touchedAt = Date.now();

const app = new App(() => {
  if (isPlanned) return;
  isPlanned = true;
  queueMicrotask(draw); // not by animation frames: a hidden tab has none, but has a title
});

function draw() {
  isPlanned = false;
  render(page(app), root);
  document.title = app.title;
}

/** A newer version replaces this one when nobody is busy with it; what was begun is kept. */
function renew() {
  const isIdle = document.hidden || Date.now() - touchedAt > IDLE;
  const isRecent = Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < 5 * IDLE;
  if (!app.sync.isOutdated || !isIdle || isRecent || app.outbox?.rows.size) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}

const hurry = () => app.sync.feed?.hurry();
for (const name of ["online", "focus", "blur", "resume"]) addEventListener(name, hurry);
document.addEventListener("visibilitychange", () => {
  hurry();
  app.changed();
});
void navigator.permissions?.query({ name: "notifications" })
  .then((permission) => permission.addEventListener("change", hurry)).catch(() => undefined);

addEventListener("keydown", (event) => {
  touchedAt = Date.now();
  onKey(app, event);
});
addEventListener("pointerdown", () => { touchedAt = Date.now(); });
addEventListener("popstate", () => {
  const id = location.hash.slice(1);
  if (id !== (app.chatId ?? "")) void (id ? app.follow(id) : app.openChat(null));
});
addEventListener("pagehide", () => app.sync.feed?.end("closed"));
addEventListener("pageshow", (event) => event.persisted && location.reload());
setInterval(() => app.connection.state === "live" || app.changed(), 1000); // the countdown
setInterval(() => { // waiting times
  app.changed();
  renew();
}, 10_000);

const beats = new Worker(new URL("./beat-worker.js", import.meta.url));
beats.onmessage = () => {
  app.beatAt = Date.now();
  hurry();
};

void loadIcons();
draw();
await app.start();
beats.postMessage(app.boot?.beat_s ?? 25);
void later();

/** @returns {Promise<void>} */
async function later() {
  try {
    app.later = await import("./later.js");
    app.later.begin(app);
    app.changed();
  } catch {
    setTimeout(later, 2000);
  }
}
