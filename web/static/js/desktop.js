// Notices in the title and, where the user asked for it, on the desktop. Asks the own server only; of several open
// tabs each notice is shown by one, because the id of the last one that was shown is shared by them.
const EVERY = 30_000;
const LAST = "notices-shown";
const WISH = "notices-on-desktop";

export function startDesktop() {
  const asks = document.querySelector('meta[name="notices"]')?.content;
  if (!asks) return;
  startButton();
  setInterval(() => { if (document.visibilityState === "visible" || wished()) look(asks); }, EVERY);
}

function wished() {
  return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(WISH) === "1";
}

async function look(asks) {
  const after = Number(localStorage.getItem(LAST) ?? 0);
  const answer = await fetch(`${asks}?after=${after}`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const { unseen, notices } = await answer.json();
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (unseen) document.title = `(${unseen}) ${document.title}`;
  for (const one of notices) {
    if (one.id <= Number(localStorage.getItem(LAST) ?? 0)) continue;
    localStorage.setItem(LAST, String(one.id));
    if (wished()) show(one);
  }
}

function show(one) {
  const shown = new Notification("Sales Campaigns", { body: one.words, tag: `notice-${one.id}` });
  shown.onclick = () => { window.focus(); location.assign(one.href); };
}

function startButton() {
  const button = document.querySelector("[data-desktop]");
  if (!button || !("Notification" in window)) return;
  const tell = () => {
    button.hidden = Notification.permission === "denied";
    button.textContent = wished() ? "Stop showing them on this desktop" : "Show notices on this desktop";
    if (button.hidden) {
      document.querySelector("[data-desktop-words]").textContent = "This browser has forbidden notices for this address. Allow them in its settings.";
    }
  };
  button.addEventListener("click", async () => {
    if (wished()) localStorage.removeItem(WISH);
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(WISH, "1");
    tell();
  });
  tell();
}
