/**
 * Codes of the server in words for people: rules, system lines, send states.
 *
 * @import { Failure, Message, Presence, Why } from "./types.js"
 */
import { gettext, ngettext } from "./i18n.js";
import { span, since, time } from "./times.js";

/** Why somebody cannot receive, for that person's name beside it. @param {Failure} failure */
export function reason({ code, evidence }) {
  switch (code) {
    case "disabled": return gettext("disabled");
    case "not_member": return gettext("not on the team");
    case "no_reply_right": return gettext("may not reply");
    case "not_in_scope": return gettext("not in the scope");
    case "away": return gettext("away");
    case "offline":
      return evidence.last_seen_at
        ? gettext("offline since {time}", { time: time(evidence.last_seen_at) })
        : gettext("offline");
    case "page_hidden": return gettext("page hidden");
    case "off_hours": return gettext("off hours");
    case "at_limit":
      return gettext("at limit {open} / {limit}", { open: evidence.open, limit: evidence.limit });
    case "already_had_it": return gettext("had it already");
    default: return code;
  }
}

/** Why nobody at all was asked. @param {string} code */
export function projectReason(code) {
  switch (code) {
    case "no_agents": return gettext("The team has no agents yet.");
    case "scope_empty": return gettext("No agent is in the scope.");
    case "project_paused": return gettext("The project is paused.");
    case "bot_invalid": return gettext("Telegram refuses the bot's token.");
    case "too_old": return gettext("It has waited longer than the project's limit; claim it by hand.");
    default: return code;
  }
}

/** @param {string} mode */
export function modeName(mode) {
  return mode === "online_first" ? gettext("Online-First") : gettext("Round-Robin");
}

/** One's own state, as the server sees it. @param {Presence | undefined} mine
 * @returns {{title: string, detail: string, look: "good" | "warn" | "bad" | ""}} */
export function ownState(mine) {
  if (!mine) {
    return { title: gettext("You manage this project"),
      detail: gettext("Only agents on the team answer customers."), look: "" };
  }
  const load = mine.limit === null
    ? ngettext("{n} open session", "{n} open sessions", mine.open)
    : gettext("{open} of {limit} open", { open: mine.open, limit: mine.limit });
  if (mine.codes.length === 0) {
    return { title: gettext("Online: you receive new sessions"), detail: load, look: "good" };
  }
  const first = mine.codes[0];
  const titles = {
    away: gettext("Away: no new sessions"),
    offline: gettext("Not connected: no new sessions"),
    at_limit: gettext("At your limit: no new sessions"),
    not_in_scope: gettext("Not in the scope: no new sessions"),
    no_reply_right: gettext("You may not reply in this project"),
  };
  const title = titles[/** @type {keyof typeof titles} */ (first.code)]
    ?? gettext("You receive no new sessions");
  const others = mine.codes.slice(1).map(reason);
  return { title, detail: [load, ...others].join(" · "), look: first.code === "away" ? "warn" : "bad" };
}

/** A system line as a sentence. @param {Message} row @param {string | null} me */
export function systemLine(row, me) {
  const data = row.data ?? {};
  const agent = data.agent?.id === me && me ? gettext("you") : data.agent?.name ?? "";
  const by = data.by?.name ?? "";
  switch (row.kind) {
    case "opened": return data.payload
      ? gettext("Session opened · came with “{payload}”", { payload: data.payload })
      : gettext("Session opened");
    case "assigned": return data.reason === "former"
      ? gettext("Assigned to {agent} · answered this customer before", { agent })
      : gettext("Assigned to {agent} · {mode}", { agent, mode: modeName(data.mode) });
    case "claimed": return gettext("Taken by {agent}", { agent });
    case "given": return gettext("Given to {agent} by {by}", { agent, by });
    case "transferred": return withNote(gettext("Transferred to {agent} by {by}", { agent, by }), data);
    case "released": return released(data, by);
    case "completed": return by ? gettext("Completed by {by}", { by }) : gettext("Completed");
    case "reopened": return gettext("Reopened by {agent}", { agent: by || agent });
    default: return row.text || row.kind;
  }
}

/** @param {Record<string, any>} data @param {string} by */
function released(data, by) {
  if (data.reason === "owner_vanished") {
    return gettext("{agent} was gone: back to its place in the line", { agent: data.agent?.name ?? "" });
  }
  if (data.reason === "owner_removed") {
    return gettext("{agent} may no longer reply: back in line", { agent: data.agent?.name ?? "" });
  }
  return withNote(by ? gettext("Put back in line by {by}", { by }) : gettext("Put back in line"), data);
}

/** @param {string} text @param {Record<string, any>} data */
function withNote(text, data) {
  return data.note ? `${text} · “${data.note}”` : text;
}

/** What a message that is not text is called. @param {string} kind */
export function kindName(kind) {
  const names = {
    photo: gettext("Photo"), video: gettext("Video"), voice: gettext("Voice message"),
    audio: gettext("Audio"), document: gettext("File"), sticker: gettext("Sticker"),
    animation: gettext("Animation"), video_note: gettext("Video message"),
    contact: gettext("Contact"), location: gettext("Location"), venue: gettext("Place"),
    poll: gettext("Poll"), dice: gettext("Dice"),
    unreadable: gettext("A message that could not be read"),
  };
  return names[/** @type {keyof typeof names} */ (kind)]
    ?? gettext("Not shown here: {kind}", { kind });
}

/** @param {Message["delivery"]} delivery */
export function deliveryName(delivery) {
  const names = {
    "": "", queued: gettext("queued"), sending: gettext("sending"), sent: gettext("sent"),
    failed: gettext("not delivered"), uncertain: gettext("uncertain"),
  };
  return names[delivery];
}

/** Why a message did not go out. @param {{code: string, text: string}} error */
export function deliveryReason({ code, text }) {
  switch (code) {
    case "403": return gettext("The customer has blocked the bot.");
    case "too_late": return gettext("It could not be sent in time, so it was not sent at all.");
    case "401": return gettext("Telegram refuses the bot's token.");
    default: return text || code;
  }
}

export const UNCERTAIN = () => gettext("Telegram took the call, but its answer was lost.");

/** @param {Presence | undefined} row */
export function presenceName(row) {
  if (!row) return gettext("offline");
  const names = { offline: gettext("offline"), away: gettext("away"),
    hidden: gettext("online, page hidden"), online: gettext("online") };
  return names[row.state];
}

/** Why a session waits or who has it, in one sentence. @param {Why} why */
export function whySentence(why) {
  if (why.project_code) return projectReason(why.project_code);
  if (why.outcome === "waiting") return gettext("Nobody can receive it now:");
  return gettext("{mode}, turn {turn}", { mode: modeName(why.mode), turn: why.turn });
}

/** @param {string} at */
export function waits(at) {
  return gettext("waits {span}", { span: span(since(at)) });
}
