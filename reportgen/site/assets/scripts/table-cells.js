// What stands in the cells of the table of runs: elements and text, never markup.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const SVG = "http://www.w3.org/2000/svg";
  const make = (tag, attributes, text) => reportgen.element(tag, attributes, text);

  function svg(kind, box, path, style, size) {
    const element = document.createElementNS(SVG, "svg");
    element.setAttribute("class", kind + " c" + style[0]);
    element.setAttribute("viewBox", box);
    element.setAttribute("aria-hidden", "true");
    if (size) {
      element.setAttribute("width", size[0]);
      element.setAttribute("height", size[1]);
    } else {
      element.setAttribute("preserveAspectRatio", "none");
    }
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", "d" + style[1]);
    line.setAttribute("d", path);
    element.append(line);
    return element;
  }

  reportgen.fixedNumber = function (value, decimals) {
    if (!Number.isFinite(value)) {
      return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    }
    const text = decimals === null || decimals === undefined ? plainNumber(value) : value.toFixed(decimals);
    const misleading = Math.abs(value) >= 1e7 || (value !== 0 && Number(text) === 0);
    return misleading ? plainNumber(value) : text;
  };

  // At most six significant digits, as Python's pages write settings.
  function plainNumber(value) {
    if (Number.isInteger(value) && Math.abs(value) < 1e7) {
      return String(value);
    }
    return String(Number(value.toPrecision(6)));
  }

  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

  function moment(text) {
    const time = new Date(text);
    if (Number.isNaN(time.getTime())) {
      return text;
    }
    const two = (value) => String(value).padStart(2, "0");
    return time.getUTCDate() + " " + MONTHS[time.getUTCMonth()] + " " + time.getUTCFullYear() +
      ", " + two(time.getUTCHours()) + ":" + two(time.getUTCMinutes());
  }

  function duration(seconds) {
    if (!(seconds >= 0)) {
      return "–";
    }
    if (seconds < 10) {
      return seconds.toFixed(1) + " s";
    }
    const whole = Math.round(seconds);
    const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"],
      [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
    const first = parts.findIndex((part) => part[0] > 0);
    return parts.slice(first, first + 2).filter((part) => part[0]).map((part) => part.join(" ")).join(" ");
  }

  // A value as the page writes it; exports in Markdown and LaTeX write it alike.
  reportgen.shownValue = function (column, value) {
    if (value === null || value === undefined) {
      return "–";
    }
    if (column.kind === "time") {
      return moment(value);
    }
    if (column.kind === "duration") {
      return duration(value);
    }
    if (typeof value === "number") {
      return reportgen.fixedNumber(value, column.kind === "metric" ? column.decimals : null);
    }
    return reportgen.plainText(value);
  };

  // Better or worse than the baseline, in a sign, a word and a colour.
  function delta(column, value, base) {
    const change = value - base;
    const shown = reportgen.fixedNumber(Math.abs(change), column.decimals);
    if (!Number.isFinite(change)) {
      return null;
    }
    if (change === 0) {
      return make("span", { class: "delta" }, "same");
    }
    const better = column.goal ? (column.goal === "minimize") === (change < 0) : null;
    const word = better === null ? "" : better ? " better" : " worse";
    const tone = better === null ? "" : better ? " good-text" : " poor-text";
    return make("span", { class: "delta" + tone }, (change > 0 ? "+" : "−") + shown + word);
  }

  reportgen.TableCells = class {
    constructor(table, page) {
      this.table = table;
      this.page = page;
    }

    // The cell of an item in a column; `item` is {row} or {setting, members}.
    cell(item, column) {
      if (column.key === "name") {
        return this.name(item);
      }
      if (column.key === "spark") {
        return this.spark(item);
      }
      if (column.key === "score") {
        return this.score(item);
      }
      return item.members ? this.ofMany(item, column) : this.ofOne(item, column);
    }

    name(item) {
      const { document: data } = this.table;
      const lead = item.members ? item.members[0] : item.row;
      const place = make("span", { class: "cell-name" + (item.inside ? " inside" : "") });
      const label = item.members ? data.settings.names[item.setting] : data.labels[lead];
      const box = make("input", { type: "checkbox", tabindex: "-1", "aria-label": "Select " + label });
      box.checked = this.page.isSelected(item);
      box.addEventListener("click", (event) => {
        event.stopPropagation();
        this.page.select(item, box.checked);
      });
      place.append(box, svg("swatch", "0 0 18 10", "M0 5H18", data.styles[lead], [18, 10]));
      if (item.members && item.members.length > 1) {
        const fold = make("button", {
          type: "button", class: "fold", tabindex: "-1", "aria-expanded": String(Boolean(item.open)),
          "aria-label": (item.open ? "Hide" : "Show") + " the runs of " + label,
        }, item.open ? "▾" : "▸");
        fold.addEventListener("click", () => this.page.toggle(item));
        place.append(fold);
      }
      const link = make("a", { href: data.slugs[lead] + "/index.html", tabindex: "-1" });
      link.append(make("bdi", { title: this.table.value("name", lead) }, label));
      place.append(link);
      const words = item.members && item.members.length > 1 ? item.members.length + " seeds" : this.table.remarks[lead];
      if (words) {
        const tone = item.members && item.members.length > 1 ? "plain" : this.table.tones[lead];
        place.append(make("span", { class: "about-run " + tone + "-text" }, words));
      }
      return place;
    }

    spark(item) {
      const lead = item.members ? item.members[0] : item.row;
      const path = this.table.spark(lead, () => this.page.repaint());
      if (!path) {
        return make("span", { class: "none" }, path === undefined ? "" : "–");
      }
      const place = make("span", {});  // SlickGrid takes HTML elements only
      place.append(svg("spark", "0 0 1000 1000", path, this.table.document.styles[lead]));
      return place;
    }

    score(item) {
      const rows = item.members || [item.row];
      const judged = rows.filter((row) => this.table.verdicts[row]);
      if (!judged.length) {
        return make("span", { class: "none" }, "–");
      }
      const row = judged.reduce((a, b) => (this.table.value("score", b) < this.table.value("score", a) ? b : a));
      const [tone, word] = this.table.verdicts[row];
      const badge = make("span", { class: "badge " + tone, title: word });
      badge.append(make("b", {}, reportgen.plainText(this.table.value("score", row))), " " + this.table.levels[row]);
      badge.append(make("span", { class: "sr" }, ", " + word));
      return badge;
    }

    ofOne(item, column) {
      const value = this.table.value(column.key, item.row);
      const trouble = this.table.troubles.get(item.row);
      if (trouble && column.key === "metrics." + this.table.document.metric) {
        return make("span", { class: "poor-text", title: trouble.metric }, trouble.text);
      }
      if (column.kind === "metric" && typeof value === "number") {
        return this.withDelta(column, value, make("span", {}, reportgen.shownValue(column, value)));
      }
      return make("bdi", {}, reportgen.shownValue(column, value));
    }

    ofMany(item, column) {
      const values = item.members.map((row) => this.table.value(column.key, row));
      if (column.kind !== "metric" && column.kind !== "duration") {
        const texts = new Set(values.map((value) => reportgen.shownValue(column, value)));
        const same = texts.size === 1;
        return make("bdi", same ? {} : { class: "none" }, same ? Array.from(texts)[0] : texts.size + " values");
      }
      const spread = this.page.spread(item, column);
      if (!spread) {
        return make("span", { class: "none" }, "–");
      }
      const place = make("span", {});
      place.append(make("b", {}, reportgen.shownValue(column, spread.mean)));
      if (spread.sd !== null && column.kind === "metric") {
        place.append(make("span", { class: "spread" }, " ± " + reportgen.fixedNumber(spread.sd, column.decimals)));
      }
      if (spread.n !== item.members.length) {
        place.append(make("span", { class: "spread" }, " (" + spread.n + " of " + item.members.length + ")"));
      }
      return column.kind === "metric" ? this.withDelta(column, spread.mean, place) : place;
    }

    withDelta(column, value, place) {
      const base = this.page.baseValue(column);
      const told = base === null || base === undefined ? null : delta(column, value, base);
      if (told) {
        place.append(told);
      }
      return place;
    }
  };
})();
