// What a tooltip says: every line at a place, sorted by value.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const ROWS = 16;

  reportgen.format = function (value) {
    if (value === null || value === undefined) {
      return "–";
    }
    if (!Number.isFinite(value)) {
      return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    }
    if (Number.isInteger(value) && Math.abs(value) < 1e4) {
      return String(value);
    }
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
      return value.toExponential(3).replace(/\.?0+e/, "e");
    }
    const text = size >= 1e4 ? value.toFixed(0) : value.toPrecision(4);
    return Number(text) === value && text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  };

  const rank = (value) => (Number.isFinite(value) ? value : -Infinity);

  // Elements for `found`, a list of {line, place, x, y}, around x. With more lines than rows, the
  // rows are those about the line that is next to the pointer.
  reportgen.reading = function (state, found, x, closest) {
    const order = found.slice().sort((a, b) => rank(b.y) - rank(a.y));
    const middle = closest ? order.indexOf(closest) : 0;
    const first = Math.max(0, Math.min(middle - ROWS / 2, order.length - ROWS));
    const table = document.createElement("table");
    for (const item of order.slice(first, first + ROWS)) {
      const row = table.insertRow();
      row.classList.toggle("closest", item === closest && found.length > 1);
      const key = document.createElement("i");
      key.style.background = item.line.colour;
      row.insertCell().append(key, item.line.series.label);
      row.insertCell().textContent = value(item, state) + elsewhere(item, x, state);
    }
    const parts = [reportgen.element("div", {}, reportgen.axisText(state.x, x)), table];
    const left = order.length - Math.min(ROWS, order.length);
    if (left) {
      const above = first ? first + " above" : "";
      const below = left - first ? left - first + " below" : "";
      parts.push(reportgen.element("div", { class: "soft" }, [above, below].filter((text) => text).join(", ")));
    }
    for (const [step, , title] of state.x === "step" ? reportgen.alerts || [] : []) {
      if (step === x) {
        parts.push(reportgen.element("div", {}, "alert: " + title));
      }
    }
    if (state.smooth > 0) {
      parts.push(reportgen.element("div", { class: "soft" }, reportgen.smoothing(state.smooth) + "; raw in brackets"));
    }
    return parts;
  };

  function value(item, state) {
    const points = item.line.points;
    if (points.n) {
      const half = points.hi[item.place] - item.y;
      const spread = Number.isFinite(half) ? " ± " + reportgen.format(half) : "";
      return reportgen.format(item.y) + spread + " (n = " + points.n[item.place] + ")";
    }
    const raw = reportgen.format(points.raw[item.place]);
    return state.smooth > 0 ? reportgen.format(item.y) + " (" + raw + ")" : raw;
  }

  function elsewhere(item, x, state) {
    return item.x === x ? "" : " at " + reportgen.axisText(state.x, item.x);
  }
})();
