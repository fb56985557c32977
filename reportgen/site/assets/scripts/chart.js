// One chart: loads its data, has Vega draw frame and axes, draws the lines over it.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const LABELS = 6;
  const WIDE = 480;
  const LABEL_SHARE = 0.26;  // of the width, at most, for names at line ends

  const painted = () => new Promise((resolve) => window.requestAnimationFrame(() => window.setTimeout(resolve)));

  reportgen.Chart = class {
    // `change` is given what a reader's action changes in the state of the page.
    constructor(figure, state, change) {
      this.figure = figure;
      this.state = state;
      this.plot = figure.querySelector(".plot");
      this.series = JSON.parse(figure.dataset.series);
      this.series.forEach((series) => (series.key = series.key || series.run));
      this.keys = this.series.map((series) => series.key);
      this.note = figure.querySelector("[data-chart-note]");
      this.canvas = reportgen.element("div", { class: "canvas" });
      this.sheet = reportgen.element("canvas", { class: "lines", "aria-hidden": "true" });
      this.canvas.append(reportgen.element("div", { class: "axes" }), this.sheet);
      this.plot.append(this.canvas);
      this.lines = [];
      this.view = null;
      this.signature = "";
      this.faults = [];
      this.turn = 0;
      this.whole = true;
      const choose = (key, how) => change(reportgen.chosenLine(state, key, this.legendKeys(), how));
      this.paint = reportgen.legend(figure.querySelector(".legend"), this, choose);
      reportgen.hover(this.plot, {
        frame: () => this.frame(),
        lines: () => this.lines,
        state: () => this.state,
        zoom: (ends) => change({ zoom: ends }),
        label: (top, how) => this.press(top, how, choose),
      });
      reportgen.saveMenu(this);
    }

    // Draw what the state asks for; a file that fails is named, and the other lines are drawn.
    async draw() {
      this.turn += 1;
      const mine = this.turn;
      this.paint(this.state);
      const loading = Promise.allSettled(this.wanted().map((series) => reportgen.loadLine(series, this.state)));
      let kit;
      try {
        kit = await reportgen.look();
        const loaded = await loading;
        if (mine !== this.turn) {
          return;  // the state changed while files were loading
        }
        this.fail(loaded.filter((one) => one.status === "rejected").map((one) => one.reason));
        const found = loaded.filter((one) => one.status === "fulfilled").map((one) => one.value);
        this.lines = this.linesOf(kit, found);
        this.preview();
        await painted();  // Vega takes its time to start, and nothing is painted meanwhile
        await reportgen.kit();
      } catch (error) {
        this.fail([error]);
        return;
      }
      if (mine !== this.turn) {
        return;
      }
      await this.show(kit);
    }

    // The series to load: of lines that the reader did not hide or filter out.
    wanted() {
      const kept = this.series.filter((series) => !this.state.out.includes(series.run));
      return kept.filter((series) => this.isGrouped() || this.isShown(series.key));
    }

    // What the menu saves.
    spec(kit) {
      return reportgen.exportSpec(this, kit);
    }

    table() {
      return reportgen.csvParts(this);
    }

    fail(errors) {
      this.faults.splice(0).forEach((line) => line.remove());
      this.faults = errors.map((error) => reportgen.fault(this.figure, error, () => this.draw()));
    }

    isShown(key) {
      return reportgen.isShown(this.state, key, this.keys);
    }

    // Keys of what the legend lists: every line, or the first run of each group.
    legendKeys() {
      const firsts = new Map();
      this.series.forEach((series) => firsts.has(series.group) || firsts.set(series.group, series.key));
      return this.isGrouped() ? Array.from(firsts.values()) : this.keys;
    }

    isGrouped() {
      return this.state.group && this.series.every((series) => series.group);
    }

    linesOf(kit, found) {
      const mode = reportgen.mode();
      const lines = found.map((loaded) => ({
        series: loaded.series,
        colour: kit.series[mode][loaded.series.colour] || kit.neutral[mode],
        dash: kit.dashes[loaded.series.dash],
        points: reportgen.points(loaded, this.state),
        earlier: reportgen.earlier(loaded, this.state),
      }));
      this.absent = lines.filter((line) => !line.points.x.length).length;
      const drawn = lines.filter((line) => line.points.x.length);
      if (!this.isGrouped()) {
        return drawn;
      }
      const groups = reportgen.grouped(drawn, this.state, kit.specs.lines.usermeta.t975);
      const keys = groups.map((line) => line.series.key);
      return groups.filter((line) => reportgen.isShown(this.state, line.series.key, keys));
    }

    // Lines without axes, on a page that carries none, for as long as Vega is loading.
    preview() {
      const plain = this.state.xScale === "linear" && this.state.yScale === "linear";
      if (this.view || !plain || this.plot.querySelector(".static") || !this.lines.length) {
        return;
      }
      const { x, y } = reportgen.extents(this.lines, this.state);
      const frame = { left: 52, top: 6, width: this.plot.clientWidth - 60, height: this.plot.clientHeight - 46 };
      const share = (value, ends) => (ends[1] > ends[0] ? (value - ends[0]) / (ends[1] - ends[0]) : 0.5);
      frame.px = (value) => frame.width * share(value, x);
      frame.py = (value) => frame.height * (1 - share(value, y));
      reportgen.drawLines(this.sheet, frame, this.lines, this.state);
      window.performance.mark("reportgen lines");
    }

    labelled() {
      const count = this.lines.length;
      return this.series.length > 1 && count > 0 && count <= LABELS && this.plot.clientWidth >= WIDE;
    }

    async show(kit) {
      const mode = reportgen.mode();
      const extents = reportgen.extents(this.lines, this.state);
      const scales = [this.state.xScale, this.state.yScale, this.state.x, this.state.zoom];
      // The constant and the ticks of a symmetric logarithm follow from the data.
      const symmetric = scales.includes("symlog") ? [extents.x, extents.y] : [];
      const signature = JSON.stringify([mode, scales, symmetric, this.labelled(), this.plot.clientWidth]);
      const corners = [0, 1].map((i) => ({ x: extents.x[i], y: extents.y[i] }));
      const rows = corners.filter((row) => Number.isFinite(row.x) && Number.isFinite(row.y));
      if (this.view === null || signature !== this.signature) {
        this.signature = signature;
        await this.embed(kit, mode, rows, extents);
      } else {
        this.view.data("points", rows);
        await this.view.runAsync();
      }
      const labels = this.labelled() ? this.labels() : [];
      // Names set the width that is left for the plot, and their places follow its height.
      this.view.data("labels", labels);
      await this.view.runAsync();
      this.tops = labels;
      this.plot.classList.add("drawn");
      this.figure.classList.toggle("labelled", labels.length > 0);
      reportgen.drawLines(this.sheet, this.frame(), this.lines, this.state);
      this.say(extents);
      this.figure.dataset.drawn = String(this.lines.length);
    }

    async embed(kit, mode, rows, extents) {
      if (this.view) {
        this.view.finalize();
      }
      const spec = reportgen.dressed(kit, this.figure, this.state, extents);
      spec.layer = spec.layer.filter((layer) => ["points", "labels"].includes(layer.data.name));
      const { x, y } = spec.layer[0].encoding;
      spec.layer[0].mark = { type: "point", opacity: 0 };
      spec.layer[0].encoding = { x: x, y: y };
      spec.datasets = { points: rows, labels: [] };
      spec.padding = { left: 0, top: 6, bottom: 4, right: 8 };
      for (const layer of spec.layer) {
        if (layer.mark.type === "text") {
          layer.mark.limit = LABEL_SHARE * this.plot.clientWidth - 26;
        }
      }
      const result = await reportgen.embed(this.canvas.firstElementChild, kit, mode, spec);
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
      const padding = this.view.padding();
      return {
        left: left + padding.left,
        top: top + padding.top,
        width: this.view.signal("width"),
        height: this.view.signal("height"),
        x: (px) => x.invert(px),
        y: (py) => y.invert(py),
        px: (value) => x(value),
        py: (value) => (Number.isFinite(value) ? y(value) : NaN),
      };
    }

    labels() {
      const y = this.view.scale("y");
      const height = this.view.signal("height");
      const ends = this.lines.map((line) => {
        const [first, end] = reportgen.within(line.points, this.state.zoom);
        for (let i = end - 1; i >= first; i -= 1) {
          const value = line.points.y[i];
          const top = reportgen.drawable(value, this.state.yScale) ? y(value) : NaN;
          if (Number.isFinite(top)) {
            return Math.min(Math.max(top, 0), height);
          }
        }
        return null;
      });
      const tops = reportgen.apart(ends, 15, height);
      return this.lines
        .map((line, i) => ({
          top: tops[i], text: line.series.label, colour: line.colour, dash: line.dash, key: line.series.key,
        }))
        .filter((row) => row.top !== null);
    }

    // A click on a name at a line's end does what it does in the legend.
    press(top, how, choose) {
      const near = (this.tops || []).find((row) => Math.abs(row.top - top) <= 8);
      if (near) {
        choose(near.key, how);
      }
      return Boolean(near);
    }

    // What a reader should know of this drawing.
    say(extents) {
      const domain = this.view.scale("y").domain();
      this.note.textContent = reportgen.remarks(this, extents.hidden, domain).join("; ");
    }
  };
})();
