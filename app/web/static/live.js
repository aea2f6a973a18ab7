// Live parts: an element with data-live asks for itself again while the tab is visible. The server
// answers 304 when nothing changed (data-etag), so a quiet page costs one small request and no repaint.
(() => {
  "use strict";
  const PERIOD_MS = 5000;
  const LONGEST_MS = 60000;
  let wait = PERIOD_MS;
  let timer = null;

  const live = () => document.querySelector("[data-live]");
  const connection = () => document.getElementById("connection");

  const tick = () => {
    clearTimeout(timer);
    if (document.visibilityState !== "visible" || !live()) return;
    window.htmx.trigger(document.body, "oims:refresh");
    timer = setTimeout(tick, wait);
  };

  const say = (text) => {
    const place = connection();
    if (place && place.textContent !== text) place.textContent = text;
  };

  // Title and icon tell the state from another tab: the fragment carries both.
  const tellTab = (part) => {
    const state = part.querySelector("[data-page-title]");
    if (!state) return;
    document.title = state.dataset.pageTitle;
    document.getElementById("favicon").href = state.dataset.favicon;
  };

  // The action bar holds forms, so it is not part of the live part: it is fetched again when the incident
  // has another version, but never while somebody fills in one of its forms.
  const refreshActions = () => {
    const bar = document.getElementById("actions");
    const shown = document.querySelector("[data-live] [data-version]");
    if (!bar || !shown || bar.dataset.version === shown.dataset.version) return;
    if (!bar.querySelector("details[open]")) window.htmx.trigger(bar, "oims:changed");
  };

  // What waits for a person's word has forms too: it is fetched again when other questions are open.
  const refreshQuestions = () => {
    const box = document.getElementById("questions");
    const shown = document.querySelector("[data-live] [data-questions]");
    if (!box || !shown || box.dataset.questions === shown.dataset.questions) return;
    if (!box.contains(document.activeElement)) window.htmx.trigger(box, "oims:asked");
  };

  const openIds = (part) => [...part.querySelectorAll("details[open][id]")].map((d) => d.id);
  const closedIds = (part) => [...part.querySelectorAll("details[id]:not([open])")].map((d) => d.id);

  document.addEventListener("htmx:configRequest", (event) => {
    const etag = event.detail.elt.dataset.etag;
    if (etag) event.detail.headers["If-None-Match"] = etag;
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (!part.matches("[data-live]")) return;
    const answered = new URL(event.detail.xhr.responseURL).pathname;
    if (answered !== event.detail.requestConfig.path.split("?")[0]) {
      event.detail.shouldSwap = false; // the session ended and the answer is the log-in page
      window.location.reload();
      return;
    }
    part.unfolded = openIds(part);
    part.folded = closedIds(part);
    part.ticked = [...part.querySelectorAll("input:checked[id]")].map((box) => box.id);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const part = event.detail.target;
    if (!part.matches("[data-live]")) return;
    for (const id of part.unfolded || []) document.getElementById(id)?.setAttribute("open", "");
    for (const id of part.folded || []) document.getElementById(id)?.removeAttribute("open");
    for (const id of part.ticked || []) {
      const box = document.getElementById(id);
      if (box) box.checked = true;
    }
    part.dataset.etag = event.detail.xhr.getResponseHeader("ETag") || "";
    tellTab(part);
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.elt.matches("[data-live]")) return;
    const status = event.detail.xhr.status;
    const fine = status === 200 || status === 304;
    wait = fine ? PERIOD_MS : Math.min(wait * 2, LONGEST_MS);
    refreshActions();
    refreshQuestions();
    say(fine ? "" : "Not live: the server did not answer. Trying again.");
  });

  document.addEventListener("visibilitychange", tick);
  timer = setTimeout(tick, PERIOD_MS);
})();
