/** What lies over the page: transfer, a message's edit, a question, and the keyboard sheet.
 *
 * @import { App, Dialog } from "../app.js"
 * @import { Failure, Presence, ProjectState, Session, TeamMember } from "../types.js"
 */
import { html, nothing, ref } from "../../vendor/lit-3.3.3/lit.js";
import { gettext } from "../i18n.js";
import { CHORD, isMac } from "../keys.js";
import { presenceName, reason } from "../words.js";
import { avatar, icon } from "./bits.js";

/** Rules that no hand can pass: see routing's allow-list. */
const NEVER = new Set(["disabled", "not_member", "no_reply_right"]);
/** Rules that an agent's hand can pass. */
const WARNED = new Set(["off_hours"]);

/** @param {App} app @param {Dialog} kind */
export function dialog(app, kind) {
  const close = () => app.open(null);
  return html`
    <dialog class="sheet" aria-labelledby="sheet-title" @close=${close}
      @click=${(/** @type {any} */ event) => event.target.tagName === "DIALOG" && close()}
      ${ref((element) => open(/** @type {HTMLDialogElement | undefined} */ (element)))}>
      ${kind.kind === "transfer" ? transfer(app, kind, close)
    : kind.kind === "edit" ? edit(app, kind, close)
    : kind.kind === "erase" ? erase(app, close)
    : kind.kind === "leave" ? leave(app, kind, close)
    : kind.kind === "language" ? language(close) : keys(close)}
    </dialog>`;
}

/** @param {HTMLDialogElement | undefined} element */
function open(element) {
  queueMicrotask(() => {
    if (!element?.isConnected || element.open) return;
    element.showModal();
    /** @type {HTMLElement | null} */ (element.querySelector("input:enabled, textarea"))?.focus();
  });
}

/** @param {string} title @param {() => void} close */
function head(title, close) {
  return html`<header><h2 id="sheet-title">${title}</h2>
    <button class="icon-btn" aria-label=${gettext("Close")} @click=${close}>${icon("close")}</button></header>`;
}

// -------------------------------------------------------------------- transfer

/** @param {App} app @param {Extract<Dialog, {kind: "transfer"}>} chosen @param {() => void} close */
function transfer(app, chosen, close) {
  const { project, session } = app;
  if (!project || !session) return nothing;
  const team = project.project.agents.filter((row) => row.id !== session.owner?.id);
  const target = team.find((row) => row.id === chosen.agent);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const why = String(new FormData(event.target).get("reason") ?? "");
    void app.transfer(chosen.agent ?? null, why);
  };
  return html`
    ${head(gettext("Who should answer {name}?", { name: session.customer.name }), close)}
    <form @submit=${submit}>
      <fieldset class="choices"><legend class="sr">${gettext("Agent")}</legend>
        ${team.map((row) => choice(app, chosen, row, project))}
        ${session.state === "assigned" ? backInLine(app, chosen) : nothing}
      </fieldset>
      ${team.length ? nothing : html`<p class="mute">${gettext("There is nobody else on the team.")}</p>`}
      <label class="field"><span>${gettext("Reason, for the team (optional)")}</span>
        <input name="reason" maxlength="500" autocomplete="off"></label>
      ${warning(target && project.presence.get(target.id))}
      <div class="ends">
        <button type="button" class="btn quiet" @click=${close}>${gettext("Cancel")}</button>
        <button class="btn pri" ?disabled=${chosen.agent === undefined || app.busy.has("transfer")}>
          ${confirmation(chosen, target, session)}</button>
      </div>
    </form>`;
}

/** @param {App} app @param {Extract<Dialog, {kind: "transfer"}>} chosen @param {TeamMember} row
 * @param {ProjectState} project */
function choice(app, chosen, row, project) {
  const presence = project.presence.get(row.id);
  const codes = presence?.codes ?? [];
  const isBarred = !row.enabled || codes.some(({ code }) => NEVER.has(code)
    || (!project.me.managing && !WARNED.has(code)));
  const load = `${presence?.open ?? 0}${row.limit === null ? "" : ` / ${row.limit}`}`;
  return html`
    <label class="choice ${isBarred ? "barred" : ""}">
      <input type="radio" name="agent" .checked=${chosen.agent === row.id} ?disabled=${isBarred}
        @change=${() => app.open({ ...chosen, agent: row.id })}>
      ${avatar(row.name, row.id, "small")}
      <span class="grow"><b>${row.id === project.me.agent ? gettext("Me") : row.name}</b>
        <small>${codes.length ? codes.map(reason).join(" · ") : presenceName(presence)}</small></span>
      <span class="chip num ${codes.length ? "" : "good"}" title=${gettext("open sessions")}>${load}</span>
    </label>`;
}

