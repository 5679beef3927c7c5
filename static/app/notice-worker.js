/** Served as /app/notices.js: shows notifications for the agents' page, and leads back to it. */
const worker = /** @type {any} */ (self);

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(goTo(event.notification.data));
});

/** The page that is open, or a new one. @param {string | null} session */
async function goTo(session) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const pages = windows.filter((/** @type {any} */ one) => new URL(one.url).pathname === "/app/");
  const page = pages.find((/** @type {any} */ one) => one.visibilityState === "visible") ?? pages[0];
  if (!page) return worker.clients.openWindow(`/app/${session ? `#${session}` : ""}`);
  page.postMessage({ open: session });
  return page.focus();
}
