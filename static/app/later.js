/** What the page needs some moments after it has begun. Fetched as soon as it has, and not when it is
 * wanted: then the server may have newer files, or be out of reach. */
export { alert, begin, pinged } from "./alerts.js";
export { dialog } from "./views/dialogs.js";
export { strip } from "./views/strip.js";
