/** Tells what changed rules would mean, while they are being changed. */
const PAUSE_MS = 300;

const rulesForm = /** @type {HTMLFormElement} */ (document.querySelector("[data-rehearse]"));
let asked = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

async function look() {
  asked += 1;
  const mine = asked;
  const body = new FormData(rulesForm);
  body.set("do", "look");
  const told = await ask(body).catch(() => null);
  // what has been changed since is asked about already
  if (mine !== asked) return;
  const place = /** @type {Element} */ (document.getElementById("meaning"));
  if (told) place.replaceChildren(...told.childNodes);
  else place.replaceChildren();
}

/** @param {FormData} body */
async function ask(body) {
  const answer = await fetch(location.pathname, {
    method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) return null;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  return fresh.getElementById("meaning");
}

rulesForm.addEventListener("input", () => {
  document.getElementById("replay")?.remove(); // it was of what stood here before
  clearTimeout(timer);
  timer = setTimeout(() => void look(), PAUSE_MS);
});
