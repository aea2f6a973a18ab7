// Passkeys: a form with data-passkey asks the server for a challenge, lets the browser answer it, puts the
// answer into the form and sends it. Without this script, or in a browser without passkeys, the form stays hidden.
(() => {
  "use strict";
  const key = window.PublicKeyCredential;
  if (!key || !key.parseRequestOptionsFromJSON || !key.parseCreationOptionsFromJSON) return;

  const ask = async (form) => {
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    const answer = await fetch(form.dataset.options, { method: "POST", body, redirect: "error" });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  };

  const create = async (options) =>
    navigator.credentials.create({ publicKey: key.parseCreationOptionsFromJSON(options) });
  const get = async (options) =>
    navigator.credentials.get({ publicKey: key.parseRequestOptionsFromJSON(options) });

  const say = (form, text) => {
    form.querySelector("[data-passkey-says]").textContent = text;
  };

  const use = async (form) => {
    const button = form.querySelector("button");
    button.disabled = true;
    say(form, "Your browser asks for the passkey.");
    try {
      const options = await ask(form);
      const credential = await (form.dataset.passkey === "create" ? create : get)(options);
      form.elements.answer.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      const isRefused = error.name === "NotAllowedError" || error.name === "AbortError";
      const isKnown = error.name === "InvalidStateError";
      if (isKnown) say(form, "This device has a passkey for your account already.");
      else if (isRefused) say(form, "No passkey was used. Try again, or use another way.");
      else say(form, "This did not work. Reload the page, then try again.");
      button.disabled = false;
    }
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      use(form);
    });
  }
})();
