// A page that follows its site: loads itself again when the server has built it anew. What a
// person chose is in the address, and the browser keeps the place on the page.
(function () {
  "use strict";

  const reportgen = window.reportgen;
  const EVERY = 2000;
  const path = document.documentElement.dataset.page;
  let turn = 0;
  let own = null;
  let busy = false;

  document.addEventListener("pointerdown", () => { busy = true; });
  document.addEventListener("pointerup", () => { busy = false; });

  // Someone drags, types, or has a menu open: they are not interrupted.
  function occupied() {
    const field = document.activeElement;
    const typing = field && field.matches("input:not([type=checkbox]), textarea, select");
    return busy || typing || document.querySelector("details.menu[open]") !== null;
  }

  function ask() {
    turn += 1;
    const element = document.createElement("script");
    element.src = reportgen.base + "data/manifest.js?turn=" + turn + "." + Date.now();
    element.onload = function () {
      element.remove();
      reportgen.load("manifest").then(function (data) {
        const now = data.pages[path];
        own = own === null ? now : own;
        if (now && now !== own && !occupied()) {
          window.location.reload();
        }
      });
    };
    element.onerror = () => element.remove();
    document.head.append(element);
  }

  window.setInterval(ask, EVERY);
  ask();
})();
