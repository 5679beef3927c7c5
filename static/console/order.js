/** Dragging within a list; the new order is submitted when the row is dropped. */
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-order]"));
const rows = () => /** @type {HTMLElement[]} */ ([...form.querySelectorAll("li")]);

/** @type {HTMLElement | null} */
let dragged = null;
let before = "";

const order = () => rows().map((row) => row.id).join();

/** The row that the pointer is above the middle of. @param {number} y */
function below(y) {
  return rows().find((row) => {
    const box = row.getBoundingClientRect();
    return row !== dragged && y < box.top + box.height / 2;
  });
}

for (const row of rows()) {
  // only by its grip, so that names can still be selected
  row.querySelector("[data-grip]")?.addEventListener("pointerdown", () => { row.draggable = true; });
  row.addEventListener("dragstart", () => { dragged = row; before = order(); });
  row.addEventListener("dragend", () => {
    row.draggable = false;
    dragged = null;
    if (order() !== before) form.submit();
  });
}

form.addEventListener("dragover", (event) => {
  if (!dragged) return;
  event.preventDefault();
  dragged.parentElement?.insertBefore(dragged, below(event.clientY) ?? null);
});
