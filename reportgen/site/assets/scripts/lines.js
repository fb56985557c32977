// The lines themselves, drawn on a canvas of their own over the frame and axes of the chart:
// thousands of points a frame, where a scene graph takes seconds for the same.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const FAINT = 0.25;
  const BAND = 0.15;
  const MARK = 5;

  // `frame` is {left, top, width, height, px(x), py(y)}; `pins` a set of keys drawn last.
  reportgen.drawLines = function (canvas, frame, lines, state) {
    const ratio = window.devicePixelRatio || 1;
    const box = canvas.parentElement.getBoundingClientRect();
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.translate(frame.left, frame.top);
    pen.lineJoin = "round";
    const pinned = state.pin.length > 0;
    const isPinned = (line) => state.pin.includes(line.series.key);
    const order = lines.slice().sort((a, b) => isPinned(a) - isPinned(b));
    pen.save();
    pen.beginPath();
    pen.rect(-1, -4, frame.width + 2, frame.height + 8);
    pen.clip();
    for (const line of order) {
      const style = { colour: line.colour, dash: line.dash, width: isPinned(line) ? 3 : 1.75 };
      style.opacity = pinned && !isPinned(line) ? 0.4 : 1;
      if (line.points.lo) {
        band(pen, frame, line, state);
      }
      if (state.smooth > 0 && !line.points.lo) {
        stroke(pen, frame, line.points, line.points.raw, { ...style, opacity: FAINT, width: 1.25 }, state);
      }
      for (const part of line.earlier) {
        const old = { ...style, dash: [1, 3], opacity: 0.6 * style.opacity, width: 1.25 };
        stroke(pen, frame, part.points, part.points.raw, old, state);
      }
      stroke(pen, frame, line.points, line.points.y, style, state);
    }
    pen.restore();
    alerts(pen, frame, state);
    order.forEach((line) => marks(pen, frame, line, state));
  };

  // Alerts of the run as dashed uprights, where the axis is that of steps.
  function alerts(pen, frame, state) {
    const style = window.getComputedStyle(document.documentElement);
    pen.setLineDash([3, 3]);
    pen.lineWidth = 1;
    pen.globalAlpha = 0.8;
    for (const [step, tone] of state.x === "step" ? reportgen.alerts || [] : []) {
      const x = frame.px(step);
      if (x >= 0 && x <= frame.width && reportgen.drawable(step, state.xScale)) {
        pen.strokeStyle = style.getPropertyValue(tone === "plain" ? "--edge" : "--" + tone);
        pen.beginPath();
        pen.moveTo(x, 0);
        pen.lineTo(x, frame.height);
        pen.stroke();
      }
    }
    pen.setLineDash([]);
  }

  function places(points, values, frame, state) {
    const [first, end] = reportgen.within(points, state.zoom);
    return reportgen.thin(values, first, end, Math.max(1, Math.ceil(frame.width)));
  }

  function stroke(pen, frame, points, values, style, state) {
    pen.strokeStyle = style.colour;
    pen.fillStyle = style.colour;
    pen.globalAlpha = style.opacity;
    pen.lineWidth = style.width;
    pen.setLineDash(style.dash);
    pen.beginPath();
    let length = 0;  // points in the stretch so far
    let x = 0;
    let y = 0;
    const dots = [];
    for (const i of places(points, values, frame, state)) {
      if (!reportgen.drawable(values[i], state.yScale) || !reportgen.drawable(points.x[i], state.xScale)) {
        length === 1 && dots.push([x, y]);
        length = 0;
        continue;
      }
      x = frame.px(points.x[i]);
      y = frame.py(values[i]);
      length ? pen.lineTo(x, y) : pen.moveTo(x, y);
      length += 1;
    }
    length === 1 && dots.push([x, y]);
    pen.stroke();
    pen.setLineDash([]);
    for (const [left, top] of dots) {
      pen.beginPath();
      pen.arc(left, top, 3, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  // The stretch between lo and hi, wherever both can be drawn.
  function band(pen, frame, line, state) {
    const points = line.points;
    pen.fillStyle = line.colour;
    pen.globalAlpha = BAND;
    let stretch = [];
    const fill = function () {
      if (stretch.length > 1) {
        pen.beginPath();
        stretch.forEach((i, k) => pen[k ? "lineTo" : "moveTo"](frame.px(points.x[i]), frame.py(points.hi[i])));
        stretch.reverse().forEach((i) => pen.lineTo(frame.px(points.x[i]), frame.py(points.lo[i])));
        pen.fill();
      }
      stretch = [];
    };
    for (const i of places(points, points.y, frame, state)) {
      if (reportgen.drawable(points.lo[i], state.yScale) && reportgen.drawable(points.hi[i], state.yScale)) {
        stretch.push(i);
      } else {
        fill();
      }
    }
    fill();
  }

  // A triangle at the foot of the plot where a series turns NaN or infinite.
  function marks(pen, frame, line, state) {
    pen.fillStyle = line.colour;
    pen.globalAlpha = 1;
    for (const i of reportgen.breaks(line.points)) {
      const x = frame.px(line.points.x[i]);
      if (x >= -1 && x <= frame.width + 1 && reportgen.drawable(line.points.x[i], state.xScale)) {
        pen.beginPath();
        pen.moveTo(x, frame.height - 2 * MARK);
        pen.lineTo(x + MARK, frame.height);
        pen.lineTo(x - MARK, frame.height);
        pen.fill();
      }
    }
  }
})();
