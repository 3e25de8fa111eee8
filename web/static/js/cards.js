// On a phone the rows of a list are cards (components.css): each cell is told the heading of its column. The first
// column of words is the title of the card. Where no script runs, the table scrolls by itself.
import { whenNew } from "./when_new.js";

export function startCards() {
  whenNew("table.as-cards > tbody > tr", label);
}

function label(row) {
  const heads = [...row.closest("table").tHead.rows[0].cells];
  const names = heads.map(shown);
  const title = names.findIndex((name, at) => name && !heads[at].matches(".n"));
  [...row.cells].forEach((cell, at) => {
    if (at !== title && names[at] && cell.colSpan === 1) cell.dataset.label = names[at];
  });
}

function shown(heading) {
  return heading.querySelector(".unseen") ? "" : heading.textContent.trim();
}
