// Keys for lists. J and K move among [data-row]; any other key presses the element that names it (data-key),
// first in the row at hand, then on the page. Typing is never disturbed.
import { open } from "./dialogs.js";
import { reach } from "./selection.js";

const OFF = "keys-off";
let place = 0;
let wasAtRow = false;

export function startKeys() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("focusin", remember);
  document.addEventListener("htmx:before:swap", () => (wasAtRow = Boolean(rowAtHand())));
  document.addEventListener("htmx:after:swap", () => setTimeout(goBack, 0));
  for (const box of document.querySelectorAll("[data-keys-on]")) {
    box.checked = !localStorage.getItem(OFF);
    box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  }
  const first = rows()[0];
  if (first && !rows().some((row) => row.tabIndex === 0)) first.tabIndex = 0;
}

function pressed(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return finish(event);
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "?" ? open("#keys") : answers(event)) event.preventDefault();
}

function answers(event) {
  if (localStorage.getItem(OFF) || document.querySelector("dialog[open], .menu:popover-open")) return false;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "j") return move(1);
  if (key === "k") return move(-1);
  if (key === "x") return choose(event.shiftKey);
  if (key === "Escape") return press(document, "[data-bulk]:not([hidden]) [data-select-none]");
  // Enter belongs to the link or button that has the focus; only a row itself hands it on.
  if (key === "Enter" && !event.target.matches("[data-row]")) return false;
  return pressNamed(key);
}

// Ctrl + Enter presses the primary button of the form that one writes in, whatever field the cursor stands in.
function finish(event) {
  const button = event.target.closest("form")?.querySelector(".btn.main[type=submit]:not(:disabled)");
  if (!button) return;
  event.preventDefault();
  button.click();
}

function isTyping(element) {
  if (element.matches("input[type=checkbox], input[type=radio], input[type=button]")) return false;
  return element.isContentEditable || element.matches("input, textarea, select, trix-editor");
}

function rows() {
  return [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
}

function rowAtHand() {
  return document.activeElement?.closest("[data-row]");
}

function move(step) {
  const all = rows();
  const at = all.indexOf(rowAtHand());
  const next = at < 0 ? all[Math.min(place, all.length - 1)] : all[at + step];
  if (next) stand(next);
  return all.length > 0;
}

function stand(row) {
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function choose(shift) {
  const box = rowAtHand()?.querySelector("[data-select]");
  if (!box) return false;
  box.checked = !box.checked;
  reach(box, shift);
  return true;
}

function pressNamed(key) {
  const named = `[data-key~="${CSS.escape(key)}"]`;
  return press(rowAtHand(), named) || press(document, `${named}:not([data-row] *)`, true);
}

function press(within, selector, newest = false) {
  const found = [...(within?.querySelectorAll(selector) ?? [])].filter((element) => element.offsetParent !== null);
  const element = newest ? found.at(-1) : found[0];
  if (!element || element.disabled) return false;
  if (element.type === "radio") take(found.filter((one) => one.name === element.name));
  else if (element.matches("input, textarea")) element.focus();
  else element.click();
  return true;
}

// A key of several radios leads to the first, from where the arrows go on; a key of one chooses it.
function take(radios) {
  radios[0].focus();
  if (radios.length === 1) radios[0].click();
}

// One row can be reached by Tab: the one that was last at hand.
function remember(event) {
  const row = event.target.closest?.("[data-row]");
  if (!row) return;
  place = rows().indexOf(row);
  for (const other of document.querySelectorAll("[data-row][tabindex='0']")) other.tabIndex = -1;
  row.tabIndex = 0;
}

// When the row at hand was swapped away, its place in the list is kept. A swap elsewhere on the page (the feed
// that is pushed) must not take the focus to a row where none was at hand.
function goBack() {
  const all = rows();
  if (!wasAtRow || document.activeElement !== document.body || all.length === 0) return;
  stand(all[Math.min(place, all.length - 1)]);
}
