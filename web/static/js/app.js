// Starts every habit of the pages. Each works on the whole document by delegation, so that what htmx swaps in
// later needs no second start; what must look at new elements is told through `whenNew`.
import { startCards } from "./cards.js";
import { startDesktop } from "./desktop.js";
import { startDialogs } from "./dialogs.js";
import { startKeys } from "./keys.js";
import { startMenus } from "./menus.js";
import { startNotices } from "./notices.js";
import { startRichText } from "./rich_text.js";
import { startSelection } from "./selection.js";
import { startSorting } from "./sorting.js";
import { startTheme } from "./theme.js";
import { startTimes } from "./times.js";
import { startUnsaved } from "./unsaved.js";
import { startWays } from "./ways.js";

for (const start of [
  startTheme, startDialogs, startMenus, startNotices, startSelection,
  startKeys, startSorting, startTimes, startUnsaved, startRichText, startDesktop, startCards, startWays,
]) start();
