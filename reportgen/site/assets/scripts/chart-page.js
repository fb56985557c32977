// The charts of a page: drawn when they come into view, one state for all, kept in the address.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const state = reportgen.defaultState();
  const charts = new Map();  // figure -> Chart
  let written = window.location.hash;
  let timer = 0;

  reportgen.chartState = state;

  const watcher = new IntersectionObserver(
    function (entries) {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          watcher.unobserve(entry.target);
          const chart = new reportgen.Chart(entry.target, ownState(entry.target), (changes) => reportgen.change(changes));
          charts.set(entry.target, chart);
          chart.draw();
        }
      }
    },
    { rootMargin: "300px" }
  );

  // The state of the page, but for what a figure says of itself.
  function ownState(figure) {
    return Object.assign(Object.create(state), JSON.parse(figure.dataset.state || "{}"));
  }

  const figures = (place) => Array.from(place.querySelectorAll("[data-chart='lines']"));

  // Take over every chart below `place`; called again when a page has made new ones.
  reportgen.watchCharts = function (place) {
    reportgen.offerMetrics(figures(document));
    filter();
    figures(place).forEach((figure) => watcher.observe(figure));
  };

  reportgen.forgetCharts = function () {
    charts.forEach((chart) => chart.view && chart.view.finalize());
    charts.clear();
    watcher.disconnect();
  };

  reportgen.redraw = function () {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => charts.forEach((chart) => chart.draw()), 30);
  };

  // What a figure shows: the metrics of its lines.
  reportgen.metricsOf = (figure) => Array.from(new Set(JSON.parse(figure.dataset.series).map((series) => series.metric)));

  // Hide the figures of metrics that the state does not name; a name that none has hides nothing.
  function filter() {
    const all = figures(document);
    const has = (figure) => reportgen.metricsOf(figure).some((name) => state.metrics.includes(name));
    const any = all.some(has);
    all.forEach((figure) => (figure.hidden = any && !has(figure)));
  }

  // Change the state: `slide` replaces the entry of the history that the last slide made.
  reportgen.change = function (changes, slide) {
    Object.assign(state, changes);
    const address = reportgen.writeAddress(state) || window.location.pathname + window.location.search;
    if (reportgen.writeAddress(state) !== written) {
      window.history[slide ? "replaceState" : "pushState"](null, "", address);
      written = window.location.hash;
    }
    tell();
  };

  function tell() {
    reportgen.paintTools();
    filter();
    document.dispatchEvent(new CustomEvent("reportgen:state"));
    reportgen.redraw();
  }

  function read() {
    const found = reportgen.readAddress(window.location.hash);
    if (found === null || window.location.hash === written) {
      return;
    }
    written = window.location.hash;
    Object.assign(state, found);
    document.dispatchEvent(new CustomEvent("reportgen:address"));
    tell();
  }

  Object.assign(state, reportgen.readAddress(window.location.hash) || {});
  window.addEventListener("hashchange", read);
  window.addEventListener("popstate", read);
  document.addEventListener("reportgen:theme", reportgen.redraw);
  window.addEventListener("resize", reportgen.redraw);
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-chart-tools]").forEach(reportgen.chartTools);
    document.querySelectorAll("[data-curves]").forEach(function (place) {
      const curves = new Map(Object.entries(JSON.parse(place.dataset.curves)));
      reportgen.metricSource = (run, metric) => curves.get(metric) || null;
    });
    document.querySelectorAll("[data-alerts]").forEach((place) => (reportgen.alerts = JSON.parse(place.dataset.alerts)));
    reportgen.paintTools();
    reportgen.watchCharts(document);
  });
})();
