// Dates are easier read than typed: the weekday beside a date field, and buttons that fill one in.
import { whenNew } from "./when_new.js";

export function startTimes() {
  whenNew("input[type=date], input[type=datetime-local]", (input) => {
    const words = document.createElement("output");
    words.className = "hint";
    words.htmlFor = input.id;
    input.insertAdjacentElement("afterend", words);
    const tell = () => { words.textContent = inWords(input); };
    input.addEventListener("input", tell);
    tell();
  });
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-sets]");
    if (chip) fill(document.querySelector(chip.dataset.sets), chip.dataset.value);
  });
}

// What the field holds is local to the zone that stands beside it: it is shown as it is, never converted.
function inWords(input) {
  if (!input.value) return "";
  const [date, time] = input.value.split("T");
  const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  const words = weekday.format(new Date(`${date}T00:00Z`));
  return [words, time].filter(Boolean).join(", ");
}

function fill(input, value) {
  if (!input) return;
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
  input.focus();
}
