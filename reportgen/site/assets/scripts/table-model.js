// What the table of runs shows: which rows, in which order, compared with which baseline.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  reportgen.TableModel = class {
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
  };

  function passes(facet, value) {
    if (facet.values) {
      return facet.values.has(reportgen.plainText(value));
    }
    const [low, high] = facet.range;
    return typeof value === "number" && (low === null || value >= low) && (high === null || value <= high);
  }
})();
