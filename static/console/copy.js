/** Buttons that put the text of a field on the clipboard. */
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-copy]"))) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.copy ?? ""));
  const label = /** @type {HTMLElement} */ (button.querySelector("span"));
  button.addEventListener("click", async () => {
    field.select();
    // without HTTPS there is no clipboard: what is selected can be copied by hand
    await navigator.clipboard?.writeText(field.value);
    if (navigator.clipboard) label.textContent = button.dataset.copied ?? "";
  });
}
