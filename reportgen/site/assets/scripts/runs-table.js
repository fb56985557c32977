// The runs table: sort by a click on a heading, filter, choose runs to compare.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  function sortable(table) {
    const body = table.tBodies[0];
    Array.from(table.tHead.rows[0].cells).forEach(function (cell, column) {
      if (!cell.dataset.sort) {
        return;
      }
      const button = reportgen.element("button", { type: "button", class: "sort" });
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", function () {
        const down = cell.getAttribute("aria-sort") === "descending";
        const numeric = cell.dataset.sort === "number";
        const first = numeric ? "descending" : "ascending";
        const current = cell.getAttribute("aria-sort");
        const next = current === null ? first : down ? "ascending" : "descending";
        for (const other of table.tHead.rows[0].cells) {
          other.removeAttribute("aria-sort");
        }
        cell.setAttribute("aria-sort", next);
        sort(body, column, numeric, next === "descending" ? -1 : 1);
      });
    });
  }

  // Rows without a value come last whichever way the others go.
  function sort(body, column, numeric, sign) {
    const keyed = Array.from(body.rows).map(function (row) {
      const cell = row.cells[column];
      if (numeric) {
        return [row, cell.dataset.value === undefined ? null : Number(cell.dataset.value)];
      }
      return [row, cell.textContent.trim().toLowerCase()];
    });
    keyed.sort(function (a, b) {
      if (a[1] === null || b[1] === null) {
        return (a[1] === null) - (b[1] === null);
      }
      return numeric
        ? sign * (a[1] - b[1])
        : sign * a[1].localeCompare(b[1], "en", { numeric: true });
    });
    body.append(...keyed.map((pair) => pair[0]));
  }

  function factsOf(row) {
    return new Map(Object.entries(JSON.parse(row.dataset.facts)));
  }

  function filterable(table, tools) {
    const rows = Array.from(table.tBodies[0].rows).map((row) => ({
      row: row,
      facts: factsOf(row),
      text: row.textContent.toLowerCase(),
    }));
    rows.forEach((item) => {
      item.text += " " + String(item.facts.get("name")).toLowerCase();
    });
    const known = new Set(rows.flatMap((item) => Array.from(item.facts.keys())));
    const field = tools.querySelector("input");
    const note = tools.querySelector("[data-filter-note]");
    const none = document.querySelector("[data-no-match]");
    const help = Array.from(note.childNodes);

    function apply() {
      let test;
      try {
        test = reportgen.filter(field.value, known);
      } catch (error) {
        field.setAttribute("aria-invalid", "true");
        note.textContent = error.message;
        return;
      }
      field.removeAttribute("aria-invalid");
      let count = 0;
      for (const item of rows) {
        item.row.hidden = !test(item.facts, item.text);
        count += item.row.hidden ? 0 : 1;
      }
      if (field.value.trim()) {
        note.textContent = count + " of " + rows.length + " runs";
      } else {
        note.replaceChildren(...help);
      }
      none.hidden = count > 0;
    }

    field.addEventListener("input", apply);
    document.querySelector("[data-clear-filter]").addEventListener("click", function () {
      field.value = "";
      apply();
      field.focus();
    });
    if (field.value) {
      apply();  // a browser that came back restores the field
    }
  }

  function selectable(table, link) {
    const chosen = new Set();

    function paint() {
      const enough = chosen.size > 1;
      link.textContent = chosen.size ? "Compare " + chosen.size : "Compare";
      link.setAttribute("aria-disabled", String(!enough));
      link.href = "../compare/index.html" + (chosen.size ? "#runs=" + Array.from(chosen).join(",") : "");
    }

    for (const row of table.tBodies[0].rows) {
      const name = row.cells[0].querySelector("a").textContent;
      const box = reportgen.element("input", { type: "checkbox", "aria-label": "Compare " + name });
      box.addEventListener("change", function () {
        if (box.checked) {
          chosen.add(row.dataset.run);
        } else {
          chosen.delete(row.dataset.run);
        }
        paint();
      });
      row.cells[0].prepend(box);
    }
    paint();
  }

  document.addEventListener("DOMContentLoaded", function () {
    const table = document.querySelector("[data-runs-table]");
    const tools = document.querySelector("[data-runs-tools]");
    if (!table || !tools) {
      return;
    }
    tools.hidden = false;
    filterable(table, tools);
    selectable(table, tools.querySelector("[data-compare-selected]"));
    sortable(table);
  });
})();
