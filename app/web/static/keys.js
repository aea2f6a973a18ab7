// Keyboard shortcuts: an element with data-key is pressed, opened or focused by that key. The help
// (question mark) lists what the page offers; single keys can be switched off there (WCAG 2.1.4).
(() => {
  "use strict";
  const OFF = "oims-keys-off";
  const help = document.getElementById("keys");

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  const press = (element) => {
    if (element.tagName === "SUMMARY") {
      element.parentElement.open = true;
      element.parentElement.querySelector(".sheet select, .sheet textarea, .sheet input:not([type=hidden])")?.focus();
    } else if (element.matches("input, textarea, select")) {
      element.focus();
    } else {
      element.click();
    }
  };

  window.oims = { press };

  const moveRow = (step) => {
    const rows = [...document.querySelectorAll("[data-row]")];
    if (!rows.length) return;
    const next = rows.indexOf(document.activeElement) + step;
    rows[Math.max(0, Math.min(rows.length - 1, next))].focus();
  };

  const describe = () => {
    const body = help.querySelector("tbody");
    body.replaceChildren();
    const line = (key, words) => {
      const row = body.insertRow();
      row.insertCell().append(Object.assign(document.createElement("kbd"), { textContent: key }));
      row.insertCell().textContent = words;
    };
    for (const element of document.querySelectorAll("[data-key]")) {
      line(element.dataset.key, element.dataset.keyLabel);
    }
    if (document.querySelector("[data-row]")) {
      line("j", "Next incident");
      line("k", "Previous incident");
    }
    line("Ctrl K", "Search, or jump to a page or an action");
    line("?", "This list");
    line("Esc", "Close");
  };

  const showHelp = () => {
    describe();
    help.showModal();
  };

  const closeSheets = () => {
    for (const sheet of document.querySelectorAll(".actions details[open]")) {
      sheet.open = false;
      sheet.querySelector("summary").focus();
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return closeSheets();
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (localStorage.getItem(OFF)) return;
    const element = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (event.key === "?") showHelp();
    else if (element) press(element);
    else if (event.key === "j") moveRow(1);
    else if (event.key === "k") moveRow(-1);
    else return;
    event.preventDefault();
  });

  const opener = document.getElementById("keys-open");
  opener.hidden = false;
  opener.addEventListener("click", showHelp);
  const toggle = document.getElementById("keys-on");
  toggle.checked = !localStorage.getItem(OFF);
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
})();
