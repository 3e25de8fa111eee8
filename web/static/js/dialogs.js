// Dialogs: data-opens="#id" opens one, data-closes or a click beside it closes it.
import { whenNew } from "./when_new.js";

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener && open(opener.dataset.opens)) event.preventDefault();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement && isBeside(event)) event.target.close();
  });
  whenNew("dialog[data-open]", (dialog) => dialog.showModal());
  whenNew("[data-takes-focus]", (element) => element.focus());
}

export function open(selector) {
  const dialog = document.querySelector(selector);
  if (!dialog || dialog.open) return false;
  for (const menu of document.querySelectorAll(":popover-open")) menu.hidePopover();
  dialog.showModal();
  return true;
}

// The backdrop belongs to the dialog: only the place of the click tells them apart.
function isBeside(event) {
  const box = event.target.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
