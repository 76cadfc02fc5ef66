/* A table that is wider than its place scrolls: let it be reached by the keyboard too. */
(() => {
  const reachable = () => {
    for (const place of document.querySelectorAll(".md-typeset__scrollwrap")) {
      const scrolls = place.scrollWidth > place.clientWidth;
      place.tabIndex = scrolls ? 0 : -1;
      if (scrolls) {
        place.setAttribute("role", "region");
        place.setAttribute("aria-label", "Table");
      }
    }
  };
  addEventListener("load", reachable);
  addEventListener("resize", reachable);
})();
