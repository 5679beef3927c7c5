/** The right pane: who the customer is, and why the session is where it is.
 *
 * @import { App } from "../app.js"
 * @import { Fix, Viewer } from "../fixes.js"
 * @import { CustomerDetail, Session, Visit, Why } from "../types.js"
 */
import { html, nothing } from "../../vendor/lit-3.3.3/lit.js";
import { fixFor, fixForAll, helpOn } from "../fixes.js";
import { gettext, language, ngettext } from "../i18n.js";
import { moment, span, time, when } from "../times.js";
import { reason, whySentence } from "../words.js";
import { avatar, icon } from "./bits.js";

/** @param {App} app */
export function side(app) {
  const { chat, session } = app;
  if (!chat || !session) return html`<aside class="side" aria-label=${gettext("Customer")}></aside>`;
  return html`
    <aside class="side" aria-label=${gettext("Customer")}>
      <button class="icon-btn close-side" aria-label=${gettext("Close")}
        @click=${() => { app.showsSide = false; app.changed(); }}>${icon("close")}</button>
      <div class="person">
        ${avatar(session.customer.name, session.customer.id, "large")}
        <div class="grow"><h2>${session.customer.name}</h2>
          <p class="mute">${known(session)}</p></div>
      </div>
      ${chat.why ? whySection(app, session, chat.why) : nothing}
      ${facts(session)}
      ${chat.visit ? visitSection(chat.visit) : nothing}
      ${earlier(app, chat.customer, session)}
      ${app.project?.me.managing ? html`<section><button class="btn quiet small danger"
        @click=${() => app.open({ kind: "erase" })}>${gettext("Erase this customer…")}</button></section>` : nothing}
    </aside>`;
}

/** @param {Session} session */
function known({ customer }) {
  const parts = [customer.username ? `@${customer.username}` : "", nameOf("language", customer.language)];
  return parts.filter(Boolean).join(" · ") || gettext("no username");
}

/** @param {"language" | "region"} type @param {string} code */
function nameOf(type, code) {
  try {
    const words = type === "language" ? code : language;
    return code ? new Intl.DisplayNames([words], { type }).of(code) ?? code : "";
  } catch {
    return code;
  }
}

/** @param {App} app @param {Session} session @param {Why} why */
function whySection(app, session, why) {
  const me = app.project?.me.agent ?? null;
  const viewer = { project: app.projectId ?? "", managing: !!app.project?.me.managing, me };
  const waits = session.state === "unassigned";
  const title = waits ? gettext("Why it waits")
    : why.outcome === "assigned" && why.agent?.id === session.owner?.id && session.owner
      ? session.owner.id === me ? gettext("Why you") : gettext("Why {name}", { name: session.owner.name })
      : gettext("Last routing");
  return html`
    <section id="why" tabindex="-1"><h3>${title}</h3>
      <div class="why"><p>${why.project_code ? rule(whySentence(why, waits), why.project_code) : whySentence(why, waits)}
        ${waits && why.project_code ? remedy(app, fixForAll(why.project_code, viewer)) : nothing}</p>
        <ul>${why.verdicts.map((verdict) => html`
          <li><span class="dot ${verdict.codes.length ? "" : "good"}"></span>
            <span class=${verdict.agent === why.agent?.id ? "chosen" : ""}>${verdict.agent === me ? gettext("You") : verdict.name}</span>
            <span>${verdict.agent === why.agent?.id ? gettext("got it")
              : verdict.codes.length ? verdict.codes.map((one, place) => html`${place ? ", " : nothing}${rule(reason(one), one.code)}`)
              : gettext("could receive")}</span>
            ${waits ? remedies(app, verdict, viewer) : nothing}</li>`)}
        </ul>
        <p class="faint num" title=${moment(why.at)}>${why.count > 1
          ? ngettext("tried {n} time, last {time}", "tried {n} times, last {time}", why.count, { time: time(why.last_at) })
          : gettext("at {time}", { time: time(why.at) })}</p>
      </div></section>`;
}

/** What is said of a rule leads to what the rule is. @param {string} said @param {string} code */
function rule(said, code) {
  return html`<a href=${helpOn(code)} target="_blank" title=${gettext("What this rule is")}>${said}</a>`;
}

/** @param {App} app @param {Why["verdicts"][0]} verdict @param {Viewer} viewer */
function remedies(app, { agent, codes }, viewer) {
  const fixes = codes.map(({ code }) => fixFor(code, agent, viewer)).filter((fix) => fix !== null);
  return fixes.length ? html`<span class="fixes">${fixes.map((fix) => remedy(app, fix))}</span>` : nothing;
}

/** @param {App} app @param {Fix | null} fix */
function remedy(app, fix) {
  if (!fix) return nothing;
  return fix.deed
    ? html`<button class="link" @click=${() => app.setStatus("online")}>${fix.text}</button>`
    : html`<a class="fix" href=${fix.href ?? ""} target="_blank">${fix.text}</a>`;
}

/** @param {Session} session */
function facts(session) {
  const opened = new Date(session.opened_at).getTime();
  const assigned = session.assigned_at ? new Date(session.assigned_at).getTime() : null;
  return html`
    <section><h3>${gettext("This session")}</h3>
      <dl class="kv num">
        <dt>${gettext("Number")}</dt><dd>#${session.number}</dd>
        <dt>${gettext("Opened")}</dt><dd title=${moment(session.opened_at)}>${when(session.opened_at)}</dd>
        ${assigned === null ? nothing : html`<dt>${gettext("Assigned after")}</dt><dd>${span(Math.max(0, assigned - opened))}</dd>`}
        <dt>${gettext("Agent")}</dt><dd>${session.owner?.name ?? gettext("nobody yet")}</dd>
        ${session.link ? html`<dt>${gettext("Came by")}</dt><dd>${session.link.name}${session.link.campaign ? html` <span class="faint">${session.link.campaign}</span>` : nothing}</dd>` : nothing}
        <dt>${gettext("Messages in")}</dt><dd>${session.incoming}</dd>
        ${session.completed_at ? html`<dt>${gettext("Completed")}</dt><dd title=${moment(session.completed_at)}>${when(session.completed_at)}</dd>` : nothing}
      </dl></section>`;
}

/** @param {Visit} visit */
function visitSection({ at, params, ip, country, browser, referrer }) {
  if (!at) return html`<section><h3>${gettext("Opened the link")}</h3>
    <p class="mute">${gettext("Somebody else, who has passed it on.")}</p></section>`;
  const rows = [[gettext("Opened"), when(at)], ...params, [gettext("Browser"), browser],
    [gettext("Address"), ip], [gettext("Country, roughly"), country && nameOf("region", country)], [gettext("Page before"), referrer]];
  return html`
    <section><h3>${gettext("Opened the link")}</h3>
      <dl class="kv">${rows.map(([name, value]) => value ? html`<dt>${name}</dt><dd>${value}</dd>` : nothing)}</dl>
    </section>`;
}

/** @param {App} app @param {CustomerDetail} customer @param {Session} session */
function earlier(app, customer, session) {
  const past = customer.sessions.filter((row) => row.id !== session.id);
  return html`
    <section><h3>${gettext("Earlier sessions")}</h3>
      ${past.length ? html`<ul class="past">${past.map((row) => html`
        <li><button @click=${() => app.openChat(row.id)}><span class="num">${when(row.opened_at)}</span>
          <span class="grow">#${row.number} · ${row.owner?.name ?? gettext("unanswered")}</span></button></li>`)}</ul>`
        : html`<p class="mute">${gettext("First contact, {time}", { time: when(customer.first_seen_at) })}</p>`}
    </section>`;
}
