// Choosing rows: boxes [data-select] anywhere, a bar [data-bulk] that appears with the first and carries the number.
import { whenNew } from "./when_new.js";

let last = null;

export function startSelection() {
  whenNew("[data-bulk]", tell);
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-all]")) set(boxes(), event.target.checked);
    if (event.target.matches("[data-select], [data-select-all], [data-all-matching]")) tell();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-select-none]")) { set(boxes(), false); tell(); }
    if (event.target.matches("[data-select]")) reach(event.target, event.shiftKey);
  });
  document.addEventListener("htmx:after:swap", tell);
}

// With Shift, everything between the last choice and this one follows it.
export function reach(box, shift) {
  const all = boxes();
  if (shift && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    set(all.slice(from, to + 1), box.checked);
  }
  last = box;
  tell();
}

function boxes() {
  return [...document.querySelectorAll("[data-select]")];
}

function set(some, checked) {
  for (const box of some) box.checked = checked;
}

function tell() {
  const boxed = boxes().filter((box) => box.checked).length;
  let chosen = boxed;
  for (const bar of document.querySelectorAll("[data-bulk]")) {
    bar.hidden = boxed === 0;
    const matching = bar.querySelector("[data-all-matching]");
    if (matching && boxed === 0) matching.checked = false;
    chosen = matching?.checked ? Number(matching.value) : boxed;
    for (const count of bar.querySelectorAll("[data-count]")) count.textContent = chosen.toLocaleString("en");
    for (const button of bar.querySelectorAll("[data-words]")) button.textContent = words(button, chosen);
  }
  for (const all of document.querySelectorAll("[data-select-all]")) {
    all.checked = boxed > 0 && boxed === boxes().length;
    all.indeterminate = boxed > 0 && !all.checked;
  }
}

// data-words="Complete {n} tasks" data-one="Complete 1 task"
function words(button, number) {
  const { words, one } = button.dataset;
  return number === 1 && one ? one : words.replace("{n}", number.toLocaleString("en"));
}
