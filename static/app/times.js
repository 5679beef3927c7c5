/** Moments and spans in words, in the viewer's zone and language. */
import { gettext, language, ngettext } from "./i18n.js";

const clockTime = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayOfYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const weekdayTime = new Intl.DateTimeFormat(language,
  { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
let skew = 0;

/** The server's clock less this machine's, in milliseconds. @param {number} ms */
export function setSkew(ms) {
  skew = ms;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** 14:32 @param {string} at */
export function time(at) {
  return clockTime.format(new Date(at));
}

/** To the second, for those who ask. @param {string} at */
export function moment(at) {
  return exact.format(new Date(at));
}

/** @param {Date} date */
function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** How many midnights ago. @param {string} at @param {Date} [now] */
export function daysAgo(at, now = new Date()) {
  return Math.round((midnight(now) - midnight(new Date(at))) / DAY);
}

/** The same for all moments of one day. @param {string} at */
export function dayKey(at) {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** 14:32, Yesterday or 3 Nov. @param {string} at @param {Date} [now] */
export function when(at, now = new Date()) {
  const days = daysAgo(at, now);
  if (days <= 0) return time(at);
  return days === 1 ? gettext("Yesterday") : dayOfYear.format(new Date(at));
}

/** What is to come within a week: 09:00 or Mon 09:00. @param {string} at @param {Date} [now] */
export function ahead(at, now = new Date()) {
  return daysAgo(at, now) === 0 ? time(at) : weekdayTime.format(new Date(at));
}

/** @param {string} at @param {Date} [now] */
export function day(at, now = new Date()) {
  const days = daysAgo(at, now);
  if (days <= 0) return gettext("Today");
  return days === 1 ? gettext("Yesterday") : longDay.format(new Date(at));
}

/** Milliseconds since. @param {string} at */
export function since(at) {
  return Math.max(0, Date.now() + skew - new Date(at).getTime());
}

/** @param {number} ms */
export function span(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return ngettext("{n} s", "{n} s", seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return ngettext("{n} min", "{n} min", minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return ngettext("{n} h", "{n} h", hours);
  const days = Math.floor(hours / 24);
  return ngettext("{n} day", "{n} days", days);
}
