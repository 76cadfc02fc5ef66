// Keeps the upper part of the page fresh. What was typed below stays. Without this script the page works,
// and shows how things were when it was loaded.
(function () {
  "use strict";
  const EVERY = 2000;
  const place = document.getElementById("guard-now");
  const age = document.getElementById("guard-age");
  const changed = document.getElementById("guard-changed");
  const windowAtLoad = document.getElementById("guard-state").dataset.window;
  let seen = Date.now();

  function follow(state) {
    // A phase went by: forms may follow. Another window, or another mode: a person should look first.
    const other = state.dataset.window !== windowAtLoad;
    changed.hidden = !other;
    document.querySelectorAll(".guard-form button").forEach((button) => { button.disabled = other; });
    if (other) return;
    document.querySelectorAll(".guard-form input[name=epoch]").forEach((field) => {
      if (state.dataset.epoch) field.value = state.dataset.epoch;
    });
  }

  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.url, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      const state = parsed.getElementById("guard-state");
      place.replaceChildren(document.adoptNode(state));
      follow(state);
      seen = Date.now();
      age.textContent = "live";
      age.className = "";
    } catch (error) {
      age.textContent = "not refreshed for " + Math.round((Date.now() - seen) / 1000) + " s: what is shown may be over";
      age.className = "guard-bad";
    }
  }

  async function forever() {
    await look();
    window.setTimeout(forever, EVERY);
  }
  window.setTimeout(forever, EVERY);
})();
