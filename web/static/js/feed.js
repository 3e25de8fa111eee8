// The Live Feed: what is pushed stands on top; a line that is known already is replaced, never doubled.
// Where nothing is pushed (every place is taken), it asks now and then. A page nobody looks at holds no connection.
const ASK = 15_000;
const TRY_AGAIN = 60_000;
const MOST = 60;

for (const box of document.querySelectorAll("[data-feed]")) follow(box);

function follow(box) {
  let source = null;
  let asking = null;
  const quiet = () => { source?.close(); source = null; clearInterval(asking); asking = null; tell(false); };
  const tell = (live) => {
    for (const sign of document.querySelectorAll("[data-live]")) sign.hidden = !live;
  };

  function listen() {
    quiet();
    source = new EventSource(box.dataset.stream);
    source.onopen = () => tell(true);
    source.onmessage = (event) => show(box, event.data);
    source.onerror = () => { tell(false); if (source?.readyState === EventSource.CLOSED) ask(); };
  }

  function ask() {
    quiet();
    asking = setInterval(() => fetchLatest(box), ASK);
    setTimeout(() => { if (asking) listen(); }, TRY_AGAIN);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? quiet() : start()));
  addEventListener("pagehide", quiet);

  async function start() {
    if ("fill" in box.dataset) await fetchLatest(box);
    listen();
  }
  start();
}

async function fetchLatest(box) {
  const answer = await fetch(box.dataset.latest, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok && !answer.redirected) show(box, await answer.text());
}

// The newest comes first in what is shown, so it is put on top from the last one up.
function show(box, html) {
  const list = box.querySelector("[data-feed-list]");
  const found = new DOMParser().parseFromString(html, "text/html").querySelectorAll("li[id]");
  for (const item of [...found].reverse()) {
    const known = document.getElementById(item.id);
    if (known && list.contains(known)) known.replaceWith(item);
    else list.prepend(item);
  }
  while (list.children.length > MOST) list.lastElementChild.remove();
  const empty = box.querySelector("[data-feed-empty]");
  if (empty) empty.hidden = list.children.length > 0;
}
