// The charts of a page: drawn when they come into view, with one set of controls for all.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const state = { x: "step", log: false, smooth: 0, zoom: null };
  const charts = new Map();  // figure -> Chart
  let timer = 0;
  let tools = null;

  reportgen.chartState = state;

  const watcher = new IntersectionObserver(
    function (entries) {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          watcher.unobserve(entry.target);
          const chart = new reportgen.Chart(entry.target, state, zoom);
          charts.set(entry.target, chart);
          chart.draw();
        }
      }
    },
    { rootMargin: "300px" }
  );

  // Take over every chart below `place`; called again when a page has made new ones.
  reportgen.watchCharts = function (place) {
    place.querySelectorAll("[data-chart]").forEach((figure) => watcher.observe(figure));
  };

  reportgen.forgetCharts = function () {
    charts.forEach((chart) => {
      if (chart.view) {
        chart.view.finalize();
      }
    });
    charts.clear();
    watcher.disconnect();
  };

  reportgen.redraw = function () {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => charts.forEach((chart) => chart.draw()), 30);
  };

  function changed() {
    paint();
    document.dispatchEvent(new CustomEvent("reportgen:charts"));
    reportgen.redraw();
  }

  function zoom(ends) {
    state.zoom = ends;
    changed();
  }

  // Show the state that an address asked for.
  reportgen.setChartState = function (wanted) {
    Object.assign(state, wanted);
    paint();
  };

  // Make the controls say what the state is.
  function paint() {
    if (tools) {
      tools.smooth.value = String(state.smooth);
      tools.log.checked = state.log;
      tools.x.value = state.x;
      tools.reset.hidden = state.zoom === null;
      tools.method.hidden = !(state.smooth > 0);
      tools.output.textContent = state.smooth ? state.smooth.toFixed(2) : "none";
    }
  }

  function labelled(text, field, after) {
    const label = document.createElement("label");
    label.append(text, field, ...(after ? [after] : []));
    return label;
  }

  function controls(place) {
    const smooth = reportgen.element("input", {
      type: "range", min: "0", max: "0.99", step: "0.01", value: "0",
    });
    const output = reportgen.element("output", {}, "none");
    const log = reportgen.element("input", { type: "checkbox" });
    const x = document.createElement("select");
    x.append(new Option("step", "step"), new Option("time since start", "time"));
    const method = reportgen.element(
      "span", { hidden: "" }, "Debiased exponential moving average over every point; raw lines faint."
    );
    const reset = reportgen.element("button", { type: "button", hidden: "" }, "Reset zoom");
    smooth.addEventListener("input", function () {
      state.smooth = Number(smooth.value);
      changed();
    });
    log.addEventListener("change", function () {
      state.log = log.checked;
      changed();
    });
    x.addEventListener("change", function () {
      state.x = x.value;
      state.zoom = null;
      changed();
    });
    reset.addEventListener("click", () => zoom(null));
    place.append(
      labelled("Smoothing", smooth, output),
      labelled("Log y", log),
      labelled("Over", x),
      reset,
      method,
      reportgen.element("span", { class: "hint" }, "Drag across a chart to zoom.")
    );
    place.hidden = false;
    tools = { smooth: smooth, output: output, log: log, x: x, reset: reset, method: method };
  }

  document.addEventListener("reportgen:theme", reportgen.redraw);
  window.addEventListener("resize", reportgen.redraw);
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-chart-tools]").forEach(controls);
    reportgen.watchCharts(document);
  });
})();
