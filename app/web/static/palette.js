// The command palette: incidents by number or words, pages, and the actions of this page. Ctrl+K opens it.
// It is a combobox with a list (WAI-ARIA Authoring Practices): the focus stays in the field.
(() => {
  "use strict";
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const field = dialog.querySelector("input[name=q]");
  const list = document.getElementById("palette-list");
  const pages = [...dialog.querySelectorAll("[data-page]")];
  const MOST = 12;
  let chosen = 0;

  const go = (address) => () => window.location.assign(address);

  const actions = () =>
    [...document.querySelectorAll("[data-key]")].map((element) => ({
      words: element.dataset.keyLabel,
      hint: element.dataset.key,
      run: () => window.oims.press(element),
    }));

  const found = (text) => {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (entry) => wanted.every((word) => entry.words.toLowerCase().includes(word));
    const entries = [...actions(), ...pages.map((page) => ({ words: page.textContent.trim(), hint: "Page", run: go(page.href) }))];
    const first = /^#?\d{1,18}$/.test(text) ? [{ words: `Incident ${text.replace("#", "")}`, hint: "Open", run: go(`/incidents/${text.replace("#", "")}`) }] : [];
    const last = text ? [{ words: `Incidents with “${text}”`, hint: "Search", run: go(`/?state=all&q=${encodeURIComponent(text)}`) }] : [];
    return [...first, ...entries.filter(fits).slice(0, MOST), ...last];
  };

  const mark = () => {
    for (const [place, row] of [...list.children].entries()) {
      row.setAttribute("aria-selected", String(place === chosen));
      if (place === chosen) row.scrollIntoView({ block: "nearest" });
    }
    if (list.children.length) field.setAttribute("aria-activedescendant", `palette-${chosen}`);
    else field.removeAttribute("aria-activedescendant");
  };

  const show = () => {
    chosen = 0;
    list.replaceChildren();
    for (const [place, entry] of found(field.value.trim()).entries()) {
      const row = Object.assign(document.createElement("li"), { id: `palette-${place}`, textContent: entry.words });
      row.setAttribute("role", "option");
      row.append(Object.assign(document.createElement("span"), { className: "sub", textContent: entry.hint }));
      row.run = entry.run;
      row.addEventListener("click", () => take(row));
      list.append(row);
    }
    mark();
  };

  const take = (row) => {
    dialog.close();
    row.run();
  };

  const open = () => {
    field.value = "";
    show();
    dialog.showModal();
    field.focus();
  };

  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      chosen = Math.max(0, Math.min(list.children.length - 1, chosen + step));
      mark();
    } else if (event.key === "Enter" && list.children[chosen]) {
      take(list.children[chosen]);
    } else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  const opener = document.getElementById("palette-open");
  opener.hidden = false;
  opener.addEventListener("click", open);
})();
