// A form[data-unsaved] that was changed and not sent asks before the page is left.
const changed = new Set();

export function startUnsaved() {
  document.addEventListener("input", (event) => {
    const form = event.target.form ?? event.target.closest?.("form");
    if (form?.matches("[data-unsaved]")) changed.add(form);
  });
  document.addEventListener("submit", (event) => changed.delete(event.target));
  document.addEventListener("reset", (event) => changed.delete(event.target));
  document.addEventListener("kept", (event) => changed.delete(event.target));  // by js/drafts.js
  addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });
}
