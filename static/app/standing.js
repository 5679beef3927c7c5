/**
 * Whether one can receive, rule by rule, and what became of a test ping.
 *
 * @import { Failure, Ping, Presence } from "./types.js"
 */
import { decimal, gettext, ngettext } from "./i18n.js";
import { span } from "./times.js";
import { reason } from "./words.js";

/** So long a page may take to answer. */
const PATIENCE = 10_000;

/** @typedef {{look: "good" | "bad" | "warn", title: string, value: string, detail?: string, act?: unknown}} Line */

/** The rules of routing by their codes: what is asked, and what is said where they are met.
 * @param {Presence} mine @returns {[string, string, string[]][]} */
function rules({ open, limit, state }) {
  return [
    [gettext("Your status"), gettext("Online"), ["away"]],
    [gettext("Your page"), state === "hidden" ? gettext("open, hidden") : gettext("open"), ["offline", "page_hidden"]],
    [gettext("Replying"), gettext("allowed"), ["disabled", "not_member", "no_reply_right"]],
    [gettext("Scope"), gettext("you are in it"), ["not_in_scope", "not_in_link_list"]],
    [gettext("Working hours"), gettext("you are within"), ["off_hours"]],
    [gettext("Limit"), limit === null ? gettext("none") : gettext("{open} of {limit} open", { open, limit }), ["at_limit"]],
  ];
}

/** What the server has judged, rule by rule; one that is not known here stands by its code.
 * @param {Presence} mine @returns {Line[]} */
export function judged(mine) {
  const known = rules(mine);
  const codes = new Set(known.flatMap(([,, some]) => some));
  const others = mine.codes.filter(({ code }) => !codes.has(code));
  return [
    ...known.map(([title, value, some]) => ruled(title, value, mine.codes.filter(({ code }) => some.includes(code)))),
    ...others.map((one) => ruled(gettext("Another rule"), "", [one])),
  ];
}

/** @param {string} title @param {string} value @param {Failure[]} failures @returns {Line} */
function ruled(title, value, failures) {
  return failures.length ? { look: "bad", title, value: failures.map(reason).join(", ") }
    : { look: "good", title, value };
}

/** What became of a ping, in a sentence. @param {Ping} ping @param {number} ms its age */
export function outcome({ pages, receipts }, ms) {
  if (!receipts.length) {
    return ms < PATIENCE ? gettext("Sent …") : gettext("No answer after {span}: load the page again.",
      { span: span(PATIENCE) });
  }
  const n = receipts.length;
  const where = n < pages ? gettext("{n} of {pages} pages", { n, pages }) : ngettext("{n} page", "{n} pages", n);
  const s = decimal(Math.max(...receipts.map((row) => row.ms)) / 1000);
  return gettext("Received on {where} in {s} s, {shown}.", { where, s, shown: shown(receipts, ms) });
}

/** @param {Ping["receipts"]} receipts @param {number} ms */
function shown(receipts, ms) {
  if (receipts.some((row) => row.shown)) return gettext("notification shown");
  if (receipts.every((row) => row.notify !== "granted")) return gettext("no notification: not allowed");
  return ms < PATIENCE ? gettext("notification under way") : gettext("no notification came up");
}
