// Tabs and chips go on to the right where there is no room: the one that is chosen is brought into sight.
import { whenNew } from "./when_new.js";

export function startWays() {
  whenNew(":is(.tabs, .chips) > [aria-current]", (chosen) => {
    const row = chosen.parentElement;
    row.scrollLeft = chosen.offsetLeft - row.offsetLeft - (row.clientWidth - chosen.offsetWidth) / 2;
  });
}
