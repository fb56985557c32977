// The matrix of the audit: columns of checks without findings, and runs with a finding of one.
// A dot of the scores by date leads to its run, as its row in the tables does.
(function () {
  "use strict";

  const FINDINGS = ["fail", "partial", "inconclusive", "exempt", "error"];

  // A heading over several columns spans those that are shown.
  function spread(table, every) {
    table.querySelectorAll("[data-all]").forEach(function (band) {
      band.dataset.telling = band.dataset.telling || band.colSpan;
      band.colSpan = every ? band.dataset.all : band.dataset.telling;
    });
  }

  function filter(table, place, say) {
    const rows = Array.from(table.tBodies[0].rows);
    rows.forEach(function (row) {
      const cell = row.cells[place];
      row.hidden = place > 0 && !FINDINGS.some((one) => cell.classList.contains(one));
    });
    const shown = rows.filter((row) => !row.hidden).length;
    say.textContent = place > 0 ? shown + " of " + rows.length + " runs" : "";
  }

  document.addEventListener("click", function (event) {
    const dot = event.target.closest(".history [data-page]");
    if (dot) {
      window.location.href = dot.dataset.page;
    }
  });

  document.addEventListener("DOMContentLoaded", function () {
    const part = document.getElementById("matrix");
    if (!part) {
      return;
    }
    const table = part.querySelector(".marks");
    const every = document.getElementById("every-check");
    const chosen = part.querySelector("[data-finding-filter] select");
    const say = part.querySelector("[data-finding-count]");
    const names = Array.from(table.querySelectorAll(".names th"));
    every.addEventListener("change", () => spread(table, every.checked));
    spread(table, every.checked);
    chosen.parentElement.hidden = false;
    chosen.addEventListener("change", function () {
      const wanted = "audit/" + chosen.value + "/index.html";
      const place = names.findIndex(function (name) {
        const link = name.querySelector("a");
        return chosen.value && link && link.getAttribute("href").endsWith(wanted);
      });
      filter(table, place, say);
    });
  });
})();
