// Light or dark: what was chosen here before, else what the system prefers. Runs before the
// first paint, so that no page flashes. The choice is stored under the site's own key, because
// all projects of one account share an origin.
(function () {
  "use strict";

  const root = document.documentElement;
  const key = "reportgen." + root.dataset.site + ".theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      const value = window.localStorage.getItem(key);
      return value === "light" || value === "dark" ? value : null;
    } catch (error) {
      return null;  // storage is refused to files, or by settings
    }
  }

  function store(value) {
    try {
      window.localStorage.setItem(key, value);
    } catch (error) {
      return;  // the choice then lasts as long as the page
    }
  }

  const reportgen = (window.reportgen = window.reportgen || {});

  reportgen.mode = function () {
    return root.dataset.theme || (system.matches ? "dark" : "light");
  };

  function announce() {
    document.dispatchEvent(new CustomEvent("reportgen:theme"));
  }

  root.classList.add("scripted");
  const chosen = stored();
  if (chosen) {
    root.dataset.theme = chosen;
  }
  system.addEventListener("change", announce);

  // On a phone the navigation scrolls sideways; the page's own entry is brought into view.
  function reveal() {
    const entry = document.querySelector(".site-header [aria-current]");
    const nav = entry && entry.closest("nav");
    if (nav && nav.scrollWidth > nav.clientWidth) {
      const place = entry.getBoundingClientRect();
      const frame = nav.getBoundingClientRect();
      nav.scrollLeft += place.left - frame.left - (frame.width - place.width) / 2;
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    reveal();
    const button = document.querySelector("[data-theme-switch]");
    if (!button) {
      return;
    }
    function label() {
      button.textContent = reportgen.mode() === "dark" ? "Light" : "Dark";
      button.setAttribute("aria-label", "Switch to " + button.textContent.toLowerCase() + " colours");
    }
    button.hidden = false;
    label();
    document.addEventListener("reportgen:theme", label);
    button.addEventListener("click", function () {
      const next = reportgen.mode() === "dark" ? "light" : "dark";
      root.dataset.theme = next;
      store(next);
      announce();
    });
  });
})();
