// From data files to rows for a chart: choice of x, smoothing, zoom, thinning for the screen.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const THIN = 2000;
  const NAMED = new Map([["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]]);

  function number(value) {
    return typeof value === "number" ? value : NAMED.has(value) ? NAMED.get(value) : NaN;
  }

  // The file that the state asks for: full data for smoothing and zooming, else the coarse tier.
  reportgen.loadCurve = function (series, state) {
    const whole = series.fullPath && (state.smooth > 0 || state.zoom);
    return whole
      ? reportgen.load(series.fullName, series.fullPath)
      : reportgen.load(series.name, series.path);
  };

  // The points of one series: {x, y, raw, step}, x ascending; a point without x is left out.
  reportgen.points = function (data, state) {
    const raw = data.values.map(number);
    const smoothed = reportgen.smooth(raw, state.smooth);
    const points = [];
    for (let i = 0; i < raw.length; i += 1) {
      const x = state.x === "time" ? data.seconds[i] : data.steps[i];
      if (x !== null && Number.isFinite(x)) {
        points.push({ x: x, y: smoothed[i], raw: raw[i], step: data.steps[i] });
      }
    }
    return points;
  };

  // What of `points` the zoom shows, with one point beyond either edge so that lines run out.
  reportgen.within = function (points, zoom) {
    if (!zoom) {
      return points;
    }
    let first = points.findIndex((point) => point.x >= zoom[0]);
    let last = points.length - 1;
    while (last >= 0 && points[last].x > zoom[1]) {
      last -= 1;
    }
    first = first < 0 ? points.length : first;
    return points.slice(Math.max(0, first - 1), last + 2);
  };

  // At most THIN points: first, last, lowest and highest of equal buckets, so no spike is lost.
  reportgen.thin = function (points, limit) {
    const most = limit || THIN;
    if (points.length <= most) {
      return points;
    }
    const size = Math.ceil(points.length / (most / 4));
    const kept = [];
    for (let start = 0; start < points.length; start += size) {
      const bucket = points.slice(start, start + size);
      const finite = bucket.filter((point) => Number.isFinite(point.y));
      const wanted = new Set([bucket[0], bucket[bucket.length - 1]]);
      if (finite.length) {
        wanted.add(finite.reduce((a, b) => (b.y < a.y ? b : a)));
        wanted.add(finite.reduce((a, b) => (b.y > a.y ? b : a)));
      }
      kept.push(...bucket.filter((point) => wanted.has(point) || !Number.isFinite(point.y)));
    }
    return kept;
  };

  // The steps at which a series turns NaN or infinite.
  reportgen.breaks = function (points) {
    return points.filter(
      (point, i) => !Number.isFinite(point.raw) && (i === 0 || Number.isFinite(points[i - 1].raw))
    );
  };

  // The point nearest to x, by bisection; null for none.
  reportgen.nearest = function (points, x) {
    if (!points.length) {
      return null;
    }
    let low = 0;
    let high = points.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (points[middle].x < x) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return Math.abs(points[low].x - x) <= Math.abs(points[high].x - x) ? points[low] : points[high];
  };

  // Rows for the data sets of the chart "lines".
  reportgen.lineRows = function (lines, state, palette) {
    const rows = { points: [], spots: [], marks: [], labels: [], styles: [] };
    let hidden = 0;
    for (const line of lines) {
      const colour = palette.colour(line.series.colour);
      const dash = palette.dashes[line.series.dash];
      rows.styles.push({ colour: colour, dash: dash });
      const visible = reportgen.thin(reportgen.within(line.points, state.zoom));
      const shown = function (value) {
        if (!Number.isFinite(value)) {
          return null;
        }
        if (state.log && value <= 0) {
          hidden += 1;
          return null;
        }
        return value;
      };
      const add = function (points, key, name, opacity, width, pattern) {
        for (const point of points) {
          rows.points.push({
            x: point.x,
            y: shown(point[key]),
            line: name,
            colour: colour,
            dash: pattern,
            opacity: opacity,
            width: width,
          });
        }
      };
      const id = line.series.run + " " + line.series.metric;
      if (state.smooth > 0) {
        add(visible, "raw", id + " raw", 0.25, 1.25, dash);
      }
      for (const part of line.earlier) {
        add(reportgen.within(part.points, state.zoom), "raw", id + part.attempt, 0.6, 1.25, [1, 3]);
      }
      add(visible, "y", id, 1, 1.75, dash);
      const finite = visible.filter((point) => shown(point.y) !== null);
      if (finite.length === 1) {
        rows.spots.push({ x: finite[0].x, y: finite[0].y, colour: colour });
      }
      for (const point of reportgen.breaks(line.points)) {
        if (!state.zoom || (point.x >= state.zoom[0] && point.x <= state.zoom[1])) {
          rows.marks.push({ x: point.x, colour: colour });
        }
      }
    }
    rows.hidden = hidden;
    return rows;
  };

  // What a resumed attempt replaced, as points by step; there is no time axis for them.
  reportgen.earlier = function (data, state) {
    if (state.x === "time") {
      return [];
    }
    return (data.earlier || []).map((part) => ({
      attempt: part.attempt,
      points: part.steps.map((step, i) => {
        const value = number(part.values[i]);
        return { x: step, y: value, raw: value, step: step };
      }),
    }));
  };
})();
