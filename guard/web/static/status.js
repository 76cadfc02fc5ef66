// Keeps the status page as it is now: asks for the data, and takes the page anew when the state has changed.
"use strict";
(() => {
  const script = document.currentScript;
  const data = script.dataset;
  const every = 10_000;
  let known = `${data.epoch}|${data.standing}`;

  const local = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (!Number.isNaN(moment.valueOf())) {
        time.title = moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
      }
    }
  };

  const say = (text) => {
    const live = document.getElementById("live");
    if (live && live.textContent !== text) live.textContent = text;
  };

  const renew = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("main");
    if (!fresh) throw new Error("no page");
    const main = document.getElementById("main");
    main.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    local(main);
    // A live region that comes with its text is read by nobody: the text comes after it.
    setTimeout(() => say(`Changed: ${page.title}.`), 150);
  };

  const look = async () => {
    try {
      const answer = await fetch(data.status, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      const found = `${now.epoch ?? ""}|${now.standing}`;
      if (found !== known) {
        await renew();
        known = found;
      } else if (document.getElementById("live")?.dataset.lost) {
        delete document.getElementById("live").dataset.lost;
        say("");
      }
    } catch {
      const live = document.getElementById("live");
      if (live) live.dataset.lost = "yes";
      say("The server does not answer. What you see may be old.");
    }
  };

  local(document);
  setInterval(() => { if (!document.hidden) look(); }, every);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
})();
