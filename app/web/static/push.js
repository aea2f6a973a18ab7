// This browser as a contact method: a form with data-push subscribes the browser and sends what it got.
// Without this script, or in a browser without push, the form stays hidden.
(() => {
  "use strict";
  const form = document.querySelector("form[data-push]");
  if (!form || !("serviceWorker" in navigator) || !("PushManager" in window)) return;

  const bytes = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };

  const say = (text) => {
    form.querySelector("[data-push-says]").textContent = text;
  };

  const subscribe = async () => {
    const registration = await navigator.serviceWorker.register(form.dataset.worker);
    await navigator.serviceWorker.ready;
    return registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(form.dataset.push),
    });
  };

  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    say("Your browser asks whether it may show notifications.");
    try {
      form.elements.subscription.value = JSON.stringify(await subscribe());
      form.submit();
    } catch (error) {
      const isRefused = error.name === "NotAllowedError";
      say(isRefused ? "Notifications are blocked. Allow them in the browser's settings." : "This did not work. Reload the page, then try again.");
      button.disabled = false;
    }
  });
})();
