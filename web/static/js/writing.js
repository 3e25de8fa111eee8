// Writing a mail: fields and snippets are inserted where the cursor stands, and preview and hints follow what is typed.
import { whenNew } from "./when_new.js";

const PATIENCE = 700;
let last = null;
let waiting = null;

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-takes-fields], trix-editor")) last = event.target;
});

document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-inserts]");
  if (chip) insert(last?.isConnected ? last : document.querySelector("trix-editor, [data-takes-fields]"), chip.dataset);
  const button = event.target.closest("[data-previews]");
  if (button) { event.preventDefault(); preview(button); }
});

document.addEventListener("input", (event) => {
  const writing = event.target.closest("[data-previewed]");
  const button = writing?.querySelector("[data-previews]");
  if (!button) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    preview(button);
    writing.querySelector(".hints")?.dispatchEvent(new Event("paused"));
  }, PATIENCE);
});

whenNew("[data-previews]", preview);

// A snippet keeps its links and lists in the editor; a plain field gets its text.
function insert(field, { inserts, insertsHtml }) {
  if (!field) return;
  field.focus();
  if (field.editor && insertsHtml) { field.editor.insertHTML(insertsHtml); return; }
  if (field.editor) { field.editor.insertString(inserts); return; }
  field.setRangeText(inserts, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// A form of its own, so that looking at the preview does not count as saving.
function preview(button) {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: button.formAction, target: button.formTarget, hidden: true });
  for (const [name, value] of new FormData(button.form)) {
    if (value instanceof File) continue;
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
  form.remove();
}
