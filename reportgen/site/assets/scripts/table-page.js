// The table of runs: SlickGrid draws the rows in view; what is in them, their order and their
// state in the address are decided here.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const ROW = 38;
  const TALL = 21;
  const WIDEST = 340;

  class TablePage {
    constructor(table, place) {
      this.table = table;
      this.place = place;
      this.cells = new reportgen.TableCells(table, this);
      this.state = reportgen.readTableState(window.location.hash);
      this.selected = new Set();
      this.recallSelected();
      this.open = new Set();
      this.items = [];
      this.fault = "";
      this.spreads = new Map();
      this.ruler = document.createElement("canvas").getContext("2d");
      this.ruler.font = "14px " + getComputedStyle(document.body).fontFamily;
    }

    // -- what is shown ------------------------------------------------------------------------

    keys() {
      const wanted = this.state.cols || this.table.document.shown;
      const known = wanted.filter((key, i) => this.table.columns.has(key) && wanted.indexOf(key) === i);
      return ["name", ...known.filter((key) => key !== "name")];
    }

    // Everything that the present state needs to be here before it can be painted.
    needed() {
      const keys = new Set([...this.keys(), ...this.state.facets.keys()]);
      keys.add(this.sorting().key);
      const query = this.query();
      (query ? query.asked : []).forEach((key) => keys.add(key));
      return Array.from(keys).filter((key) => this.table.columns.has(key));
    }

    // What the order is by; at first it is the site's metric, best first, which needs no sorting
    // but that of means.
    sorting() {
      const { metric, goal } = this.table.document;
      const first = metric ? (goal === "minimize" ? "" : "-") + "metrics." + metric : "";
      const text = this.state.sort || first;
      return { key: text.replace(/^-/, ""), down: text.startsWith("-"), given: Boolean(this.state.sort) };
    }

    // A condition; null for words, and for what cannot be read, of which `fault` tells.
    query() {
      this.fault = "";
      const text = this.state.q.trim();
      if (!text) {
        return null;
      }
      try {
        return reportgen.query(text, this.table.keys);
      } catch (error) {
        if (/[<>=!()"'`]|\bnot\b|\bin\b|\bis\b/.test(text)) {
          this.fault = error.message;
        }
        return null;
      }
    }

    // The runs that are not hidden as archived, before any filter.
    candidates() {
      const rows = [];
      for (let row = 0; row < this.table.count; row += 1) {
        if (this.state.archived || this.table.value("archived", row) !== true) {
          rows.push(row);
        }
      }
      return rows;
    }

    filtered() {
      const query = this.query();
      const words = !query && !this.fault ? this.state.q.toLowerCase().split(/\s+/).filter((word) => word) : [];
      const facets = Array.from(this.state.facets).filter(([key]) => this.table.columns.has(key));
      return this.candidates().filter((row) =>
        (!query || query.matches((key) => this.table.value(key, row))) &&
        words.every((word) => this.table.text(row).includes(word)) &&
        facets.every(([key, facet]) => passes(facet, this.table.value(key, row)))
      );
    }

    arrange() {
      this.rows = this.filtered();
      this.spreads.clear();
      const { key, down, given } = this.sorting();
      const column = this.table.columns.get(key);
      if (this.state.bySetting) {
        this.items = this.bySetting(column, down);
        return;
      }
      const valueOf = (row) => this.sortValue(column, row);
      const rows = column && given ? reportgen.sortedRows(this.rows, valueOf, down) : this.rows;
      this.items = rows.map((row) => ({ row: row }));
      const base = this.table.rowOf.get(this.state.base);
      if (base !== undefined) {
        this.items = [{ row: base, base: true }, ...this.items.filter((item) => item.row !== base)];
      }
    }

    sortValue(column, row) {
      const diverged = column.key === "metrics." + this.table.document.metric && this.table.troubles.has(row);
      return diverged ? null : this.table.value(column.key, row);
    }

    bySetting(column, down) {
      const held = new Map();
      for (const row of this.rows) {
        const setting = this.table.document.settings.at[row];
        const key = setting < 0 ? "row " + row : setting;
        if (!held.has(key)) {
          held.set(key, []);
        }
        held.get(key).push(row);
      }
      let found = Array.from(held, ([setting, members]) =>
        typeof setting === "string" ? { row: members[0] } : { setting: setting, members: members, open: this.open.has(setting) }
      );
      if (column) {
        found = reportgen.sortedRows(found, (item) => this.itemValue(item, column), down);
      }
      const base = found.find((item) => this.isBase(item));
      if (base) {
        base.base = true;
        found = [base, ...found.filter((item) => item !== base)];
      }
      return found.flatMap((item) =>
        item.open && item.members.length > 1 ? [item, ...item.members.map((row) => ({ row: row, inside: true }))] : [item]
      );
    }

    itemValue(item, column) {
      if (!item.members) {
        return this.sortValue(column, item.row);
      }
      if (column.kind === "metric" || column.kind === "duration") {
        const spread = this.spread(item, column);
        return spread ? spread.mean : null;
      }
      return this.table.value(column.key, item.members[0]);
    }

    // Mean and deviation over the runs of a setting; runs that diverged give no value.
    spread(item, column) {
      const name = item.setting + "\n" + column.key;
      if (!this.spreads.has(name)) {
        const values = item.members.map((row) => this.sortValue(column, row));
        this.spreads.set(name, reportgen.meanOf(values));
      }
      return this.spreads.get(name);
    }

    isBase(item) {
      const row = this.table.rowOf.get(this.state.base);
      const rows = item.members || [item.row];
      return row !== undefined && rows.includes(row);
    }

    baseValue(column) {
      const base = this.items[0];
      if (!this.state.base || !base || !base.base) {
        return null;
      }
      return this.itemValue(base, column);
    }

    // -- what a person does -------------------------------------------------------------------

    change(changes, replaced) {
      Object.assign(this.state, changes);
      this.remember(replaced);
      return this.refresh();
    }

    remember(replaced) {
      const hash = reportgen.writeTableState(this.state, this.table.document.shown);
      const address = window.location.pathname + window.location.search + hash;
      window.history[replaced ? "replaceState" : "pushState"](null, "", address);
    }

    refresh() {
      const turn = (this.turn = (this.turn || 0) + 1);
      return this.table.ensure(this.needed()).then(
        () => (turn === this.turn ? this.paint() : undefined),
        (error) => reportgen.fault(document.querySelector("[data-runs-fault]"), error, () => this.refresh())
      );
    }

    chooseFacet(key, text, wanted) {
      const facets = new Map(this.state.facets);
      const values = new Set((facets.get(key) || {}).values || []);
      values[wanted ? "add" : "delete"](text);
      facets[values.size ? "set" : "delete"](key, { values: values });
      this.change({ facets: facets });
    }

    boundFacet(key, range) {
      const facets = new Map(this.state.facets);
      const open = range.every((end) => end === null);
      facets[open ? "delete" : "set"](key, { range: range });
      this.change({ facets: facets });
    }

    chooseColumns(keys) {
      this.change({ cols: keys });
    }

    sortBy(key) {
      const column = this.table.columns.get(key);
      const best = column.goal !== "minimize" && (column.numeric || column.kind === "time");
      const first = best ? "-" + key : key;
      const second = best ? key : "-" + key;
      const next = this.state.sort === first ? second : this.state.sort === second ? null : first;
      this.change({ sort: next });
    }

    toggle(item) {
      this.open[this.open.has(item.setting) ? "delete" : "add"](item.setting);
      this.paint();
    }

    rowsOf(item) {
      return item.members || [item.row];
    }

    isSelected(item) {
      return this.rowsOf(item).every((row) => this.selected.has(row));
    }

    select(item, wanted) {
      this.rowsOf(item).forEach((row) => this.selected[wanted ? "add" : "delete"](row));
      this.state.selected = Array.from(this.selected, (row) => this.table.document.slugs[row]);
      this.remember(true);
      this.repaint();
      this.paintTools();
    }

    recallSelected() {
      const rows = this.state.selected.map((slug) => this.table.rowOf.get(slug));
      this.selected = new Set(rows.filter((row) => row !== undefined));
    }

    // -- painting -----------------------------------------------------------------------------

    paint() {
      this.arrange();
      const height = Math.min(this.items.length + 1, TALL) * ROW + "px";
      if (height !== this.place.style.height) {
        this.place.style.height = height;
        this.grid.resizeCanvas();
      }
      if (!this.setColumns()) {
        this.grid.invalidate();
      }
      this.place.setAttribute("aria-rowcount", String(this.items.length + 1));
      this.paintHeads();
      this.paintTools();
      document.querySelector("[data-no-match]").hidden = this.items.length > 0;
    }

    repaint() {
      window.cancelAnimationFrame(this.frame);
      this.frame = window.requestAnimationFrame(() => {
        this.grid.invalidateAllRows();
        this.grid.render();
      });
    }

    setColumns() {
      const signature = this.keys().join("\n") + "\n" + this.state.bySetting + this.state.base + this.place.clientWidth;
      const changed = signature !== this.signature;
      if (changed) {
        this.signature = signature;
        this.grid.invalidateAllRows();
        this.grid.setColumns(this.slickColumns());
      }
      return changed;
    }

    slickColumns() {
      const keys = this.keys();
      const columns = keys.map((key) => this.column(this.table.columns.get(key)));
      const metric = columns.findIndex((column) => column.id === "metrics." + this.table.document.metric);
      if (this.table.document.sparks.length) {
        const spark = { ...this.column({ key: "spark", title: this.table.document.curve, kind: "text", values: [] }), width: 116, sortable: false };
        columns.splice(metric < 0 ? columns.length : metric, 0, spark);
      }
      const spare = this.place.clientWidth - 4 - columns.reduce((sum, column) => sum + column.width, 0);
      columns[0].width += Math.max(0, Math.min(spare, WIDEST));
      return columns;
    }

    column(column) {
      const right = column.numeric && column.key !== "score";
      return {
        id: column.key,
        name: column.key === "name" && this.state.bySetting ? "Setting" : column.title,
        field: column.key,
        width: this.width(column),
        minWidth: 48,
        sortable: true,
        cssClass: right ? "number" : "",
        headerCssClass: right ? "number" : "",
        toolTip: column.key + (column.goal ? (column.goal === "minimize" ? ", lower is better" : ", higher is better") : ""),
        formatter: (at, cell, value, definition, item) => this.cells.cell(item, column),
      };
    }

    // Wide enough for the heading and for a sample of the values.
    width(column) {
      const measure = (text) => this.ruler.measureText(text).width;
      const heading = measure(column.title) * 0.9 + 34;
      if (column.key === "score") {
        return Math.max(heading, 84);
      }
      const labels = this.table.document[this.state.bySetting ? "settings" : "labels"];
      const values = column.key === "name" ? labels.names || labels : column.values;
      const step = Math.max(1, Math.floor(values.length / 60));
      let widest = 0;
      for (let row = 0; row < values.length; row += step) {
        widest = Math.max(widest, measure(column.key === "name" ? values[row] : reportgen.shownValue(column, values[row])));
      }
      if (column.key === "name") {
        return Math.min(Math.max(widest + 150, 200), this.place.clientWidth < 600 ? this.place.clientWidth * 0.52 : 420);
      }
      const more = column.kind !== "metric" ? 0 : (this.state.base ? 110 : 0) + (this.state.bySetting ? 70 : 0);
      const trouble = column.key === "metrics." + this.table.document.metric && this.table.troubles.size ? 124 : 0;
      return Math.round(Math.min(Math.max(heading, widest + 24 + more, trouble), WIDEST));
    }

    paintHeads() {
      const { key, down } = this.sorting();
      for (const head of this.place.querySelectorAll(".slick-header-column")) {
        const sorted = head.dataset.id === key;
        head.setAttribute("aria-sort", sorted ? (down ? "descending" : "ascending") : "none");
        if (head.dataset.id !== "spark") {
          head.tabIndex = 0;
        }
      }
    }

    paintTools() {
      const count = this.selected.size;
      const runs = this.rows.length;
      const all = this.candidates().length;
      const link = document.querySelector("[data-compare-selected]");
      const slugs = Array.from(this.selected, (row) => this.table.document.slugs[row]);
      link.textContent = count ? "Compare " + count : "Compare";
      link.setAttribute("aria-disabled", String(count < 2));
      link.href = "../compare/index.html" + (count ? "#runs=" + slugs.join(",") : "");
      const base = document.querySelector("[data-baseline]");
      const settings = new Set(Array.from(this.selected, (row) => this.table.document.settings.at[row]));
      const one = this.state.bySetting ? settings.size === 1 : count === 1;
      base.textContent = this.state.base && !one ? "No baseline" : "As baseline";
      base.disabled = !this.state.base && !one;
      base.title = base.disabled ? "Select one row first: the others are then compared with it" : "";
      const note = document.querySelector("[data-filter-note]");
      const field = document.querySelector("[data-runs-tools] input[type=search]");
      note.classList.toggle("poor-text", Boolean(this.fault));
      field.toggleAttribute("aria-invalid", Boolean(this.fault));
      const settingsShown = this.state.bySetting ? " in " + this.items.filter((item) => !item.inside).length + " settings" : "";
      note.textContent = this.fault || (runs === all ? all + " runs" : runs + " of " + all + " runs") + settingsShown;
      this.paintChips();
    }

    paintChips() {
      const list = document.querySelector("[data-chips]");
      list.replaceChildren();
      for (const [key, facet] of this.state.facets) {
        const words = facet.range
          ? key + " " + facet.range.map((end) => (end === null ? "" : end)).join("..")
          : key + ": " + Array.from(facet.values).join(", ");
        const chip = reportgen.element("li", { class: "chip" });
        const off = reportgen.element("button", { type: "button", "aria-label": "Without " + words }, "×");
        off.addEventListener("click", () => {
          const facets = new Map(this.state.facets);
          facets.delete(key);
          this.change({ facets: facets });
        });
        chip.append(reportgen.element("bdi", {}, words.replace(/^config\./, "")), off);
        list.append(chip);
      }
    }

    // -- files --------------------------------------------------------------------------------

    asText(kind) {
      const columns = this.keys().map((key) => this.table.columns.get(key));
      const items = this.state.bySetting ? this.items.filter((item) => !item.inside) : this.items;
      const label = (item) => (item.members ? this.table.document.settings.names[item.setting] : this.table.value("name", item.row));
      const exact = items.map((item) => columns.map((column) => (column.key === "name" ? label(item) : this.itemValue(item, column))));
      const shown = items.map((item) => columns.map((column) => (column.key === "name" ? label(item) : this.shownText(item, column))));
      const header = columns.map((column) => (kind === "csv" ? column.key : column.title));
      return reportgen.tableAs[kind](header, exact, shown, columns.map((column) => column.numeric));
    }

    shownText(item, column) {
      const spread = item.members && column.kind === "metric" ? this.spread(item, column) : null;
      if (!spread) {
        return reportgen.shownValue(column, this.itemValue(item, column));
      }
      const mean = reportgen.fixedNumber(spread.mean, column.decimals);
      return spread.sd === null ? mean : mean + " ± " + reportgen.fixedNumber(spread.sd, column.decimals) + " (n = " + spread.n + ")";
    }
  }

  function passes(facet, value) {
    if (facet.values) {
      return facet.values.has(reportgen.plainText(value));
    }
    const [low, high] = facet.range;
    return typeof value === "number" && (low === null || value >= low) && (high === null || value <= high);
  }

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
      const page = new TablePage(table, place);
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
