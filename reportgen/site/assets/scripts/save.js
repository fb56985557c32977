// A chart as a file: SVG and PNG on white with title and legend, Vega-Lite with its data, and
// CSV with every point that was logged.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const WIDTH = 720;
  const HEIGHT = 360;
  const BUCKETS = 500;
  const PIECE = 20000;

  // Offer a file; the address of a Blob works from files and servers alike.
  reportgen.offer = function (name, parts, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type: type }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  // A cell of text that no spreadsheet takes for a formula: those begin with one of = + - @ and
  // get an apostrophe before them.
  reportgen.csvText = function (text) {
    const plain = /^[=+\-@\t\r＝＋－＠]/.test(text) ? "'" + text : text;
    return /[",\n\r]/.test(plain) ? '"' + plain.replace(/"/g, '""') + '"' : plain;
  };

  reportgen.fileName = (title, ending) =>
    (title.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 80) || "chart") + ending;

  function title(chart) {
    const heading = chart.figure.querySelector("figcaption > :first-child");
    return heading ? heading.textContent.trim() : chart.figure.dataset.y;
  }

  function unique(names) {
    const seen = new Map();
    return names.map(function (name) {
      seen.set(name, (seen.get(name) || 0) + 1);
      return seen.get(name) > 1 ? name + " (" + seen.get(name) + ")" : name;
    });
  }

  // Rows for the data sets of the chart "lines", thinned as on the screen.
  reportgen.exportRows = function (lines, state) {
    const labels = unique(lines.map((line) => line.series.label));
    const rows = { points: [], bands: [], spots: [], marks: [], labels: [] };
    lines.forEach(function (line, index) {
      const base = { label: labels[index], colour: line.colour };
      const add = function (points, values, part, look) {
        const [first, end] = reportgen.within(points, state.zoom);
        for (const i of reportgen.thin(values, first, end, BUCKETS)) {
          const y = reportgen.drawable(values[i], state.yScale) ? values[i] : null;
          rows.points.push({ ...base, ...look, x: points.x[i], y: y, line: index + part });
          if (points.lo && Number.isFinite(points.lo[i]) && part === "") {
            rows.bands.push({ ...base, x: points.x[i], lo: points.lo[i], hi: points.hi[i], line: String(index), n: points.n[i] });
          }
        }
        const finite = Array.from(values).filter(Number.isFinite);
        if (finite.length === 1) {
          const i = values.indexOf(finite[0]);
          rows.spots.push({ x: points.x[i], y: finite[0], colour: line.colour });
        }
      };
      if (state.smooth > 0 && !line.points.lo) {
        add(line.points, line.points.raw, " raw", { dash: line.dash, opacity: 0.25, width: 1.25 });
      }
      line.earlier.forEach((part) =>
        add(part.points, part.points.raw, " attempt " + part.attempt, { dash: [1, 3], opacity: 0.6, width: 1.25 })
      );
      add(line.points, line.points.y, "", { dash: line.dash, opacity: 1, width: 1.75 });
      reportgen.breaks(line.points).forEach((i) => rows.marks.push({ x: line.points.x[i], colour: line.colour }));
    });
    return rows;
  };

  // The chart as one specification with its data: title, method and legend are in it.
  reportgen.exportSpec = function (chart, kit) {
    const state = chart.state;
    const palette = kit.series.light;
    const lines = chart.lines.map((line) => ({ ...line, colour: palette[line.series.colour] || kit.neutral.light }));
    const spec = reportgen.dressed(kit, chart.figure, state, reportgen.extents(lines, state));
    const labels = unique(lines.map((line) => line.series.label));
    const method = state.smooth > 0 ? [reportgen.smoothing(state.smooth) + "; raw faint"] : [];
    spec.title = { text: title(chart), anchor: "start", fontSize: 16 };
    const said = reportgen.remarks(chart, 0, chart.view.scale("y").domain()).filter((text) => !text.startsWith("smoothed"));
    if (method.concat(said).length) {
      spec.title.subtitle = method.concat(said.length ? [said.join("; ")] : []);
      spec.title.subtitleFontSize = 11;
    }
    spec.background = "#ffffff";
    spec.width = WIDTH;
    spec.height = HEIGHT;
    delete spec.autosize;
    delete spec.usermeta;
    spec.layer = spec.layer.filter((layer) => layer.data.name !== "labels");
    spec.datasets = reportgen.exportRows(lines, state);
    delete spec.datasets.labels;
    if (lines.some((line) => line.points.lo)) {
      const ends = chart.view.scale("y").domain();
      spec.layer.filter((layer) => layer.encoding.y && ["y", "lo"].includes(layer.encoding.y.field))
        .forEach((layer) => (layer.encoding.y.scale = { ...layer.encoding.y.scale, nice: false, domain: ends }));
    }
    spec.resolve = { scale: { y: "shared", color: "independent" }, legend: { color: "independent" } };
    const scale = (range) => ({ domain: labels, range: range });
    for (const layer of spec.layer) {
      if (layer.data.name === "points" && labels.length > 1) {
        const legend = { title: null, symbolType: "stroke", labelLimit: 300 };
        layer.encoding.color = { field: "label", type: "nominal", scale: scale(lines.map((line) => line.colour)), legend: legend };
      }
    }
    return spec;
  };

  // The configuration of the light theme: pictures stand on white.
  async function drawn(chart, renderer) {
    const kit = await reportgen.kit();
    const place = document.createElement("div");
    const spec = chart.spec(kit);
    const config = { ...kit.config.light, background: "#ffffff" };
    const result = await reportgen.embed(place, { config: { light: config } }, "light", structuredClone(spec), renderer);
    return { spec: spec, config: config, view: result.view };
  }

  const FORMATS = new Map([
    ["SVG", async function (chart, name) {
      const { view } = await drawn(chart, "svg");
      reportgen.offer(name(".svg"), [await view.toSVG()], "image/svg+xml");
      view.finalize();
    }],
    ["PNG", async function (chart, name) {
      const { view } = await drawn(chart, "canvas");
      const canvas = await view.toCanvas(2);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
      reportgen.offer(name(".png"), [blob], "image/png");
      view.finalize();
    }],
    ["CSV", async function (chart, name) {
      reportgen.offer(name(chart.whole ? "-every-point.csv" : ".csv"), await chart.table(), "text/csv;charset=utf-8");
    }],
    ["Vega-Lite", async function (chart, name) {
      const { spec, config, view } = await drawn(chart, "none");
      view.finalize();
      reportgen.offer(name(".vl.json"), [JSON.stringify({ ...spec, config: config }, null, 1)], "application/json");
    }],
  ]);

  // Every point that was logged of the lines shown, earlier attempts too, whatever the zoom.
  reportgen.csvParts = async function (chart) {
    const state = with_(chart.state, { zoom: null });
    const shown = chart.wanted();
    const smooth = state.smooth > 0;
    const head = ["run", "metric", "attempt", "step", "seconds", "unix_time", "value"];
    const other = state.x === "step" ? [] : [reportgen.axisTitle(state.x)];
    const parts = [head.concat(smooth ? ["smoothed_" + state.smooth] : [], other).map(reportgen.csvText).join(",") + "\n"];
    for (const series of shown) {
      const loaded = await reportgen.loadLine(series, state, true);
      const start = loaded.data.start;
      const earlier = reportgen.earlier(loaded, with_(state, { x: "step" }));
      const last = earlier.length ? earlier[earlier.length - 1].attempt + 1 : 1;
      const blank = { smooth: smooth, other: other.length > 0, unplaced: true };
      earlier.forEach((part) => write(parts, series, part, start, blank));
      const settled = { attempt: last, points: reportgen.points(loaded, state) };
      write(parts, series, settled, start, { ...blank, unplaced: false });
    }
    return parts;
  };

  // A state with changes; what a chart overrides is found along its chain.
  const with_ = (state, changes) => Object.assign(Object.create(state), changes);

  function write(parts, series, part, start, wanted) {
    const points = part.points;
    const named = [series.run, series.metric].map(reportgen.csvText).join(",") + "," + part.attempt + ",";
    const cell = (value) => (Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    const time = (value) => (Number.isFinite(value) ? String(value) : "");
    let lines = [];
    for (let i = 0; i < points.x.length; i += 1) {
      const at = points.seconds[i];
      const cells = [points.step[i], time(at), time(Math.round(1000 * (start + at)) / 1000), cell(points.raw[i])];
      lines.push(named + cells.concat(wanted.smooth ? [cell(points.y[i])] : [], wanted.other ? [wanted.unplaced ? "" : points.x[i]] : []).join(","));
      if (lines.length === PIECE) {
        parts.push(lines.join("\n") + "\n");
        lines = [];
      }
    }
    parts.push(lines.length ? lines.join("\n") + "\n" : "");
  }

  // The menu beside a chart's title.
  reportgen.saveMenu = function (chart) {
    const menu = reportgen.element("details", { class: "save" });
    const words = title(chart);
    const summary = reportgen.element("summary", {}, "Save");
    summary.append(reportgen.element("span", { class: "sr" }, " " + words));
    const list = document.createElement("ul");
    for (const [label, make] of FORMATS) {
      const item = document.createElement("li");
      const button = reportgen.element("button", { type: "button" }, label === "CSV" && chart.whole ? "CSV, every point" : label);
      button.addEventListener("click", async function () {
        menu.open = false;
        try {
          await make(chart, (ending) => reportgen.fileName(words, ending));
        } catch (error) {
          chart.faults.push(reportgen.fault(chart.figure, error, () => button.click()));
        }
      });
      item.append(button);
      list.append(item);
    }
    menu.append(summary, list);
    menu.addEventListener("keydown", function (event) {
      if (event.key === "Escape") {
        menu.open = false;
        summary.focus();
      }
    });
    menu.addEventListener("focusout", function (event) {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) {
        menu.open = false;
      }
    });
    chart.figure.querySelector("figcaption").append(menu);
  };
})();
