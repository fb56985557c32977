// What the pointer says on a chart: values of all lines at that step, and a stretch to zoom to.
// The same step is marked on every other chart of the page.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const ROWS = 16;
  const DRAG = 5;
  const charts = new Set();

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

  // `chart` gives frame() -> {left, top, width, height, x(px) -> value, px(value), py(value)},
  // lines() -> visible lines with points, state, xName, and zoom([from, to] or null).
  reportgen.hover = function (plot, chart) {
    const cursor = reportgen.element("div", { class: "cursor", hidden: "" });
    const tooltip = reportgen.element("div", { class: "tooltip", hidden: "" });
    const brush = reportgen.element("div", { class: "brush", hidden: "" });
    const spots = [];
    let origin = null;
    plot.append(brush, cursor, tooltip);

    const self = { show: show, clear: clear };
    charts.add(self);

    function clear() {
      cursor.hidden = true;
      tooltip.hidden = true;
      spots.splice(0).forEach((spot) => spot.remove());
    }

    function show(x, full) {
      clear();
      const frame = chart.frame();
      if (!frame) {
        return;
      }
      const found = [];
      for (const line of chart.lines()) {
        const point = reportgen.nearest(line.points, x);
        if (point) {
          found.push({ line: line, point: point });
        }
      }
      if (!found.length) {
        return;
      }
      const nearest = found.reduce((a, b) =>
        Math.abs(b.point.x - x) < Math.abs(a.point.x - x) ? b : a
      );
      const at = frame.left + frame.px(nearest.point.x);
      if (at < frame.left - 1 || at > frame.left + frame.width + 1) {
        return;
      }
      cursor.style.left = at + "px";
      cursor.style.top = frame.top + "px";
      cursor.style.height = frame.height + "px";
      cursor.hidden = false;
      for (const item of found) {
        mark(frame, item);
      }
      if (full) {
        fill(found, nearest.point.x);
        place(at, frame);
      }
    }

    function mark(frame, item) {
      const top = frame.py(item.point.y);
      if (!Number.isFinite(top) || top < -1 || top > frame.height + 1) {
        return;
      }
      const spot = reportgen.element("span", { class: "spot" });
      spot.style.left = frame.left + frame.px(item.point.x) + "px";
      spot.style.top = frame.top + top + "px";
      spot.style.background = item.line.colour;
      spots.push(spot);
      plot.append(spot);
    }

    function fill(found, x) {
      const table = document.createElement("table");
      const order = found.slice().sort((a, b) => rank(b.point.y) - rank(a.point.y));
      for (const item of order.slice(0, ROWS)) {
        const row = table.insertRow();
        const key = document.createElement("i");
        key.style.background = item.line.colour;
        row.insertCell().append(key, item.line.series.label);
        const value = reportgen.format(item.point.raw);
        const smooth = chart.state().smooth > 0 ? reportgen.format(item.point.y) + " (" + value + ")" : value;
        const other = item.point.x !== x ? " at " + chart.xText(item.point.x) : "";
        row.insertCell().textContent = smooth + other;
      }
      const head = reportgen.element("div", {}, chart.xName() + " " + chart.xText(x));
      const more = order.length > ROWS ? [order.length - ROWS + " more lines"] : [];
      tooltip.replaceChildren(head, table, ...more);
      tooltip.hidden = false;
    }

    function rank(value) {
      return Number.isFinite(value) ? value : -Infinity;
    }

    function place(at, frame) {
      const width = tooltip.offsetWidth;
      const right = at + 14 + width <= plot.clientWidth;
      tooltip.style.left = Math.max(0, right ? at + 14 : at - 14 - width) + "px";
      tooltip.style.top = frame.top + "px";
    }

    function inside(event) {
      const frame = chart.frame();
      if (!frame) {
        return null;
      }
      const box = plot.getBoundingClientRect();
      const x = event.clientX - box.left - frame.left;
      return x >= -4 && x <= frame.width + 4
        ? { frame: frame, px: Math.min(Math.max(x, 0), frame.width) }
        : null;
    }

    plot.addEventListener("pointermove", function (event) {
      const place = inside(event);
      if (!place) {
        charts.forEach((other) => other.clear());
        return;
      }
      if (origin !== null) {
        stretch(place);
      }
      const x = place.frame.x(place.px);
      charts.forEach((other) => other.show(x, other === self && origin === null));
    });

    function stretch(place) {
      brush.hidden = Math.abs(place.px - origin) < DRAG;
      brush.style.left = place.frame.left + Math.min(origin, place.px) + "px";
      brush.style.width = Math.abs(place.px - origin) + "px";
      brush.style.top = place.frame.top + "px";
      brush.style.height = place.frame.height + "px";
    }

    plot.addEventListener("pointerleave", () => charts.forEach((other) => other.clear()));
    plot.addEventListener("pointerdown", function (event) {
      const place = event.button === 0 && event.pointerType === "mouse" ? inside(event) : null;
      origin = place ? place.px : null;
      if (place) {
        event.preventDefault();
      }
    });
    window.addEventListener("pointerup", function (event) {
      const place = origin === null ? null : inside(event);
      if (place && Math.abs(place.px - origin) >= DRAG) {
        const ends = [place.frame.x(origin), place.frame.x(place.px)].sort((a, b) => a - b);
        chart.zoom(ends);
      }
      origin = null;
      brush.hidden = true;
    });
    plot.addEventListener("dblclick", () => chart.zoom(null));
    return self;
  };
})();
