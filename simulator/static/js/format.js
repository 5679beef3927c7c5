/** Words and numbers as people read them. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** @param {number} date seconds since 1970 */
export const clock = (date) => CLOCK.format(date * 1000);

export const dayKey = (date) => new Date(date * 1000).toDateString();

export function day(date) {
  return dayKey(date) === new Date().toDateString() ? "Today" : DAY.format(date * 1000);
}

export function when(date) {
  return dayKey(date) === new Date().toDateString() ? clock(date) : SHORT_DAY.format(date * 1000);
}

export const fullName = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ");

export function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "?")][0] ?? "?").join("").toUpperCase();
}

export const hue = (id) => `hue${id % 8}`;

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

const KINDS = {
  photo: "Photo", document: "File", voice: "Voice message", video: "Video", audio: "Music",
  animation: "GIF", sticker: "Sticker", contact: "Contact", location: "Location",
};
export const kindName = (kind) => KINDS[kind] ?? kind;

/** One line for lists and quotes. */
export function summary(message) {
  if (message.kind === "text") return message.text;
  return message.text ? `${kindName(message.kind)} · ${message.text}` : kindName(message.kind);
}
