/** Starts the page and draws it again after every change. */
import { render } from "../vendor/lit-3.3.3/lit.js";
import { App } from "./app.js";
import { onKey } from "./keys.js";
import { page } from "./views/page.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
let isPlanned = false;

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

const hurry = () => app.feed?.hurry();
addEventListener("online", hurry);
addEventListener("focus", hurry);
addEventListener("blur", () => app.feed?.beat());
document.addEventListener("visibilitychange", () => {
  hurry();
  app.changed();
});
addEventListener("keydown", (event) => onKey(app, event));
addEventListener("pagehide", () => app.feed?.end("closed"));
addEventListener("pageshow", (event) => event.persisted && location.reload());
setInterval(() => app.changed(), 10_000); // waiting times

const beats = new Worker(new URL("./beat-worker.js", import.meta.url));
beats.onmessage = () => app.feed?.beat();

draw();
await app.start();
beats.postMessage(app.boot?.beat_s ?? 25);
