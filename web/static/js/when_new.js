// Calls `greet(element)` once for every element that matches, now and when htmx brings more.
export function whenNew(selector, greet) {
  const met = new WeakSet();
  const look = () => {
    for (const element of document.querySelectorAll(selector)) {
      if (met.has(element)) continue;
      met.add(element);
      greet(element);
    }
  };
  look();
  document.addEventListener("htmx:after:settle", look);
  document.addEventListener("htmx:after:swap", look);
}
