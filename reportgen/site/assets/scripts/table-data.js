// The runs as columns: what the page brought, and what is loaded when it is asked for.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const NUMBERS = new Map([["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]]);

  function decoded(column, numeric) {
    const plain = (value) => (numeric && NUMBERS.has(value) ? NUMBERS.get(value) : value);
    const of = (column.of || column.all).map(plain);
    return column.of ? column.at.map((place) => of[place]) : of;
  }

  reportgen.RunTable = class {
    constructor(document) {
      this.document = document;
      this.count = document.slugs.length;
      this.columns = new Map();
      for (const column of document.columns) {
        const numeric = ["number", "metric", "duration"].includes(column.kind);
        const values = column.of || column.all ? decoded(column, numeric) : null;
        this.columns.set(column.key, { ...column, numeric: numeric, values: values });
      }
      this.keys = new Set(this.columns.keys());
      this.troubles = new Map(document.troubles.map(([row, metric, text]) => [row, { metric, text }]));
      this.remarks = decoded(document.remarks, false);
      this.tones = decoded(document.tones, false);
      this.verdicts = decoded(document.verdicts, false);
      this.levels = decoded(document.levels, false);
      this.rowOf = new Map(document.slugs.map((slug, row) => [slug, row]));
      this.sparks = new Map();
      this.texts = null;
    }

    value(key, row) {
      const values = this.columns.get(key).values;
      return values ? values[row] : undefined;
    }

    // Loads the columns that are not here yet.
    ensure(keys) {
      const missing = Array.from(keys, (key) => this.columns.get(key)).filter(
        (column) => column && !column.values
      );
      return Promise.all(
        missing.map((column) =>
          reportgen.load(column.name, column.path).then((data) => {
            column.values = decoded(data, column.numeric);
          })
        )
      );
    }

    // The small curve of a run: its path, or undefined while it is loaded; then `ready` is called.
    spark(row, ready) {
      const each = this.document.sparksEach;
      const chunk = Math.floor(row / each);
      const file = this.document.sparks[chunk];
      if (!file) {
        return "";
      }
      if (!this.sparks.has(chunk)) {
        this.sparks.set(chunk, null);
        reportgen.load(file.name, file.path).then((data) => {
          this.sparks.set(chunk, data.paths);
          ready();
        }, () => this.sparks.delete(chunk));
      }
      const paths = this.sparks.get(chunk);
      return paths ? paths[row % each] : undefined;
    }

    // What words are looked for in: name, project, group, state.
    text(row) {
      if (!this.texts) {
        const keys = ["name", "project", "group", "state"];
        this.texts = Array.from({ length: this.count }, (_, i) =>
          keys.map((key) => this.value(key, i) || "").join(" ").toLowerCase()
        );
      }
      return this.texts[row];
    }

    // Different values of a column with how often each occurs, most frequent first.
    counts(key, rows) {
      const found = new Map();
      for (const row of rows) {
        const value = reportgen.plainText(this.value(key, row));
        found.set(value, (found.get(value) || 0) + 1);
      }
      return Array.from(found).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    }
  };

  // A value as a person would write it.
  reportgen.plainText = function (value) {
    if (value === null || value === undefined) {
      return "–";
    }
    if (Array.isArray(value)) {
      return "[" + value.map(reportgen.plainText).join(", ") + "]";
    }
    return value === "" ? '""' : String(value);
  };

  // The row order: by a column, rows without a value last whichever way the others go.
  reportgen.sortedRows = function (rows, valueOf, down) {
    const sign = down ? -1 : 1;
    const keyed = rows.map((row, place) => [row, sortable(valueOf(row)), place]);
    const absent = (value) => value === null || value === undefined || Number.isNaN(value);
    keyed.sort(function (a, b) {
      const [one, other] = [a[1], b[1]];
      if (absent(one) || absent(other)) {
        return absent(one) - absent(other) || a[2] - b[2];
      }
      if (typeof one === "number" && typeof other === "number") {
        return one === other ? a[2] - b[2] : one < other ? -sign : sign;
      }
      if (typeof one !== typeof other) {
        return typeof one === "number" ? -1 : 1;
      }
      return one === other ? a[2] - b[2] : one < other ? -sign : sign;
    });
    return keyed.map((item) => item[0]);
  };

  // A number as it is; text without case, and with its numbers in the order of their values.
  function sortable(value) {
    if (value === null || value === undefined || typeof value === "number") {
      return value;
    }
    return reportgen.plainText(value).toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0"));
  }

  // Mean and sample standard deviation (n - 1) of the finite numbers; null without any.
  reportgen.meanOf = function (values) {
    let [n, sum] = [0, 0];
    for (const value of values) {
      if (Number.isFinite(value)) {
        n += 1;
        sum += value;
      }
    }
    if (!n) {
      return null;
    }
    const mean = sum / n;
    let squares = 0;
    for (const value of values) {
      squares += Number.isFinite(value) ? (value - mean) ** 2 : 0;
    }
    return { mean: mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : null, n: n };
  };
})();
