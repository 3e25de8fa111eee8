// form[data-draft] is saved while it is written: some seconds after the last key, and when the page is left.
// The form stays as it is; only [data-draft-said] tells when that was.
const PATIENCE = 3_000;
const waiting = new Map();

document.addEventListener("input", (event) => {
  const form = event.target.form ?? event.target.closest?.("form");
  if (!form?.matches("[data-draft]")) return;
  clearTimeout(waiting.get(form));
  waiting.set(form, setTimeout(() => save(form), PATIENCE));
});

document.addEventListener("submit", (event) => {
  clearTimeout(waiting.get(event.target));
  waiting.delete(event.target);
});

addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden") return;
  for (const form of [...waiting.keys()]) save(form);
});

async function save(form) {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
  if (!form.isConnected) return;
  const said = form.querySelector("[data-draft-said]");
  try {
    const answer = await fetch(form.dataset.draft, {
      method: "POST", body: new FormData(form), headers: { "X-Saves": "draft" }, keepalive: true,
    });
    const words = await answer.text();
    said.textContent = answer.ok ? words : "The draft could not be saved";
    if (answer.ok && words && !waiting.has(form)) form.dispatchEvent(new Event("kept", { bubbles: true }));
  } catch {
    said.textContent = "The draft is not saved: no connection";
  }
}
