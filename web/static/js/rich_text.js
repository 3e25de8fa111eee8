// textarea[data-rich] becomes an editor. The text area stays, unseen, and is what the form sends.
import { whenNew } from "./when_new.js";

export function startRichText() {
  whenNew("textarea[data-rich]", enrich);
  // Pictures and files do not travel in a sales mail's text: attachments have their own field.
  document.addEventListener("trix-file-accept", (event) => event.preventDefault());
}

async function enrich(area) {
  await editor();
  const element = document.createElement("trix-editor");
  element.setAttribute("input", area.id);
  element.setAttribute("aria-label", area.labels?.[0]?.textContent ?? "Text");
  for (const name of ["aria-describedby", "aria-invalid"])
    if (area.hasAttribute(name)) element.setAttribute(name, area.getAttribute(name));
  if (area.readOnly) element.setAttribute("contenteditable", "false");
  area.hidden = true;
  area.required = false;
  if (area.matches("[data-takes-focus]")) element.addEventListener("trix-initialize", () => element.focus());
  area.after(element);
  element.addEventListener("trix-change", () => area.dispatchEvent(new Event("input", { bubbles: true })));
}

async function editor() {
  if (!document.querySelector("link[data-trix]")) {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet" });
    sheet.href = new URL("../packages/trix.css", import.meta.url).href;
    sheet.dataset.trix = "";
    // Before ours, so that ours have the last word.
    document.head.prepend(sheet);
  }
  await import("../packages/trix.esm.min.js");
}
