/** What lies over the page: transfer, and the keyboard sheet.
 *
 * @import { App } from "../app.js"
 */
import { html, nothing, ref } from "../../vendor/lit-3.3.3/lit.js";
import { gettext } from "../i18n.js";
import { presenceName, reason } from "../words.js";
import { avatar, icon } from "./bits.js";

/** @param {App} app */
export function dialog(app) {
  const close = () => { app.dialog = null; app.changed(); };
  return html`
    <dialog class="sheet" aria-labelledby="sheet-title" @close=${close} @click=${(/** @type {any} */ event) => event.target.tagName === "DIALOG" && close()}
      ${ref((element) => open(/** @type {HTMLDialogElement | undefined} */ (element)))}>
      ${app.dialog?.kind === "transfer" ? transfer(app, close) : keys(close)}
    </dialog>`;
}

/** @param {HTMLDialogElement | undefined} element */
function open(element) {
  queueMicrotask(() => element?.isConnected && !element.open && element.showModal());
}

/** @param {string} title @param {() => void} close */
function head(title, close) {
  return html`<header><h2 id="sheet-title">${title}</h2>
    <button class="icon-btn" aria-label=${gettext("Close")} @click=${close}>${icon("close")}</button></header>`;
}

/** @param {App} app @param {() => void} close */
function transfer(app, close) {
  const { project, session } = app;
  if (!project || !session) return nothing;
  const team = project.project.agents.filter((row) => row.enabled && row.id !== session.owner?.id);
  const choose = (/** @type {string | null} */ agent) => {
    const why = /** @type {HTMLInputElement | null} */ (document.getElementById("transfer-reason"));
    void app.transfer(agent, why?.value ?? "");
  };
  return html`
    ${head(gettext("Who should answer {name}?", { name: session.customer.name }), close)}
    <label class="field"><span>${gettext("Reason, for the team (optional)")}</span>
      <input id="transfer-reason" maxlength="500" autocomplete="off"></label>
    <ul class="choices">
      ${team.map((row) => {
        const presence = project.presence.get(row.id);
        const codes = presence?.codes ?? [];
        const isMe = row.id === project.me.agent;
        return html`<li><button @click=${() => choose(row.id)}
          ?disabled=${codes.length > 0 && !project.me.managing && !isMe}>
          ${avatar(row.name, row.id, "small")}
          <span class="grow"><b>${isMe ? gettext("Me") : row.name}</b>
            <small>${codes.length ? codes.map(reason).join(" · ") : presenceName(presence)}</small></span>
          <span class="chip ${codes.length ? "" : "good"}">${presence?.open ?? 0}${row.limit === null ? "" : ` / ${row.limit}`}</span>
        </button></li>`;
      })}
      ${session.state === "assigned" ? html`<li><button @click=${() => choose(null)}>${icon("inbox")}
        <span class="grow"><b>${gettext("Back in line")}</b>
          <small>${gettext("The next agent who can receive gets it.")}</small></span></button></li>` : nothing}
    </ul>
    ${team.length ? nothing : html`<p class="mute">${gettext("There is nobody else on the team.")}</p>`}`;
}

/** @param {() => void} close */
function keys(close) {
  const rows = [
    ["Alt+J, Alt+K", gettext("next, previous chat")],
    ["N", gettext("next chat with new messages")],
    ["Alt+L", gettext("write a reply")],
    ["Enter", gettext("send")],
    ["Shift+Enter", gettext("new line")],
    ["Alt+E", gettext("complete")],
    ["Alt+Shift+E", gettext("complete and open the next")],
    ["Alt+T", gettext("transfer")],
    ["/", gettext("search the list")],
    ["Esc", gettext("close, go back")],
    ["?", gettext("this sheet")],
  ];
  return html`${head(gettext("Keyboard"), close)}
    <dl class="keys">${rows.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <p class="mute">${gettext("On a Mac, hold Ctrl and Option in place of Alt.")}</p>`;
}
