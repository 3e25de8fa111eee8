// Menus are popovers and open by themselves; here are the arrow keys, and the place where the browser cannot anchor.
const ANCHORS = CSS.supports("position-area: block-end");

export function startMenus() {
  document.addEventListener("beforetoggle", aim, true);
  if (!ANCHORS) document.addEventListener("toggle", opened, true);
  document.addEventListener("keydown", walk);
  document.addEventListener("click", closeAfterChoice);
}

// The first entry takes the focus as the menu opens, so that the next key already belongs to it.
function aim(event) {
  if (event.newState !== "open" || !event.target.matches(".menu")) return;
  const first = items(event.target)[0];
  if (first) first.autofocus = true;
}

function opened(event) {
  if (event.newState === "open" && event.target.matches(".menu")) place(event.target);
}

function place(menu) {
  const opener = document.querySelector(`[popovertarget="${menu.id}"]`);
  const box = opener.getBoundingClientRect();
  const below = box.bottom + menu.offsetHeight + 8 < innerHeight;
  const left = Math.max(8, Math.min(box.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8));
  Object.assign(menu.style, { left: `${left}px`, top: `${below ? box.bottom : box.top - menu.offsetHeight - 8}px` });
}

function walk(event) {
  const menu = event.target.closest?.(".menu:popover-open");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!menu || !step) return;
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  all[(at + step + all.length) % all.length]?.focus();
  event.preventDefault();
}

function closeAfterChoice(event) {
  const item = event.target.closest(".menu-item");
  if (item) item.closest(":popover-open")?.hidePopover();
}

function items(menu) {
  return [...menu.querySelectorAll("a, button")].filter((item) => !item.disabled);
}
