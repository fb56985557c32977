// Where the table of runs begins: its data, its grid, and the controls above it.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const ROW = 38;

  function gridOf(page) {
    const source = {
      getLength: () => page.items.length,
      getItem: (at) => page.items[at],
      getItemMetadata: (at) => ({ cssClasses: page.items[at] && page.items[at].base ? "baseline" : "" }),
    };
    const grid = new window.Slick.Grid(page.place, source, page.slickColumns(), {
      rowHeight: ROW,
      enableHtmlRendering: false,
      enableColumnReorder: false,
      enableCellNavigation: true,
      enableTextSelectionOnCells: true,
      frozenColumn: 0,
      forceFitColumns: false,
      headerRowHeight: ROW,
      suppressCssChangesOnHiddenInit: true,
      defaultFormatter: () => "",
      minRowBuffer: 2,
    });
    grid.onSort.subscribe((event, args) => page.sortBy(args.sortCol ? args.sortCol.id : args.columnId));
    grid.onKeyDown.subscribe(function (event, args) {
      const item = page.items[args.row];
      const key = event.getNativeEvent ? event.getNativeEvent().key : event.key;
      if (!item || !["Enter", " "].includes(key)) {
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      if (key === " ") {
        page.select(item, !page.isSelected(item));
      } else if (item.members && item.members.length > 1) {
        page.toggle(item);
      } else {
        window.location.href = page.table.document.slugs[page.rowsOf(item)[0]] + "/index.html";
      }
    });
    return grid;
  }

  // What SlickGrid leaves to say for those who do not see the grid.
  function describe(place) {
    place.setAttribute("aria-label", "Runs");
    // The two stops of the keyboard before and behind the cells may be no other children of a grid.
    place.querySelectorAll(":scope > div:not(.slick-pane)").forEach((stop) => stop.setAttribute("role", "rowgroup"));
    place.querySelectorAll(".slick-pane, .slick-viewport").forEach((pane) => pane.removeAttribute("tabindex"));
    place.querySelectorAll(".slick-pane").forEach((pane) => pane.setAttribute("role", "presentation"));
    place.querySelectorAll(".grid-canvas, .slick-header").forEach((part) => part.setAttribute("role", "rowgroup"));
    place.querySelectorAll(".slick-viewport").forEach((part) => part.setAttribute("role", "presentation"));
    place.addEventListener("keydown", function (event) {
      const head = event.target.closest(".slick-header-column");
      if (head && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        head.click();
      }
    });
  }

  function wire(page) {
    const tools = document.querySelector("[data-runs-tools]");
    const field = tools.querySelector("input[type=search]");
    field.value = page.state.q;
    field.addEventListener("input", () => page.change({ q: field.value }, true));
    document.querySelector("[data-clear-filter]").addEventListener("click", function () {
      field.value = "";
      page.change({ q: "", facets: new Map() });
      field.focus();
    });
    tools.querySelector("[data-menus]").append(reportgen.facetMenu(page), reportgen.columnMenu(page), reportgen.exportMenu(page));
    for (const [name, key] of [["data-by-setting", "bySetting"], ["data-archived", "archived"]]) {
      const tick = tools.querySelector("[" + name + "]");
      if (tick) {
        tick.checked = page.state[key];
        tick.addEventListener("change", () => page.change({ [key]: tick.checked }));
      }
    }
    tools.querySelector("[data-baseline]").addEventListener("click", function () {
      const row = Array.from(page.selected)[0];
      const chosen = page.selected.size && this.textContent === "As baseline";
      page.selected.clear();
      page.change({ selected: [], base: chosen ? page.table.document.slugs[row] : null });
    });
    window.addEventListener("popstate", function () {
      page.state = reportgen.readTableState(window.location.hash);
      page.recallSelected();
      field.value = page.state.q;
      tools.querySelector("[data-by-setting]").checked = page.state.bySetting;
      page.refresh();
    });
    window.addEventListener("resize", () => page.grid && page.paint());
    tools.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", function () {
    const place = document.querySelector("[data-runs-grid]");
    if (!place) {
      return;
    }
    const start = () => reportgen.load("table", place.dataset.table).then(function (data) {
      const table = new reportgen.RunTable(data);
      const page = new reportgen.TablePage(table, place);
      reportgen.tablePage = page;
      return table.ensure(page.needed()).then(function () {
        document.querySelector("[data-runs-static]").hidden = true;
        place.hidden = false;
        page.grid = gridOf(page);
        describe(place);
        wire(page);
        page.paint();
      });
    });
    const attempt = () => start().catch((error) => reportgen.fault(document.querySelector("[data-runs-fault]"), error, attempt));
    attempt();
  });
})();
