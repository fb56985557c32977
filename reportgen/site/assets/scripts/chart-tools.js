// The controls of all charts of a page.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const OVER = [
    ["step", "step"], ["epoch", "epoch"], ["time", "time since start"],
    ["active", "time at work, pauses left out"], ["wall", "wall clock"],
  ];
  const SCALES = [["linear", "linear"], ["log", "log"], ["symlog", "symmetric log"]];
  let tools = null;

  function labelled(text, field, after) {
    const label = document.createElement("label");
    label.append(text, field, ...(after ? [after] : []));
    return label;
  }

  function select(options, change) {
    const field = document.createElement("select");
    field.append(...options.map(([value, text]) => new Option(text, value)));
    field.addEventListener("change", () => change(field.value));
    return field;
  }

  function check(change) {
    const field = reportgen.element("input", { type: "checkbox" });
    field.addEventListener("change", () => change(field.checked));
    return field;
  }

  reportgen.chartTools = function (place) {
    const change = (name) => (value) => reportgen.change({ [name]: value });
    const smooth = reportgen.element("input", { type: "range", min: "0", max: "0.99", step: "0.01", value: "0" });
    const output = reportgen.element("output", {}, "none");
    const over = select(OVER, (value) => reportgen.change({ x: value, zoom: null }));
    const others = reportgen.element("optgroup", { label: "another metric" });
    others.append(
      ...JSON.parse(place.dataset.metrics || "[]").map((name) => new Option(name, "metric:" + name))
    );
    over.append(...(others.childElementCount ? [others] : []));
    const x = select(SCALES, change("xScale"));
    const y = select(SCALES, change("yScale"));
    const metric = select([["", "all"]], (value) => reportgen.change({ metrics: value ? [value] : [] }));
    const reset = reportgen.element("button", { type: "button", hidden: "" }, "Reset zoom");
    const clear = reportgen.element("button", { type: "button", hidden: "" }, "Show every line");
    const method = reportgen.element("span", { class: "method", hidden: "" });
    smooth.addEventListener("input", () => reportgen.change({ smooth: Number(smooth.value) }, true));
    reset.addEventListener("click", () => reportgen.change({ zoom: null }));
    clear.addEventListener("click", () => reportgen.change({ hide: [], only: null, pin: [] }));
    const shown = labelled("Metric", metric);
    shown.hidden = true;
    const controls = reportgen.element("div", { class: "chart-controls" });
    controls.append(
      labelled("Smoothing", smooth, output), labelled("Over", over), labelled("x axis", x),
      labelled("y axis", y), shown, ...seeds(place, change), reset, clear
    );
    place.append(controls, method);
    const hint = reportgen.element("p", { class: "note hint" }, "Drag across a chart to zoom.");
    const heading = place.previousElementSibling;
    const line = reportgen.element("div", { class: "heading-line" });
    heading.replaceWith(line);
    line.append(heading, hint);
    place.hidden = false;
    tools = { ...tools, smooth, output, over, others, x, y, metric, shown, reset, clear, method };
  };

  // Where runs of one setting stand together: as one line with a band, or each by itself.
  function seeds(place, change) {
    if (place.dataset.chartTools !== "seeds") {
      return [];
    }
    const group = check(change("group"));
    const centre = select([["mean", "mean"], ["median", "median"]], change("centre"));
    const spread = select([["interval", "95 % interval"], ["sd", "standard deviation"]], change("spread"));
    const past = check(change("past"));
    const parts = [labelled("Line", centre), labelled("Band", spread), labelled("Past the shortest run", past)];
    tools = { group, centre, spread, past, seedParts: parts };
    return [labelled("Seeds together", group), ...parts];
  }

  // Metrics to draw over, as they become known.
  reportgen.offerAxes = function (names) {
    if (tools) {
      tools.others.replaceChildren(...names.map((name) => new Option(name, "metric:" + name)));
      tools.over.append(tools.others);
      reportgen.paintTools();
    }
  };

  // Charts to choose from, where there are several.
  reportgen.offerMetrics = function (figures) {
    if (tools) {
      const names = Array.from(new Set(figures.flatMap(reportgen.metricsOf)));
      tools.metric.replaceChildren(new Option("all", ""), ...names.map((name) => new Option(name, name)));
      tools.shown.hidden = names.length < 2;
      reportgen.paintTools();
    }
  };

  // Make the controls say what the state is.
  reportgen.paintTools = function () {
    const state = reportgen.chartState;
    if (!tools) {
      return;
    }
    tools.smooth.value = String(state.smooth);
    tools.output.textContent = state.smooth ? state.smooth.toFixed(2) : "none";
    if (!Array.from(tools.over.options).some((option) => option.value === state.x)) {
      tools.over.append(new Option(reportgen.axisTitle(state.x), state.x));
    }
    tools.over.value = state.x;
    tools.x.value = state.xScale;
    tools.y.value = state.yScale;
    tools.metric.value = state.metrics.length === 1 ? state.metrics[0] : "";
    tools.reset.hidden = state.zoom === null;
    tools.clear.hidden = !state.hide.length && !state.pin.length && state.only === null;
    tools.method.hidden = !(state.smooth > 0);
    tools.method.textContent = state.smooth > 0 ? "Every point " + reportgen.smoothing(state.smooth) + " (debiased exponential moving average). Raw lines are faint." : "";
    if (tools.group) {
      tools.group.checked = state.group;
      tools.centre.value = state.centre;
      tools.spread.value = state.spread;
      tools.past.checked = state.past;
      tools.seedParts.forEach((part) => (part.hidden = !state.group));
    }
  };
})();
