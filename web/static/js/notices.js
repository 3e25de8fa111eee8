// Notices pass by themselves. Who reads or points at one stops its clock; an error has none.
import { whenNew } from "./when_new.js";

const SECOND = 1000;

export function startNotices() {
  whenNew(".notice[data-passes]", count);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismisses]")) leave(event.target.closest(".notice"));
  });
  document.addEventListener("submit", (event) => {
    const notice = event.target.closest(".notice");
    // The form must be read before it goes.
    if (notice) setTimeout(() => leave(notice), 0);
  });
}

function count(notice) {
  let left = Number(notice.dataset.passes);
  const shown = notice.querySelector("[data-left]");
  if (shown) shown.textContent = `${left} s`;
  const clock = setInterval(() => {
    if (!notice.isConnected) return clearInterval(clock);
    // The time to undo does not wait for the reader: only a notice without it does.
    if (!shown && notice.matches(":hover, :focus-within")) return;
    left -= 1;
    if (shown) shown.textContent = `${left} s`;
    if (left <= 0) { clearInterval(clock); leave(notice); }
  }, SECOND);
}

function leave(notice) {
  notice.classList.add("leaving");
  setTimeout(() => notice.remove(), 150);
}