/** @param {App} app @param {Extract<Dialog, {kind: "transfer"}>} chosen */
function backInLine(app, chosen) {
  return html`
    <label class="choice">
      <input type="radio" name="agent" .checked=${chosen.agent === null}
        @change=${() => app.open({ ...chosen, agent: null })}>
      <span class="av small line" aria-hidden="true">${icon("inbox")}</span>
      <span class="grow"><b>${gettext("Back in line")}</b>
        <small>${gettext("At its end. The next agent who can receive gets it, but not the one who has it now.")}</small></span>
    </label>`;
}

/** A manager's hand passes most rules; he is told which. @param {Presence | undefined} presence */
function warning(presence) {
  const codes = presence?.codes ?? [];
  if (!presence || !codes.length) return nothing;
  return html`<p class="notice warn">${gettext("{name} would not get it by routing: {reasons}. The customer may wait.",
    { name: presence.name, reasons: codes.map(reason).join(", ") })}</p>`;
}

/** @param {Extract<Dialog, {kind: "transfer"}>} chosen @param {TeamMember | undefined} target
 * @param {Session} session */
function confirmation(chosen, target, session) {
  if (chosen.agent === null) return gettext("Put back in line");
  if (!target) return session.state === "unassigned" ? gettext("Give") : gettext("Transfer");
  return session.state === "unassigned" ? gettext("Give to {name}", { name: target.name })
    : gettext("Transfer to {name}", { name: target.name });
}

// -------------------------------------------------------------------- a message that was sent

/** @param {App} app @param {Extract<Dialog, {kind: "edit"}>} chosen @param {() => void} close */
function edit(app, { row, text }, close) {
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    void app.change(row, "edit", new FormData(event.target).get("text"));
  };
  return html`
    ${head(gettext("Edit or recall"), close)}
    <form @submit=${submit}>
      <textarea name="text" rows="6" required dir="auto" aria-labelledby="sheet-title" .value=${text}></textarea>
      <p class="mute">${gettext("The customer's copy changes too. What it said before is kept.")}</p>
      <div class="ends">
        <button type="button" class="btn danger" @click=${() => app.change(row, "recall")}>${gettext("Recall")}</button>
        <span class="grow"></span>
        <button type="button" class="btn quiet" @click=${close}>${gettext("Cancel")}</button>
        <button class="btn pri">${gettext("Save")}</button>
      </div>
    </form>`;
}

// -------------------------------------------------------------------- the last one out

/** @param {App} app @param {Extract<Dialog, {kind: "leave"}>} told @param {() => void} close */
function leave(app, { text }, close) {
  const go = () => {
    close();
    void app.setStatus("away", true);
  };
  return html`${head(gettext("Go away all the same?"), close)}
    <p>${text}</p>
    <div class="ends">
      <button class="btn danger" @click=${go}>${gettext("Go away")}</button>
      <button class="btn pri" autofocus @click=${close}>${gettext("Stay")}</button>
    </div>`;
}

// -------------------------------------------------------------------- a customer is erased

/** @param {App} app @param {() => void} close */
function erase(app, close) {
  const { session } = app;
  if (!session) return nothing;
  return html`${head(gettext("Erase {name} for good?", { name: session.customer.name }), close)}
    <p>${gettext("Gone are the name, every message of every session, and how the links were opened that led here. Nobody can bring them back.")}</p>
    <p class="mute">${gettext("What is counted stays counted. In Telegram the chat stays as it is, and who writes again is a new customer.")}</p>
    <div class="ends">
      <button class="btn danger" ?disabled=${app.busy.has("erase")} @click=${() => app.erase()}>${gettext("Erase for good")}</button>
      <span class="grow"></span>
      <button class="btn pri" autofocus @click=${close}>${gettext("Keep")}</button>
    </div>`;
}

// -------------------------------------------------------------------- language

/** The server's own form, which knows the languages; it moves here from beside the page. */
const languages = document.querySelector("#language form");

/** @param {() => void} close */
function language(close) {
  return html`${head(gettext("Language"), close)}${languages}`;
}

// -------------------------------------------------------------------- keyboard

/** @param {() => void} close */
function keys(close) {
  const rows = [
    [[`${CHORD}J`, `${CHORD}K`], gettext("next, previous chat")],
    [["N"], gettext("next chat with new messages")],
    [[`${CHORD}L`], gettext("write a reply")],
    [["Enter"], gettext("send")],
    [["Shift Enter"], gettext("new line")],
    [[`${CHORD}E`], gettext("complete")],
    [[isMac ? `${CHORD}⇧E` : "Alt Shift E"], gettext("complete and open the next")],
    [[`${CHORD}T`], gettext("transfer")],
    [["/"], gettext("search the list")],
    [["Esc"], gettext("leave what is nearest: field, panel, chat")],
    [["?"], gettext("this sheet")],
  ];
  return html`${head(gettext("Keyboard"), close)}
    <dl class="keys">${rows.map(([names, what]) => html`
      <dt>${/** @type {string[]} */ (names).map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${what}</dd>`)}</dl>
    <p class="mute">${gettext("Keys go by their place, whatever layout is chosen.")}</p>`;
}
