/**
 * What a rule of routing is, and what whoever looks can do where it is not met.
 *
 * @import { Why } from "./types.js"
 */
import { gettext } from "./i18n.js";

/** @typedef {{text: string, href?: string, deed?: "online"}} Fix */
/** @typedef {{project: string, managing: boolean, me: string | null}} Viewer */

/** The guide's section on a rule. @param {string} code */
export function helpOn(code) {
  return `/help/rules/#${code.replaceAll("_", "-")}`;
}

/** What this viewer can do for that agent; null where it is in other hands.
 * @param {string} code @param {string} agent @param {Viewer} viewer @returns {Fix | null} */
export function fixFor(code, agent, { project, managing, me }) {
  if (code === "away" && agent === me) return { text: gettext("Go online"), deed: "online" };
  if (!managing) return null;
  const person = `/console/agents/${agent}/`;
  const place = `/console/projects/${project}/`;
  switch (code) {
    case "disabled": return { text: gettext("Enable them"), href: person };
    case "no_reply_right": return { text: gettext("Let them reply"), href: person };
    case "at_limit": return { text: gettext("Raise the limit"), href: person };
    case "off_hours": return { text: gettext("Change their hours"), href: `${person}#hours` };
    case "not_member": return { text: gettext("Add them again"), href: `${place}team/` };
    case "not_in_scope": return { text: gettext("Put them on the list"), href: `${place}rules/#who` };
    case "page_hidden": return { text: gettext("Let hidden pages receive"), href: `${place}rules/#id_hidden_pages_receive` };
    case "not_in_link_list": return { text: gettext("See the link"), href: `${place}links/` };
    default: return null;
  }
}

/** The same where nobody at all was asked. @param {Why["project_code"]} code
 * @param {Viewer} viewer @returns {Fix | null} */
export function fixForAll(code, { project, managing }) {
  if (!managing) return null;
  const place = `/console/projects/${project}/`;
  switch (code) {
    case "no_agents": return { text: gettext("Add the first agent"), href: `${place}team/` };
    case "scope_empty": return { text: gettext("Choose agents"), href: `${place}rules/#who` };
    case "project_paused": return { text: gettext("Resume it"), href: place };
    case "bot_invalid": return { text: gettext("See the bot"), href: `${place}bot/` };
    case "too_old": return { text: gettext("Raise the age limit"), href: `${place}rules/#id_too_old_days` };
    default: return null;
  }
}
