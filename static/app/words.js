/**
 * Codes of the server in words for people: rules, system lines, send states.
 *
 * @import { Failure, Message, Presence, Why } from "./types.js"
 */
import { decimal, gettext, ngettext } from "./i18n.js";
import { ahead, span, since, when } from "./times.js";

/** Why somebody cannot receive, for that person's name beside it. @param {Failure} failure */
export function reason({ code, evidence }) {
  switch (code) {
    case "disabled": return gettext("disabled");
    case "not_member": return gettext("not on the team");
    case "no_reply_right": return gettext("may not reply");
    case "not_in_scope": return gettext("not in the scope");
    case "away": return sinceWhen(gettext("away"), evidence.since);
    case "offline": return sinceWhen(gettext("offline"), evidence.last_seen_at);
    case "page_hidden": return sinceWhen(gettext("page hidden"), evidence.since);
    case "off_hours": return evidence.next
      ? gettext("off work until {time}", { time: ahead(evidence.next) })
      : gettext("off work");
    case "not_in_link_list": return gettext("not on the link's list");
    case "at_limit":
      return gettext("at limit {open} / {limit}", { open: evidence.open, limit: evidence.limit });
    case "already_had_it": return gettext("had it already");
    default: return code;
  }
}

/** @param {string} state @param {string | null | undefined} at */
function sinceWhen(state, at) {
  return at ? gettext("{state} since {time}", { state, time: when(at) }) : state;
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

/** @typedef {{title: string, detail: string, look: "good" | "warn" | "bad" | ""}} OwnState */

/** One's own state, as the server sees it. @param {Presence | undefined} mine
 * @param {boolean} isLive whether the page is connected
 * @param {string} [code] why the project routes nothing @returns {OwnState} */
export function ownState(mine, isLive, code) {
  if (!mine) {
    return { title: gettext("You manage this project"),
      detail: gettext("Only agents on the team answer customers."), look: "" };
  }
  if (!isLive) {
    return { title: gettext("Not connected"),
      detail: gettext("If this lasts, new sessions go to others."), look: "bad" };
  }
  const load = mine.limit === null
    ? ngettext("{n} open session", "{n} open sessions", mine.open)
    : gettext("{open} of {limit} open", { open: mine.open, limit: mine.limit });
  if (code) return { title: projectReason(code), detail: load, look: "bad" };
  const [first, ...others] = mine.codes;
  if (!first) return { title: gettext("Online: you receive new sessions"), detail: load, look: "good" };
  const look = ["away", "off_hours"].includes(first.code) ? "warn" : "bad";
  return { title: ownReason(first), detail: [load, ...others.map(reason)].join(" · "), look };
}

/** Why one receives nothing, said to oneself. @param {Failure} failure */
function ownReason({ code, evidence }) {
  switch (code) {
    case "away": return gettext("Away: no new sessions");
    case "offline": return gettext("Connecting: no new sessions yet");
    case "page_hidden": return gettext("Your page is hidden: no new sessions");
    case "at_limit": return gettext("At your limit of {limit}: no new sessions", { limit: evidence.limit });
    case "off_hours": return evidence.next
      ? gettext("Outside your working hours: new sessions from {time}", { time: ahead(evidence.next) })
      : gettext("Outside your working hours: no new sessions");
    case "not_in_scope": return gettext("Not in the scope: no new sessions");
    case "no_reply_right": return gettext("You may not reply in this project");
    case "disabled": return gettext("You are disabled in this project");
    default: return gettext("You receive no new sessions");
  }
}

/** A system line as a sentence. @param {Message} row @param {string | null} me */
export function systemLine(row, me) {
  const data = row.data ?? {};
  const agent = data.agent?.id === me && me ? gettext("you") : data.agent?.name ?? "";
  const by = data.by?.name ?? "";
  switch (row.kind) {
    case "opened":
      if (data.link) return gettext("Session opened · came by the link “{link}”", { link: data.link });
      return data.start
        ? gettext("Session opened · came with “{start}”", { start: data.start })
        : gettext("Session opened");
    case "assigned": return assigned(data, agent, by);
    case "claimed": return gettext("Taken by {agent}", { agent });
    case "transferred": return data.agent?.name === by
      ? withNote(gettext("Taken over by {agent}", { agent }), data)
      : withNote(gettext("Transferred to {agent} by {by}", { agent, by }), data);
    case "released": return released(data, by);
    case "completed": return by ? gettext("Completed by {by}", { by }) : gettext("Completed");
    case "reopened": return gettext("Reopened by {agent}", { agent: by || agent });
    default: return row.text || row.kind;
  }
}

/** @param {Record<string, any>} data @param {string} agent @param {string} by */
function assigned(data, agent, by) {
  if (data.reason === "given") return withNote(gettext("Given to {agent} by {by}", { agent, by }), data);
  if (data.reason === "former") {
    return gettext("Assigned to {agent} · answered this customer before", { agent });
  }
  return gettext("Assigned to {agent} · {mode}, turn {turn}",
    { agent, mode: modeName(data.mode), turn: data.turn });
}

/** @param {Record<string, any>} data @param {string} by */
function released(data, by) {
  if (data.reason === "owner_vanished") {
    return gettext("{agent} was gone: back to its place in the line", { agent: data.agent?.name ?? "" });
  }
  if (data.reason === "owner_silent") {
    return gettext("{agent} did not answer in time: back to its place in the line", { agent: data.agent?.name ?? "" });
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
    poll: gettext("Poll"), dice: gettext("Dice"), story: gettext("Story"), game: gettext("Game"),
    paid_media: gettext("Paid media"), checklist: gettext("Checklist"),
    recalled: gettext("Recalled"), unreadable: gettext("A message that could not be read"),
  };
  return names[/** @type {keyof typeof names} */ (kind)]
    ?? gettext("Not shown here: {kind}", { kind });
}

/** What can be told of a message that is not text, in a few words. @param {Message} row */
export function ofContent({ kind, data, change }) {
  if (kind === "recalled") return change?.by ?? "";
  const content = data?.content;
  if (!content || typeof content !== "object") return data?.too_large ? gettext("too large to be shown") : "";
  const names = [content.first_name, content.last_name].filter(Boolean).join(" ");
  const size = content.file_size ? fileSize(content.file_size) : "";
  const length = content.duration ? span(content.duration * 1000) : "";
  const place = kind === "location" ? `${content.latitude}, ${content.longitude}` : content.title;
  const phrase = content.question ?? content.emoji;
  return [names, content.phone_number, content.file_name, phrase, place, content.address, length, size]
    .filter((part) => typeof part === "string" && part).join(" · ");
}

/** @param {number} bytes */
function fileSize(bytes) {
  const kilo = bytes / 1024;
  return kilo < 1024 ? gettext("{n} KB", { n: Math.max(1, Math.round(kilo)) })
    : gettext("{n} MB", { n: decimal(kilo / 1024) });
}

/** The server's preview of a message; a kind without text comes as `[photo]`. @param {string} text */
export function previewText(text) {
  const kind = /^\[([a-z_]+)\]$/.exec(text);
  return kind ? kindName(kind[1]) : text;
}

/** A message in one line. @param {Message} row */
export function messageText(row) {
  return row.text || kindName(row.kind);
}

/** @param {Message["delivery"]} delivery */
export function deliveryName(delivery) {
  const names = {
    "": "", queued: gettext("queued"), sending: gettext("sending"), sent: gettext("sent"),
    failed: gettext("not delivered"), uncertain: gettext("uncertain"),
  };
  return names[delivery];
}

/** Why a message did not go out, or may not have. @param {Pick<Message, "delivery" | "error">} row */
export function deliveryReason({ delivery, error }) {
  if (delivery === "uncertain") {
    return gettext("It may have arrived: Telegram's answer was lost, and it is not sent twice by itself.");
  }
  switch (error?.code) {
    case "403": return gettext("The customer has blocked the bot.");
    case "401": return gettext("Telegram refuses the bot's token.");
    case "too_late": return gettext("It could not be sent in time, so it was not sent at all.");
    case "stopped": return gettext("A part before it was not sent, so the rest was not either.");
    case "gone": return gettext("The customer no longer has this message.");
    case "cannot_edit":
    case "cannot_delete": return gettext("Telegram no longer lets it be changed.");
    case "unreachable": return gettext("Telegram could not be reached.");
    default: return error?.text || error?.code || gettext("Telegram did not take it.");
  }
}

/** How far a change of a message is, where that is worth a word. @param {Message} row */
export function changeName({ change }) {
  if (!change || change.delivery === "sent") {
    return change?.verb === "confirmed" ? gettext("arrived, says {name}", { name: change.by }) : "";
  }
  const isEdit = change.verb === "edited";
  if (!change.error) return isEdit ? gettext("being edited") : gettext("being recalled");
  const why = deliveryReason(change);
  return isEdit ? gettext("Not edited: {why}", { why }) : gettext("Not recalled: {why}", { why });
}

/** @param {Presence | undefined} row */
export function presenceName(row) {
  if (!row) return gettext("offline");
  const names = { offline: gettext("offline"), away: gettext("away"),
    hidden: gettext("online, page hidden"), online: gettext("online") };
  return names[row.state];
}

/** Why a session waits or who has it, in one sentence. @param {Why} why @param {boolean} waits */
export function whySentence(why, waits) {
  if (why.project_code) return projectReason(why.project_code);
  if (why.outcome === "waiting") {
    return waits ? gettext("Nobody can receive it now:") : gettext("Nobody could receive it then:");
  }
  return gettext("{mode}, turn {turn}", { mode: modeName(why.mode), turn: why.turn });
}

/** @param {string} at */
export function waits(at) {
  return gettext("waits {span}", { span: span(since(at)) });
}

/** Letters that stand for a name. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  if (!words.length) return "?";
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  const isWide = /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Emoji_Presentation}/u.test(name);
  const letters = ends.length === 1 && !isWide ? [...words[0]].slice(0, 2) : ends.map((word) => [...word][0]);
  return letters.slice(0, isWide ? 1 : 2).join("").toLocaleUpperCase();
}
