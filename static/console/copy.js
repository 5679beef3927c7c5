/** Buttons that put the text of a field on the clipboard. */
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-copy]"))) {
  const label = /** @type {HTMLElement} */ (button.querySelector("span"));
  button.addEventListener("click", async () => {
    // looked for when it is pressed: a page that renews itself has another one by then
    const field = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.copy ?? ""));
    // without HTTPS there is no clipboard: what is selected can be copied by hand
    if (!navigator.clipboard) field.closest("details")?.setAttribute("open", "");
    field.focus();
    field.select();
    await navigator.clipboard?.writeText(field.value);
    if (navigator.clipboard) label.textContent = button.dataset.copied ?? "";
  });
}
