// A sweep's charts: parallel coordinates, scatter, best so far, importance, heat map. One set of
// filters, a stretch of an axis each, holds for all of them, for the curves and for the address.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const BELOW = -0.12;
  const OPTIONS = 50;
  const sweep = { data: null, plots: new Map(), metric: 0, x: 0, pair: [0, 1], fields: [] };

  const METRIC = "metric";
  const state = () => reportgen.chartState;
  const number = reportgen.number;

  // The axes: every parameter, then the metric that is looked at.
  function axes() {
    return sweep.data.parameters.map((axis) => ({ ...axis })).concat([
      { key: METRIC, title: sweep.data.metrics[sweep.metric].name, kind: "linear" },
    ]);
  }

  const valueOf = (run) => number(run.metrics[sweep.metric]);

  function ends() {
    const finite = sweep.data.runs.map(valueOf).filter(Number.isFinite);
    return finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
  }

  // Where a run stands on an axis, 0 to 1; below it without a finite metric; null without a value.
  function placeOf(run, index) {
    if (index < sweep.data.parameters.length) {
      return run.parameters[index].at;
    }
    const [low, high] = ends();
    const value = valueOf(run);
    if (!Number.isFinite(value)) {
      return run.metrics[sweep.metric] === null ? null : BELOW;
    }
    return high > low ? (value - low) / (high - low) : 0.5;
  }

  function filterOf(index) {
    const key = axes()[index].key;
    return state().filter.find((one) => one.key === key) || null;
  }

  function isIn(run) {
    return axes().every(function (axis, index) {
      const filter = filterOf(index);
      const at = filter ? placeOf(run, index) : 0;
      return !filter || (at !== null && at >= filter.low - 1e-9 && at <= filter.high + 1e-9);
    });
  }

  function colourOf(kit, mode, run) {
    const at = placeOf(run, sweep.data.parameters.length);
    if (at === null || at < 0) {
      return kit.neutral[mode];
    }
    // The ends of the ramp that the background swallows are left out.
    const ramp = mode === "dark" ? kit.config[mode].range.ramp.slice(3) : kit.config[mode].range.ramp.slice(0, -2);
    return ramp[Math.min(ramp.length - 1, Math.floor(at * ramp.length))];
  }

  function setFilters(found) {
    const keys = found.map((one) => one.key);
    const kept = state().filter.filter((one) => !keys.includes(one.key));
    reportgen.change({ filter: kept.concat(found.filter((one) => one.low !== null)) });
  }

  const off = (key) => ({ key: key, low: null, high: null });

  // Rows of the charts.

  function paths(kit, mode) {
    const rows = { axes: [], paths: [], ticks: [], brushes: [] };
    axes().forEach(function (axis, index) {
      rows.axes.push({ axis: axis.title, low: 0, high: 1 });
      const [low, high] = ends();
      const last = axis.key === METRIC ? 1 : 0;
      const ticks = axis.key === METRIC
        ? [0, 0.25, 0.5, 0.75, 1].map((at) => [at, reportgen.format(low + at * (high - low))])
        : axis.ticks;
      ticks.forEach(([at, text]) => rows.ticks.push({ axis: axis.title, at: at, text: text, last: last }));
      const broken = axis.key === METRIC && sweep.data.runs.some((run) => placeOf(run, index) === BELOW);
      if (broken) {
        rows.ticks.push({ axis: axis.title, at: BELOW, text: "not finite", last: last });
      }
      const filter = filterOf(index);
      if (filter) {
        rows.brushes.push({ axis: axis.title, low: filter.low, high: filter.high });
      }
      for (const run of sweep.data.runs) {
        const at = placeOf(run, index);
        if (at !== null) {
          rows.paths.push({
            run: run.slug, axis: axis.title, at: at, colour: colourOf(kit, mode, run), shown: isIn(run) ? 1 : 0,
          });
        }
      }
    });
    return rows;
  }

  const lineColour = (kit, mode, run) => kit.series[mode][run.style[0]];

  function points(kit, mode) {
    const rows = { points: [], broken: [] };
    for (const run of sweep.data.runs) {
      const x = run.parameters[sweep.x].value;
      const row = { run: run.label, x: x, colour: lineColour(kit, mode, run), shown: isIn(run) ? 1 : 0 };
      const value = valueOf(run);
      if (x !== null && Number.isFinite(value)) {
        rows.points.push({ ...row, y: value });
      } else if (x !== null && run.metrics[sweep.metric] !== null) {
        rows.broken.push(row);
      }
    }
    return rows;
  }

  function dressScatter(spec) {
    const axis = sweep.data.parameters[sweep.x];
    for (const layer of spec.layer) {
      const x = layer.encoding.x;
      x.title = reportgen.plainTitle(axis.title + (axis.kind === "log" ? " (log)" : ""));
      if (axis.kind === "category") {
        x.type = "nominal";
        x.sort = axis.categories;
        x.axis = { labelAngle: 0, labelLimit: 120 };
        x.scale = { type: "point", padding: 0.6 };
      } else if (axis.kind === "log") {
        x.scale = { type: "log", nice: false, padding: 16 };
        x.axis = { ...x.axis, values: axis.ticks.length <= 6 ? values(axis) : undefined };
      }
      if (layer.encoding.y.field) {
        layer.encoding.y.title = reportgen.plainTitle(sweep.data.metrics[sweep.metric].name);
      }
    }
  }

  function values(axis) {
    const index = sweep.data.parameters.indexOf(axis);
    const found = new Set(sweep.data.runs.map((run) => run.parameters[index].value));
    const numbers = Array.from(found).filter(Number.isFinite).sort((a, b) => a - b);
    return numbers.length <= 8 ? numbers : undefined;
  }

  function trials(kit, mode) {
    const rows = { trials: [], best: [] };
    const goal = sweep.data.metrics[sweep.metric].goal;
    const better = (a, b) => (goal === "minimize" ? a < b : a > b);
    let best = null;
    sweep.data.runs.forEach(function (run, index) {
      const value = valueOf(run);
      if (Number.isFinite(value)) {
        best = best === null || better(value, best) ? value : best;
        rows.trials.push({
          run: run.label, order: index + 1, value: value, colour: lineColour(kit, mode, run), shown: isIn(run) ? 1 : 0,
        });
      }
      if (best !== null) {
        rows.best.push({ order: index + 1, best: best });
      }
    });
    return rows;
  }

  function importance() {
    return {
      rows: sweep.data.importance.map((one) => ({
        key: one.key,
        size: one.size,
        text: one.size.toFixed(2) + (one.sign > 0 ? ", grows with it" : one.sign < 0 ? ", falls with it" : ""),
      })),
    };
  }

  // Black or white, whichever reads better on a colour (WCAG relative luminance).
  function inkOn(colour) {
    const channels = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16) / 255);
    const linear = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179 ? "#000000" : "#ffffff";
  }

  function cells(kit, mode) {
    const [a, b] = sweep.pair.map((index) => sweep.data.parameters[index]);
    const found = new Map();
    for (const run of sweep.data.runs.filter(isIn)) {
      const [x, y] = sweep.pair.map((index) => run.parameters[index]);
      if (x.value !== null && y.value !== null) {
        const key = JSON.stringify([x.value, y.value]);
        const cell = found.get(key) || { x: x, y: y, values: [], n: 0 };
        cell.n += 1;
        cell.values.push(valueOf(run));
        found.set(key, cell);
      }
    }
    const list = Array.from(found.values());
    const means = list.map((cell) => {
      const finite = cell.values.filter(Number.isFinite);
      return finite.length ? finite.reduce((sum, value) => sum + value, 0) / finite.length : NaN;
    });
    const finite = means.filter(Number.isFinite);
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const ramp = kit.config[mode].range.ramp;
    const order = (axis) => (p, q) => (axis.kind === "category" ? 0 : p - q) || String(p).localeCompare(String(q));
    const text = (value) => (typeof value === "number" ? reportgen.format(value) : value);
    const rows = list.map(function (cell, i) {
      const share = high > low ? (means[i] - low) / (high - low) : 0.5;
      const fill = Number.isFinite(means[i]) ? ramp[Math.min(ramp.length - 1, Math.floor(share * ramp.length))] : "#8a93a0";
      const count = cell.n > 1 ? " (" + cell.n + ")" : "";
      return {
        at: [cell.x.value, cell.y.value], x: text(cell.x.value), y: text(cell.y.value),
        value: Number.isFinite(means[i]) ? means[i] : null,
        fill: fill, ink: inkOn(fill), text: reportgen.format(means[i]) + count,
      };
    });
    rows.sort((p, q) => order(a)(p.at[0], q.at[0]) || -order(b)(p.at[1], q.at[1]));
    const downwards = Array.from(new Set(rows.map((row) => row.at[1]))).sort((p, q) => -order(b)(p, q)).map(text);
    rows.forEach((row) => delete row.at);
    rows.sort((p, q) => downwards.indexOf(p.y) - downwards.indexOf(q.y));
    return { cells: rows };
  }

  function dressHeat(spec) {
    const titles = sweep.pair.map((index) => reportgen.plainTitle(sweep.data.parameters[index].title));
    const across = new Map(sweep.data.runs.map((run) => {
      const one = run.parameters[sweep.pair[0]];
      return [one.value === null ? "" : typeof one.value === "number" ? reportgen.format(one.value) : one.value, one.at];
    }));
    const sorted = Array.from(across.keys()).filter((name) => name).sort((p, q) => across.get(p) - across.get(q));
    for (const layer of spec.layer) {
      layer.encoding.x.title = titles[0];
      layer.encoding.x.sort = sorted;
      layer.encoding.y.title = titles[1];
    }
  }

  // Filters drawn with the pointer.

  function brushParallel(plot) {
    return function (box) {
      if (!box) {
        reportgen.change({ filter: [] });
        return;
      }
      const x = plot.view.scale("x");
      const y = plot.view.scale("y");
      const middle = (box.x[0] + box.x[1]) / 2;
      const places = axes().map((axis) => x(axis.title) + (x.bandwidth ? x.bandwidth() / 2 : 0));
      const nearest = places.reduce((best, px, i) => (Math.abs(px - middle) < Math.abs(places[best] - middle) ? i : best), 0);
      const [high, low] = box.y.map((px) => y.invert(px));
      setFilters([{ key: axes()[nearest].key, low: Math.max(low, BELOW), high: Math.min(high, 1) }]);
    };
  }

  function brushScatter(plot) {
    return function (box) {
      const axis = sweep.data.parameters[sweep.x];
      if (!box) {
        setFilters([off(axis.key), off(METRIC)]);
        return;
      }
      const x = plot.view.scale("x");
      const y = plot.view.scale("y");
      const known = sweep.data.runs.map((run) => run.parameters[sweep.x]).filter((one) => one.at !== null);
      const least = known.reduce((a, b) => (b.at < a.at ? b : a));
      const most = known.reduce((a, b) => (b.at > a.at ? b : a));
      const [from, to] = [x(least.value), x(most.value)];
      const share = (px) => (to > from ? (px - from) / (to - from) : 0.5);
      const [low, high] = ends();
      const level = (px) => (high > low ? (y.invert(px) - low) / (high - low) : 0.5);
      setFilters([
        { key: axis.key, low: share(box.x[0]), high: share(box.x[1]) },
        { key: METRIC, low: level(box.y[1]), high: level(box.y[0]) },
      ]);
    };
  }

  function words(run) {
    const value = run.metrics[sweep.metric];
    const parameters = sweep.data.parameters.map((axis, i) => axis.title + " " + (run.parameters[i].value ?? "–"));
    return [run.label, sweep.data.metrics[sweep.metric].name + " " + reportgen.format(value === null ? null : number(value)), ...parameters];
  }

  function spotsOf(plot, kind) {
    return function () {
      const x = plot.view.scale("x");
      const y = plot.view.scale("y");
      const found = [];
      sweep.data.runs.forEach(function (run, order) {
        const value = valueOf(run);
        if (kind === "parallel") {
          axes().forEach(function (axis, i) {
            const at = placeOf(run, i);
            at !== null && found.push({ run: run, x: x(axis.title) + (x.bandwidth ? x.bandwidth() / 2 : 0), y: y(at) });
          });
        } else if (kind === "best_so_far" && Number.isFinite(value)) {
          found.push({ run: run, x: x(order + 1), y: y(value) });
        } else if (kind === "scatter" && run.parameters[sweep.x].value !== null) {
          const top = Number.isFinite(value) ? y(value) : plot.view.signal("height") - 6;
          found.push({ run: run, x: x(run.parameters[sweep.x].value), y: top });
        }
      });
      return found.filter((spot) => isIn(spot.run));
    };
  }

  // The same filters by keyboard: from and to of every axis.

  function choices(index) {
    const found = new Map();
    for (const run of sweep.data.runs) {
      const at = placeOf(run, index);
      if (at !== null) {
        const value = index < sweep.data.parameters.length ? run.parameters[index].value : valueOf(run);
        found.set(at, typeof value === "number" ? reportgen.format(value) : value);
      }
    }
    const all = Array.from(found).sort((a, b) => a[0] - b[0]);
    const every = Math.ceil(all.length / OPTIONS);
    return all.filter((_, i) => i % every === 0 || i === all.length - 1);
  }

  function filterFields(place) {
    place.replaceChildren();
    sweep.fields = axes().map(function (axis, index) {
      const options = choices(index);
      const field = document.createElement("fieldset");
      field.append(reportgen.element("legend", {}, axis.title));
      const make = function (name) {
        const select = reportgen.element("select", { "aria-label": axis.title + " " + name });
        select.append(new Option(name === "from" ? "lowest" : "highest", ""), ...options.map(([at, text]) => new Option(text, String(at))));
        select.addEventListener("change", () => set());
        field.append(select);
        return select;
      };
      const from = make("from");
      const to = make("to");
      const set = function () {
        const none = !from.value && !to.value;
        const low = from.value ? Number(from.value) : BELOW;
        setFilters([none ? off(axis.key) : { key: axis.key, low: low, high: to.value ? Number(to.value) : 1 }]);
      };
      place.append(field);
      return { axis: axis, from: from, to: to };
    });
  }

  function paint(root) {
    const filters = state().filter;
    for (const { axis, from, to } of sweep.fields) {
      const filter = filters.find((one) => one.key === axis.key);
      const closest = (select, at) => Array.from(select.options).slice(1).reduce((a, b) => (Math.abs(b.value - at) < Math.abs(a.value - at) ? b : a)).value;
      from.value = filter && from.options.length > 1 && filter.low > 0 ? closest(from, filter.low) : "";
      to.value = filter && to.options.length > 1 && filter.high < 1 ? closest(to, filter.high) : "";
    }
    const kept = sweep.data.runs.filter(isIn);
    state().out = filters.length ? sweep.data.runs.filter((run) => !isIn(run)).map((run) => run.slug) : [];
    const note = root.querySelector("[data-sweep-note]");
    note.textContent = filters.length
      ? kept.length + " of " + sweep.data.runs.length + " runs are within the filters."
      : "Drag over an axis, or over the scatter plot, to choose runs in all charts.";
    root.querySelector("[data-sweep-clear]").hidden = !filters.length;
    const groups = new Set(kept.map((run) => run.group));
    document.querySelectorAll("[data-setting]").forEach((row) => row.classList.toggle("left-out", !groups.has(row.dataset.setting)));
    sweep.plots.forEach((plot) => plot.draw());
  }

  function select(root, name, options, change) {
    const field = root.querySelector("[data-choose='" + name + "']");
    field.replaceChildren(...options.map((text, i) => new Option(text, String(i))));
    field.addEventListener("change", () => change(Number(field.value)));
    return field;
  }

  async function start(root) {
    const file = JSON.parse(root.dataset.sweep);
    try {
      await reportgen.kit();
      sweep.data = await reportgen.load(file.name, file.path);
    } catch (error) {
      reportgen.fault(root, error, () => start(root));
      return;
    }
    root.hidden = false;
    const names = sweep.data.parameters.map((axis) => axis.title);
    sweep.pair = [0, Math.min(1, names.length - 1)];
    const again = () => paint(root);
    select(root, "metric", sweep.data.metrics.map((metric) => metric.name), function (index) {
      sweep.metric = index;
      filterFields(root.querySelector("[data-sweep-fields]"));
      setFilters([off(METRIC)]);
      again();
    });
    select(root, "x", names, (index) => { sweep.x = index; again(); });
    select(root, "across", names, (index) => { sweep.pair[0] = index; again(); }).value = "0";
    select(root, "down", names, (index) => { sweep.pair[1] = index; again(); }).value = String(sweep.pair[1]);
    const kinds = {
      parallel: [paths, () => {}, brushParallel], scatter: [points, dressScatter, brushScatter],
      importance: [importance, () => {}, null], heat_map: [cells, dressHeat, null],
      best_so_far: [trials, (spec) => (spec.layer[0].encoding.y.title = reportgen.plainTitle(sweep.data.metrics[sweep.metric].name)), null],
    };
    root.querySelectorAll("figure[data-chart]").forEach(function (figure) {
      const [make, dress, brush] = kinds[figure.dataset.chart];
      const plot = new reportgen.Plot(figure, make, dress);
      sweep.plots.set(figure.dataset.chart, plot);
      const frame = () => plot.frame();
      if (brush) {
        reportgen.rectangle(plot.plot, frame, brush(plot));
      }
      if (!["importance", "heat_map"].includes(figure.dataset.chart)) {
        reportgen.nearestRun(plot.plot, frame, spotsOf(plot, figure.dataset.chart), words);
      }
    });
    filterFields(root.querySelector("[data-sweep-fields]"));
    root.querySelector("[data-sweep-clear]").addEventListener("click", () => reportgen.change({ filter: [] }));
    document.addEventListener("reportgen:state", again);
    document.addEventListener("reportgen:theme", again);
    window.addEventListener("resize", again);
    again();
    reportgen.redraw();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-sweep]").forEach(start));
})();
