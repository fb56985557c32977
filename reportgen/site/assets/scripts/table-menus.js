// The menus above the table of runs: facets to filter by, columns to choose, files to export.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const make = (tag, attributes, text) => reportgen.element(tag, attributes, text);
  const FEW = 12;
  const FACETS = 24;

  // A menu closes by Escape, and when something else is clicked.
  reportgen.menu = function (title, fill) {
    const menu = make("details", { class: "menu" });
    const panel = make("div", { class: "menu-panel", role: "group", "aria-label": title });
    menu.append(make("summary", { class: "button" }, title), panel);
    menu.addEventListener("toggle", function () {
      panel.replaceChildren();
      if (menu.open) {
        fill(panel, menu);
      }
    });
    menu.addEventListener("keydown", function (event) {
      if (event.key === "Escape") {
        menu.open = false;
        menu.firstChild.focus();
      }
    });
    document.addEventListener("click", function (event) {
      if (menu.open && !event.composedPath().includes(menu)) {
        menu.open = false;
      }
    });
    return menu;
  };

  function facetKeys(table) {
    const fixed = ["project", "group", "state", "level"];
    const others = Array.from(table.columns.values()).filter((column) => /^(tags|config)\./.test(column.key));
    others.sort((a, b) => Number(b.key.startsWith("tags.")) - Number(a.key.startsWith("tags.")));
    return [...fixed, ...others.map((column) => column.key)]
      .filter((key) => table.columns.has(key) && table.columns.get(key).distinct > 1)
      .filter((key) => table.columns.get(key).distinct <= FEW || table.columns.get(key).numeric)
      .slice(0, FACETS);
  }

  reportgen.facetMenu = function (page) {
    return reportgen.menu("Facets", function (panel) {
      const keys = facetKeys(page.table);
      if (!keys.length) {
        panel.append(make("p", { class: "note" }, "The runs differ in nothing that could be chosen here."));
        return;
      }
      const wait = make("p", { class: "note" }, "Loading");
      panel.append(wait);
      page.table.ensure(keys).then(function () {
        wait.remove();
        keys.forEach((key) => panel.append(facet(page, page.table.columns.get(key))));
      }, (error) => wait.replaceWith(make("p", { class: "chart-fault" }, error.message)));
    });
  };

  function facet(page, column) {
    const box = make("fieldset", { class: "facet" });
    const legend = make("legend");
    legend.append(make("bdi", {}, column.key.replace(/^config\./, "")));
    box.append(legend);
    if (column.numeric && column.distinct > FEW) {
      box.append(...bounds(page, column));
      return box;
    }
    for (const [text, count] of page.table.counts(column.key, page.candidates()).slice(0, FEW + 1)) {
      const label = make("label");
      const tick = make("input", { type: "checkbox" });
      const chosen = page.state.facets.get(column.key);
      tick.checked = Boolean(chosen && chosen.values && chosen.values.has(text));
      tick.addEventListener("change", () => page.chooseFacet(column.key, text, tick.checked));
      label.append(tick, " ", make("bdi", {}, text), make("span", { class: "note" }, " " + count));
      box.append(label);
    }
    return box;
  }

  function bounds(page, column) {
    const chosen = page.state.facets.get(column.key);
    const range = (chosen && chosen.range) || [null, null];
    const finite = column.values.filter((value) => Number.isFinite(value));
    const ends = [Math.min(...finite), Math.max(...finite)];
    return ["from", "to"].map(function (word, end) {
      const label = make("label", {}, word + " ");
      const field = make("input", { type: "number", step: "any", placeholder: reportgen.fixedNumber(ends[end], null) });
      field.value = range[end] === null ? "" : range[end];
      field.addEventListener("change", function () {
        range[end] = field.value === "" ? null : Number(field.value);
        page.boundFacet(column.key, [...range]);
      });
      label.append(field);
      return label;
    });
  }

  reportgen.columnMenu = function (page) {
    return reportgen.menu("Columns", function fill(panel) {
      panel.replaceChildren();
      const field = make("input", { type: "search", "aria-label": "Find a column", placeholder: "Find a column" });
      const list = make("ul", { class: "column-list" });
      const paint = function () {
        const wanted = field.value.trim().toLowerCase();
        const shown = page.keys();
        const hidden = Array.from(page.table.columns.keys()).filter((key) => !shown.includes(key));
        const matching = [...shown, ...hidden].filter((key) => key.toLowerCase().includes(wanted));
        list.replaceChildren(...matching.slice(0, 200).map((key) => columnRow(page, key, shown, paint)));
      };
      field.addEventListener("input", paint);
      paint();
      const reset = make("button", { type: "button", class: "plain" }, "As at first");
      reset.addEventListener("click", function () {
        page.chooseColumns(null);
        paint();
      });
      panel.append(field, list, reset);
    });
  };

  function columnRow(page, key, shown, paint) {
    const row = make("li");
    const label = make("label");
    const tick = make("input", { type: "checkbox" });
    tick.checked = shown.includes(key);
    tick.disabled = key === "name";
    tick.addEventListener("change", function () {
      page.chooseColumns(tick.checked ? [...shown, key] : shown.filter((one) => one !== key));
      paint();
    });
    label.append(tick, " ", make("bdi", {}, key));
    row.append(label);
    const place = shown.indexOf(key);
    if (place > 0) {
      for (const [sign, word, other] of [["▴", "earlier", place - 1], ["▾", "later", place + 1]]) {
        const move = make("button", { type: "button", class: "plain", "aria-label": key + " " + word }, sign);
        move.disabled = other < 1 || other >= shown.length;
        move.addEventListener("click", function () {
          const next = [...shown];
          [next[place], next[other]] = [next[other], next[place]];
          page.chooseColumns(next);
          paint();
        });
        row.append(move);
      }
    }
    return row;
  }

  const FILES = [["CSV", "csv", "text/csv"], ["Markdown", "md", "text/markdown"], ["LaTeX", "tex", "application/x-tex"]];

  reportgen.exportMenu = function (page) {
    return reportgen.menu("Export", function (panel, menu) {
      panel.append(make("p", { class: "note" }, "All rows that the filter leaves, in this order, with these columns. Numbers in CSV are exact."));
      for (const [title, ending, type] of FILES) {
        const button = make("button", { type: "button" }, title);
        button.addEventListener("click", function () {
          reportgen.download("runs." + ending, page.asText(ending), type);
          menu.open = false;
        });
        panel.append(button);
      }
    });
  };
})();
