// The table of runs as a person sees and changes it: SlickGrid draws the rows in view, the rest
// of the page is painted here, and the state is kept in the address.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const ROW = 38;
  const TALL = 21;
  const WIDEST = 340;

  reportgen.TablePage = class extends reportgen.TableModel {
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
  };
})();
