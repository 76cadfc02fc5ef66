// Everything works without this script. It keeps what is shown fresh, opens questions as dialogs, and holds
// a form from being sent twice. It writes no HTML of its own: what it puts into the page came from the server.
"use strict";

(() => {
  const LONGEST_WAIT = 5000;
  const SHORTEST_WAIT = 1000;
  const announcer = document.getElementById("announcer");
  const lives = () => document.querySelectorAll("[data-live]");

  // -- fresh ------------------------------------------------------------------------------------

  // What an element is for: a link that leads elsewhere is another one, and must not inherit a key press.
  const keyOf = (node) => node.id || (node.getAttribute && (node.getAttribute("href") || node.getAttribute("action"))) || "";

  const isOther = (old, fresh) =>
    old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh);

  // Bring `old` to the state of `fresh` in place, so that focus, selection and open details stay.
  function morph(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.localName === "details")) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const olds = [...old.childNodes];
    const news = [...fresh.childNodes];
    news.forEach((child, place) => {
      const before = olds[place];
      if (!before) {
        old.append(document.importNode(child, true));
      } else if (isOther(before, child)) {
        before.replaceWith(document.importNode(child, true));
      } else if (child.nodeType === Node.ELEMENT_NODE) {
        morph(before, child);
      } else if (before.nodeValue !== child.nodeValue) {
        before.nodeValue = child.nodeValue;
      }
    });
    olds.slice(news.length).forEach((extra) => extra.remove());
  }

  function say(words) {
    if (words && announcer.textContent !== words) announcer.textContent = words;
  }

  let looking = false;
  let again = false;

  async function look() {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Guard-Live": "1" }, redirect: "error" });
      if (answer.status === 401 || answer.status === 403) {
        location.reload();
        return;
      }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const focused = document.activeElement;
      for (const old of lives()) {
        const now = old.id && fresh.getElementById(old.id);
        if (!now) continue;
        const before = old.dataset.announce;
        morph(old, now);
        if (before !== now.dataset.announce) say(now.dataset.announce);
      }
      if (!focused.isConnected) document.getElementById("main").focus();
      markStale(fresh);
    } catch {
      lost();
    } finally {
      looking = false;
    }
    if (again) {
      again = false;
      window.setTimeout(look, SHORTEST_WAIT);
    }
  }

  // The server's word that its own view is old comes and goes with it.
  function markStale(fresh) {
    const old = document.getElementById("stale");
    const now = fresh.getElementById("stale");
    if (old && now) morph(old, now);
    else if (old) old.remove();
    else if (now) document.getElementById("main").prepend(document.importNode(now, true));
  }

  function lost() {
    if (document.getElementById("stale")) return;
    const box = document.createElement("div");
    box.id = "stale";
    box.className = "note unknown";
    const words = document.createElement("p");
    words.textContent = "This page does not reach its server. What you see is from before.";
    box.append(words);
    document.getElementById("main").prepend(box);
    say(words.textContent);
  }

  function keepFresh() {
    if (!lives().length || document.querySelector("form[data-form]")) return;
    let last = 0;
    const lookSoon = () => {
      if (document.hidden) return;
      const wait = Math.max(0, last + SHORTEST_WAIT - Date.now());
      last = Date.now() + wait;
      window.setTimeout(look, wait);
    };
    window.setInterval(() => { if (Date.now() - last > LONGEST_WAIT - 500) lookSoon(); }, LONGEST_WAIT / 2);
    document.addEventListener("visibilitychange", lookSoon);
    if (!document.body.dataset.events) return; // the application has no API: looking must do
    let epoch = null;
    const events = new EventSource(document.body.dataset.events);
    const heard = (event) => {
      let now = event.data;
      try { const told = JSON.parse(event.data); now = `${told.epoch}`; } catch { /* any text will do */ }
      if (now !== epoch) { epoch = now; lookSoon(); }
    };
    events.onmessage = heard;
    for (const kind of ["status", "maintenance", "state"]) events.addEventListener(kind, heard);
    events.onerror = () => { if (events.readyState === EventSource.CLOSED) events.close(); };
    window.addEventListener("pagehide", () => events.close());
  }

  // -- questions as dialogs ---------------------------------------------------------------------

  const dialog = document.getElementById("dialog");

  async function ask(link) {
    const answer = await fetch(link.href, { redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.getElementById("main");
    dialog.replaceChildren(...[...main.childNodes].map((node) => document.importNode(node, true)));
    const title = dialog.querySelector("h1");
    if (title) title.id = "dialog-title";
    dialog.showModal();
    (dialog.querySelector("input:not([type=hidden])") || dialog.querySelector("[data-close]") || dialog).focus();
  }

  document.addEventListener("click", (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const close = event.target.closest("dialog [data-close]");
    if (close) {
      event.preventDefault();
      dialog.close();
      return;
    }
    const link = event.target.closest("a[data-dialog]");
    if (!link || !dialog.showModal) return;
    event.preventDefault();
    ask(link).catch(() => { location.href = link.href; });
  });

  // -- forms ------------------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post") return;
    form.dataset.sent = "yes";
    if (event.submitter) event.submitter.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  });

  for (const place of document.querySelectorAll("[data-load]")) {
    fetch(place.dataset.load)
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
      .then((text) => {
        const found = new DOMParser().parseFromString(text, "text/html").getElementById("preview");
        if (found) place.replaceChildren(...[...found.childNodes].map((node) => document.importNode(node, true)));
      })
      .catch(() => {});
  }

  const problems = document.getElementById("problems");
  if (problems) problems.focus();
  const current = document.querySelector(".side [aria-current]");
  if (current && current.scrollIntoView) current.scrollIntoView({ block: "nearest", inline: "center" });
  keepFresh();
})();
