// Order by dragging, or by Alt + Up and Alt + Down on the grip. The order is that of the hidden inputs on the page;
// the form named by data-sortable is sent after every move.
import { whenNew } from "./when_new.js";

const PATIENCE = 500;
let waiting = null;

export function startSorting() {
  whenNew("[data-sortable]", makeDraggable);
  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.altKey || !event.target.matches("[data-grip]")) return;
    event.preventDefault();
    move(event.target, step);
  });
}

async function makeDraggable(list) {
  if (!globalThis.Sortable) await import("../packages/sortable.min.js");
  globalThis.Sortable.create(list, {
    group: list.dataset.sortable, handle: "[data-grip]", draggable: "[data-sorted]", animation: 0,
    onEnd: (event) => { if (event.from !== event.to || event.oldIndex !== event.newIndex) send(list.dataset.sortable, 0); },
  });
}

function move(grip, step) {
  const item = grip.closest("[data-sorted]");
  const list = item.closest("[data-sortable]");
  if (!shift(item, list, step)) return;
  grip.focus();
  item.scrollIntoView({ block: "nearest" });
  tell(item);
  send(list.dataset.sortable, PATIENCE);
}

// Past the end of its list an item goes on into the next list of the same form.
function shift(item, list, step) {
  const neighbour = step < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (neighbour) { neighbour[step < 0 ? "before" : "after"](item); return true; }
  const lists = [...document.querySelectorAll(`[data-sortable="${CSS.escape(list.dataset.sortable)}"]`)];
  const next = lists[lists.indexOf(list) + step];
  next?.[step < 0 ? "append" : "prepend"](item);
  return Boolean(next);
}

function tell(item) {
  const list = item.closest("[data-sortable]");
  const at = [...list.children].indexOf(item) + 1;
  const words = `${list.getAttribute("aria-label")}: place ${at} of ${list.children.length}`;
  let said = document.querySelector("#sorting-said");
  if (!said) {
    said = Object.assign(document.createElement("div"), { id: "sorting-said", className: "unseen" });
    said.setAttribute("aria-live", "polite");
    document.body.append(said);
  }
  said.textContent = words;
}

// Several presses in a row are one change.
function send(id, patience) {
  clearTimeout(waiting);
  waiting = setTimeout(() => document.getElementById(id)?.requestSubmit(), patience);
}
