/** Network weather: what goes wrong between the bots and this Telegram. */

import { api } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { store } from "./store.js";

const KINDS = [
  ["429", "Too many requests (429)", "Refused; the bot is told how long to wait."],
  ["500", "Server error (500)", "Refused, nothing happened."],
  ["502html", "Bad gateway (502)", "A page of HTML instead of an answer, nothing happened."],
  ["cut_before", "Cut before it counts", "The connection breaks, nothing happened."],
  ["cut_after", "Cut after it counts", "It happened, but the bot never hears of it."],
  ["cut_body", "Half an answer", "It happened; the answer ends in the middle."],
  ["empty", "Empty answer", "It happened; the answer has no content."],
  ["hang", "Hangs", "No answer for a minute, nothing happened."],
  ["slow", "Slow", "It happens, the answer takes three seconds."],
  ["401", "Token refused (401)", "As if the token had been revoked."],
  ["403", "Blocked by the user (403)", "As if the person had blocked the bot."],
  ["409", "Conflict (409)", "As if somebody else polled the same bot."],
  ["duplicate_updates", "Updates come twice", "Known updates come again with new ones."],
  ["reorder_updates", "Updates out of order", "A batch arrives in another order."],
  ["refuse", "Server away", "Nobody can connect for ten seconds, this page neither."],
];
const METHODS = ["", "sendMessage", "getUpdates", "getMe", "sendPhoto", "getFile"];

const panel = h("aside", { class: "weather", hidden: true, "aria-label": "Network weather", onkeydown: (event) => { if (event.key === "Escape") toggleWeather(); } });
const storms = h("div", { class: "storms", "aria-live": "polite" });
let opener = null;

export function toggleWeather() {
  panel.hidden = !panel.hidden;
  if (panel.hidden) return opener?.focus();
  opener = document.activeElement;
  panel.querySelector("select")?.focus();
}

export function buildWeather() {
  panel.append(
    h("header", {}, h("h2", {}, "Network weather"), iconButton("close", "Close", toggleWeather)),
    h("p", { class: "lead" }, "Make the way between the bots and Telegram fail, and watch what the product does."),
    storms, h("h3", {}, "New fault"), form());
  drawStorms();
  return panel;
}

export function drawStorms() {
  const faults = [...store.faults.values()].filter((fault) => fault.count !== 0);
  if (!faults.length) return storms.replaceChildren(h("div", { class: "calm" }, h("span", { class: "dot good" }), "Clear: everything arrives."));
  const all = h("button", { type: "button", class: "btn", onclick: () => api.removeFaults() }, "Clear all");
  return storms.replaceChildren(...faults.map(storm), all);
}

function storm(fault) {
  const name = KINDS.find(([kind]) => kind === fault.kind)?.[1] ?? fault.kind;
  const bot = fault.bot && store.bots.get(fault.bot);
  const scope = [bot ? `@${bot.username}` : "all bots", fault.method ?? "every call", fault.probability < 1 && `${Math.round(fault.probability * 100)} %`];
  const left = fault.count === null ? "until cleared" : `${fault.count} more`;
  return h("div", { class: "storm" }, h("b", {}, name), h("small", {}, [...scope, left, `struck ${fault.struck} ×`].filter(Boolean).join(" · ")),
    iconButton("close", `Clear ${name}`, () => api.removeFault(fault.id)));
}

function form() {
  const hint = h("p", { class: "hint" }, KINDS[0][2]);
  const kind = h("select", { name: "kind", onchange: () => explain() }, ...KINDS.map(([value, label]) => h("option", { value }, label)));
  const method = h("select", { name: "method" }, ...METHODS.map((name) => h("option", { value: name }, name || "Every call")));
  const scope = h("select", { name: "scope" }, h("option", { value: "" }, "All bots"), h("option", { value: "this" }, "The chosen bot"));
  const count = h("select", { name: "count" }, ...[["1", "Once"], ["3", "3 times"], ["10", "10 times"], ["", "Until cleared"]].map(([value, label]) => h("option", { value }, label)));
  const share = h("output", {}, "100 %");
  const probability = h("input", { type: "range", name: "probability", min: 5, max: 100, step: 5, value: 100, "aria-label": "Share of calls", oninput: () => { share.textContent = `${probability.value} %`; } });
  const wait = h("label", {}, "Seconds to wait", h("input", { type: "number", name: "retry_after", min: 1, max: 3600, value: 5 }));
  const narrowing = h("div", { class: "fields" },
    h("div", { class: "pair" }, h("label", {}, "Whose", scope), h("label", {}, "Which call", method)),
    h("div", { class: "pair" }, h("label", {}, "How often", count), h("label", {}, h("span", {}, "Share of calls ", share), probability)));
  const wrong = h("p", { class: "hint", role: "alert" });
  const explain = () => {
    hint.textContent = KINDS.find(([value]) => value === kind.value)[2];
    wait.hidden = kind.value !== "429";
    narrowing.hidden = kind.value === "refuse";
    method.closest("label").hidden = kind.value.endsWith("_updates");
  };
  const submit = (event) => {
    event.preventDefault();
    wrong.textContent = "";
    api.addFault(fields(new FormData(event.target))).catch((error) => { wrong.textContent = error.message; });
  };
  return h("form", { class: "fields", onsubmit: submit }, h("label", {}, "What happens", kind), hint, wait, narrowing, wrong,
    h("button", { type: "submit", class: "btn pri" }, icon("weather"), "Let it happen"));
}

/** @param {FormData} data */
function fields(data) {
  const kind = String(data.get("kind"));
  if (kind === "refuse") return { kind, seconds: 10 };
  const body = { kind, probability: Number(data.get("probability")) / 100 };
  if (data.get("count")) body.count = Number(data.get("count"));
  if (data.get("scope") && store.bot !== null) body.bot = store.bot;
  if (data.get("method") && !kind.endsWith("_updates")) body.method = data.get("method");
  if (kind === "429") body.retry_after = Number(data.get("retry_after"));
  if (kind === "slow") body.seconds = 3;
  return body;
}
