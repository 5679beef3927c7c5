/** Light, dark, or as the system has it. theme-early.js applies the choice before the first paint. */
import { gettext } from "./i18n.js";

const KEY = "tgstaff.theme";
const THEMES = ["system", "light", "dark"];

/** @returns {string} */
function chosen() {
  return document.documentElement.dataset.theme ?? "system";
}

export function themeName() {
  const names = { system: gettext("as the system"), light: gettext("light"), dark: gettext("dark") };
  return names[/** @type {keyof typeof names} */ (chosen())];
}

export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  localStorage.setItem(KEY, next);
}
