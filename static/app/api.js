/** The page's requests. A refusal is thrown with the server's words; writes carry a key of their own. */
import { gettext } from "./i18n.js";

const ROOT = "/app/api";

/** What was asked is refused, or could not be asked. */
export class Refused extends Error {
  /** @param {string} code @param {string} message @param {Record<string, any>} [data] */
  constructor(code, message, data = {}) {
    super(message);
    this.code = code;
    this.data = data;
  }

  /** Nobody has said no: the same request may be made again. */
  get isPassing() {
    return this.code === "unreachable" || this.code === "busy";
  }
}

/** The cookie is newer than the page if somebody has signed in again beside it.
 * @returns {string} */
function csrf() {
  const cookie = document.cookie.split("; ").find((one) => one.startsWith("csrftoken="));
  if (cookie) return cookie.slice("csrftoken=".length);
  const meta = /** @type {HTMLMetaElement | null} */ (document.querySelector("meta[name=csrf]"));
  return meta?.content ?? "";
}

/** @param {string} path @returns {Promise<any>} */
export function get(path) {
  return ask(path, {});
}

/** @param {string} path @param {Record<string, any>} body @returns {Promise<any>} */
export function post(path, body) {
  return ask(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
  });
}

/** @param {string} path @param {RequestInit} options */
async function ask(path, options) {
  const answer = await reach(path, options);
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  if (body?.error) throw new Refused(body.error.code, body.error.message, body.error.data);
  if (answer.status === 403) throw new Refused("signed_out", gettext("You are signed out."));
  throw new Refused("unreachable", gettext("The server did not answer as it should."));
}

/** @param {string} path @param {RequestInit} options */
async function reach(path, options) {
  try {
    return await fetch(ROOT + path, { credentials: "same-origin", ...options });
  } catch {
    throw new Refused("unreachable", gettext("The server cannot be reached."));
  }
}
