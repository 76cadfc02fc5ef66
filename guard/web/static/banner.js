// Shows a banner in any page while maintenance is on, and says when it has ended.
"use strict";
(() => {
  const script = document.currentScript;
  const base = new URL(".", script.src);
  const every = 20_000;
  let was = null;

  const banner = () => {
    let found = document.getElementById("maintenance-banner");
    if (!found) {
      const style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = new URL("assets/banner.css", base);
      document.head.append(style);
      found = document.createElement("div");
      found.id = "maintenance-banner";
      found.className = "maintenance-banner";
      found.setAttribute("role", "status");
      found.hidden = true;
      document.body.prepend(found);
    }
    return found;
  };

  const part = (tag, text) => {
    const element = document.createElement(tag);
    element.textContent = text;
    return element;
  };

  const show = (now) => {
    const place = banner();
    const blocked = now.standing === "normal" || now.standing === "emergency";
    const state = `${now.epoch}|${now.standing}|${now.reason}|${now.estimated_completion}`;
    if (state === was) return;
    const ended = was !== null && !blocked && place.dataset.on === "yes" && now.standing === "open";
    was = state;
    place.className = `maintenance-banner ${ended ? "over" : now.standing}`;
    place.dataset.on = blocked ? "yes" : "no";
    place.hidden = !blocked && !ended && now.standing !== "unknown";
    if (ended) {
      place.replaceChildren(part("strong", "Maintenance has ended."));
    } else if (now.standing === "unknown") {
      place.replaceChildren(part("strong", "The maintenance status is not known at the moment."));
    } else if (blocked) {
      place.replaceChildren(part("strong", now.message), " ", part("span", now.reason));
    }
    if (!place.hidden && script.dataset.page !== "") {
      const link = part("a", "Details");
      link.href = script.dataset.page || base.href.replace(/\/$/, "");
      place.append(" ", link);
    }
  };

  const look = async () => {
    try {
      const answer = await fetch(new URL("status.json", base), { cache: "no-store" });
      if (answer.ok) show(await answer.json());
    } catch {
      // The page's own requests tell that the server is away.
    }
  };

  look();
  setInterval(() => { if (!document.hidden) look(); }, every);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
})();
