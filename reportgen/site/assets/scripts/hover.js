// What pointer and keyboard say on a chart: values of all lines at a place, and a stretch to zoom
// to. The same place is marked on every other chart of the page.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const DRAG = 5;
  const SPOTS = 16;
  const charts = new Set();

  const HELP = "Arrow keys read values, with shift they choose a stretch, Enter zooms to it, Escape resets.";

  // `chart` gives frame(), lines(), state(), zoom([from, to] or null), label(top, how).
  reportgen.hover = function (plot, chart) {
    const cursor = reportgen.element("div", { class: "cursor", hidden: "" });
    const tooltip = reportgen.element("div", { class: "tooltip", hidden: "" });
    const brush = reportgen.element("div", { class: "brush", hidden: "" });
    const spots = [];
    let origin = null;  // where a stretch began, in pixels
    let at = null;  // where the keyboard is, in pixels
    plot.append(brush, cursor, tooltip);
    plot.tabIndex = 0;
    plot.setAttribute("aria-description", HELP);

    const self = { show: show, clear: clear };
    charts.add(self);

    function clear() {
      cursor.hidden = true;
      tooltip.hidden = true;
      spots.splice(0).forEach((spot) => spot.remove());
    }

    function show(x, full, top) {
      clear();
      const frame = chart.frame();
      if (!frame) {
        return;
      }
      const found = [];
      for (const line of chart.lines()) {
        const place = reportgen.nearest(line.points, x);
        if (place >= 0) {
          found.push({ line: line, place: place, x: line.points.x[place], y: line.points.y[place] });
        }
      }
      if (!found.length) {
        return;
      }
      const nearest = found.reduce((a, b) => (Math.abs(b.x - x) < Math.abs(a.x - x) ? b : a));
      const left = frame.left + frame.px(nearest.x);
      if (!(left >= frame.left - 1 && left <= frame.left + frame.width + 1)) {
        return;
      }
      cursor.style.left = left + "px";
      cursor.style.top = frame.top + "px";
      cursor.style.height = frame.height + "px";
      cursor.hidden = false;
      const closest = top === undefined ? null : near(frame, found, top);
      const marked = found.length <= SPOTS ? found : found.filter((item) => item === closest);
      marked.forEach((item) => mark(frame, item));
      if (full) {
        tooltip.replaceChildren(...reportgen.reading(chart.state(), found, nearest.x, closest));
        tooltip.hidden = false;
        place(left, frame);
      }
    }

    // The line next to the pointer.
    function near(frame, found, top) {
      const distance = (item) => Math.abs(frame.py(item.y) - top);
      const finite = found.filter((item) => Number.isFinite(frame.py(item.y)));
      return finite.length ? finite.reduce((a, b) => (distance(b) < distance(a) ? b : a)) : null;
    }

    function mark(frame, item) {
      const top = frame.py(item.y);
      if (!Number.isFinite(top) || top < -1 || top > frame.height + 1) {
        return;
      }
      const spot = reportgen.element("span", { class: "spot" });
      spot.style.left = frame.left + frame.px(item.x) + "px";
      spot.style.top = frame.top + top + "px";
      spot.style.background = item.line.colour;
      spots.push(spot);
      plot.append(spot);
    }

    function place(left, frame) {
      const width = tooltip.offsetWidth;
      const right = left + 14 + width <= plot.clientWidth;
      tooltip.style.left = Math.max(0, right ? left + 14 : left - 14 - width) + "px";
      tooltip.style.top = frame.top + "px";
    }

    function inside(event) {
      const frame = chart.frame();
      if (!frame) {
        return null;
      }
      const box = plot.getBoundingClientRect();
      const x = event.clientX - box.left - frame.left;
      const y = event.clientY - box.top - frame.top;
      if (x > frame.width + 4 && y >= 0) {
        return { frame: frame, label: y };
      }
      return x >= -4 ? { frame: frame, px: Math.min(Math.max(x, 0), frame.width), py: y } : null;
    }

    const clearAll = () => charts.forEach((other) => other.clear());

    plot.addEventListener("pointermove", function (event) {
      const where = inside(event);
      if (!where || where.px === undefined) {
        clearAll();
        return;
      }
      if (origin !== null) {
        stretch(where.frame, where.px);
      }
      const x = where.frame.x(where.px);
      charts.forEach((other) => other.show(x, other === self && origin === null, other === self ? where.py : undefined));
    });

    function stretch(frame, px) {
      brush.hidden = Math.abs(px - origin) < DRAG;
      brush.style.left = frame.left + Math.min(origin, px) + "px";
      brush.style.width = Math.abs(px - origin) + "px";
      brush.style.top = frame.top + "px";
      brush.style.height = frame.height + "px";
    }

    function finish(frame, px) {
      if (origin !== null && Math.abs(px - origin) >= DRAG) {
        chart.zoom([frame.x(origin), frame.x(px)].sort((a, b) => a - b));
      }
      origin = null;
      brush.hidden = true;
    }

    plot.addEventListener("pointerleave", clearAll);
    plot.addEventListener("pointerdown", function (event) {
      const where = event.button === 0 && event.pointerType === "mouse" ? inside(event) : null;
      origin = where && where.px !== undefined ? where.px : null;
      if (origin !== null) {
        event.preventDefault();
      }
    });
    plot.addEventListener("click", function (event) {
      const where = inside(event);
      if (where && where.label !== undefined) {
        chart.label(where.label, event.shiftKey ? "hide" : event.altKey ? "pin" : "isolate");
      }
    });
    window.addEventListener("pointerup", function (event) {
      const where = origin === null ? null : inside(event);
      if (where && where.px !== undefined) {
        finish(where.frame, where.px);
      }
      origin = null;
      brush.hidden = true;
    });
    plot.addEventListener("dblclick", () => chart.zoom(null));
    plot.addEventListener("blur", function () {
      at = null;
      origin = null;
      brush.hidden = true;
      clearAll();
    });
    plot.addEventListener("keydown", function (event) {
      const frame = chart.frame();
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (frame && way) {
        event.preventDefault();
        step(frame, way, event.shiftKey);
      } else if (frame && event.key === "Enter" && origin !== null) {
        finish(frame, at);
      } else if (event.key === "Escape") {
        origin = null;
        brush.hidden = true;
        clearAll();
        chart.zoom(null);
      }
    });

    function step(frame, way, choosing) {
      const before = at === null ? frame.width / 2 : at;
      at = Math.min(Math.max(before + (way * frame.width) / 60, 0), frame.width);
      origin = choosing ? (origin === null ? before : origin) : null;
      brush.hidden = true;
      if (choosing) {
        stretch(frame, at);
      }
      tooltip.setAttribute("role", "status");
      charts.forEach((other) => other.show(frame.x(at), other === self));
    }

    return self;
  };
})();
