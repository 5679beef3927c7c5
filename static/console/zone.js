/** Suggests the time zone that this browser lives in. */
const field = /** @type {HTMLInputElement} */ (document.querySelector("[name=time_zone]"));
if (field.value === "UTC") field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
