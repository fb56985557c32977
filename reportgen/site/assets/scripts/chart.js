// One chart: loads its data, binds rows to the specification that came with the site, draws.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const LABELS = 6;
  const WIDE = 480;
  const LABEL_SHARE = 0.26;  // of the width, at most, for names at line ends

  // The libraries and the specifications, once a page.
  reportgen.kit = function () {
    const page = document.documentElement.dataset;
    const libraries = page.vega.split(" ").reduce(
      (before, path) => before.then(() => reportgen.script(path)),
      Promise.resolve()
    );
    return libraries.then(() => reportgen.load("charts", page.charts));
  };

  reportgen.Chart = class {
    constructor(figure, state, zoom) {
      this.figure = figure;
      this.state = state;
      this.plot = figure.querySelector(".plot");
      this.series = JSON.parse(figure.dataset.series);
      this.note = figure.querySelector("[data-chart-note]");
      this.canvas = reportgen.element("div", { class: "canvas" });
      this.plot.append(this.canvas);
      this.lines = [];
      this.view = null;
      this.signature = "";
      this.faults = [];
      const list = figure.querySelector(".legend");
      this.hidden = reportgen.legend(list, this.series.length, () => this.draw());
      reportgen.hover(this.plot, {
        frame: () => this.frame(),
        lines: () => this.lines,
        state: () => this.state,
        xName: () => (this.state.x === "time" ? "" : "step"),
        xText: (x) => (this.state.x === "time" ? seconds(x) : x.toLocaleString("en")),
        zoom: zoom,
      });
    }

    // Draw what the state asks for; a file that fails is named, and the other lines are drawn.
    async draw() {
      this.faults.splice(0).forEach((line) => line.remove());
      let kit;
      try {
        kit = await reportgen.kit();
      } catch (error) {
        this.faults.push(reportgen.fault(this.figure, error, () => this.draw()));
        return;
      }
      const loaded = await Promise.allSettled(
        this.series.map((series) => reportgen.loadCurve(series, this.state))
      );
      const mode = reportgen.mode();
      const palette = { colour: (index) => kit.series[mode][index] || kit.neutral[mode], dashes: kit.dashes };
      this.lines = [];
      loaded.forEach((result, index) => {
        const series = this.series[index];
        if (result.status === "rejected") {
          this.faults.push(reportgen.fault(this.figure, result.reason, () => this.draw()));
        } else if (!this.hidden.has(index)) {
          this.lines.push({
            series: series,
            colour: palette.colour(series.colour),
            points: reportgen.points(result.value, this.state),
            earlier: reportgen.earlier(result.value, this.state),
          });
        }
      });
      const rows = reportgen.lineRows(this.lines, this.state, palette);
      await this.show(kit, mode, rows);
      this.say(rows.hidden);
    }

    labelled() {
      const several = this.series.length > 1 && this.lines.length <= LABELS;
      return several && this.series.length <= LABELS && this.plot.clientWidth >= WIDE;
    }

    async show(kit, mode, rows) {
      const labelled = this.labelled();
      const signature = [mode, this.state.log, this.state.x, labelled].join();
      if (this.view === null || signature !== this.signature) {
        this.signature = signature;
        await this.embed(kit, mode, rows);
      } else {
        this.bind(rows, ["points", "spots", "marks"]);
        await this.view.runAsync();
      }
      if (labelled) {
        rows.labels = this.labels(rows.styles);
      }
      this.bind(rows, ["labels"]);
      await this.view.runAsync();
      this.plot.classList.add("drawn");
      this.figure.dataset.drawn = String(this.lines.length);
    }

    bind(rows, names) {
      for (const name of names) {
        this.view.data(name, rows[name]);
      }
    }

    async embed(kit, mode, rows) {
      if (this.view) {
        this.view.finalize();
      }
      const spec = structuredClone(kit.specs[this.figure.dataset.chart]);
      const { points, spots, marks } = rows;
      spec.datasets = { points: points, spots: spots, marks: marks, labels: [] };
      spec.padding = { left: 0, top: 6, bottom: 4, right: 8 };
      for (const layer of spec.layer) {
        const x = layer.encoding.x;
        const y = layer.encoding.y;
        if (x.field) {
          x.title = this.state.x === "time" ? "time since start (s)" : "step";
        }
        if (y.field === "y") {
          y.title = plain(this.figure.dataset.y) + (this.state.log ? " (log)" : "");
          y.scale = this.state.log ? { type: "log", nice: false } : y.scale;
        }
        if (layer.mark.type === "text") {
          layer.mark.limit = LABEL_SHARE * this.plot.clientWidth - 26;
        }
      }
      const result = await window.vegaEmbed(this.canvas, spec, {
        mode: "vega-lite",
        renderer: "canvas",
        actions: false,
        ast: true,
        tooltip: false,
        hover: false,
        logLevel: window.vega.Error,
        config: kit.config[mode],
      });
      this.view = result.view;
    }

    // Where the plot lies inside .plot, and its scales.
    frame() {
      if (!this.view || !this.plot.classList.contains("drawn")) {
        return null;
      }
      const x = this.view.scale("x");
      const y = this.view.scale("y");
      const [left, top] = this.view.origin();
      return {
        left: left,
        top: top,
        width: this.view.signal("width"),
        height: this.view.signal("height"),
        x: (px) => x.invert(px),
        px: (value) => x(value),
        py: (value) => (Number.isFinite(value) ? y(value) : NaN),
      };
    }

    labels(styles) {
      const y = this.view.scale("y");
      const height = this.view.signal("height");
      const ends = this.lines.map((line) => {
        const shown = reportgen.within(line.points, this.state.zoom);
        for (let i = shown.length - 1; i >= 0; i -= 1) {
          const top = Number.isFinite(shown[i].y) ? y(shown[i].y) : NaN;
          if (Number.isFinite(top)) {
            return Math.min(Math.max(top, 0), height);
          }
        }
        return null;
      });
      const tops = reportgen.apart(ends, 15, height);
      return this.lines
        .map((line, i) => ({ top: tops[i], text: line.series.label, ...styles[i] }))
        .filter((row) => row.top !== null);
    }

    // What a reader should know of this drawing: a cut axis, smoothing, values a log axis lacks.
    say(hidden) {
      const parts = [];
      const domain = this.view.scale("y").domain();
      if (!this.state.log && domain[0] > 0 && domain[0] < domain[1]) {
        parts.push("axis from " + Number(domain[0].toPrecision(3)));
      }
      if (this.state.smooth > 0) {
        parts.push("smoothed, weight " + this.state.smooth);
      }
      if (hidden) {
        parts.push(hidden + (hidden === 1 ? " point" : " points") + " at or below 0 not on a log axis");
      }
      const breaks = this.lines.filter((line) => reportgen.breaks(line.points).length);
      if (breaks.length) {
        const first = reportgen.breaks(breaks[0].points)[0];
        const what = reportgen.format(first.raw);
        parts.push("▲ " + what + " at step " + first.step + (breaks.length > 1 ? " and others" : ""));
      }
      this.note.textContent = parts.join("; ");
    }
  };

  // Vega takes a title that is a key of every object ("constructor") for a signal, and fails; a
  // word joiner, which has no width, makes it an ordinary text.
  function plain(title) {
    return title in {} ? "\u2060" + title : title;
  }

  function seconds(value) {
    if (value < 120) {
      return value.toFixed(1) + " s";
    }
    return value < 7200 ? (value / 60).toFixed(1) + " min" : (value / 3600).toFixed(2) + " h";
  }
})();
