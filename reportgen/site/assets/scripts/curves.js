// From data files to the points of lines: choice of x, smoothing, zoom, thinning for the screen.
// Points are columns of equal length: x, y (smoothed), raw, step, seconds.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const MARGIN = 0.1;  // of the lines' range, that bands may add at either end
  const NAMED = new Map([["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]]);

  reportgen.number = function (value) {
    return typeof value === "number" ? value : NAMED.has(value) ? NAMED.get(value) : NaN;
  };

  // The file that the state asks for: full data for smoothing and zooming, else the coarse tier.
  reportgen.loadCurve = function (series, state, whole) {
    return series.fullPath && (whole || state.smooth > 0 || state.zoom)
      ? reportgen.load(series.fullName, series.fullPath)
      : reportgen.load(series.name, series.path);
  };

  // What a line is drawn from: its own data, and that of the axis when this is another series.
  reportgen.loadLine = async function (series, state, whole) {
    const data = await reportgen.loadCurve(series, state, whole);
    const source = reportgen.axisSource(series, state.x);
    const other = source ? await reportgen.loadCurve(source, { smooth: 1 }, true) : null;
    return { series: series, data: data, other: other };
  };

  // The points of one series; a point without x is left out.
  reportgen.points = function (loaded, state) {
    const data = loaded.data;
    const raw = Float64Array.from(data.values, reportgen.number);
    const xs = reportgen.xValues(data, loaded.series, state.x, loaded.other);
    return columns(xs, reportgen.smooth(raw, state.smooth), raw, data);
  };

  function columns(xs, smoothed, raw, data) {
    const kept = [];
    let sorted = true;
    for (let i = 0; i < xs.length; i += 1) {
      if (Number.isFinite(xs[i])) {
        sorted = sorted && (!kept.length || xs[i] >= xs[kept[kept.length - 1]]);
        kept.push(i);
      }
    }
    const pick = (column) => (kept.length === xs.length ? column : Float64Array.from(kept, (i) => column[i]));
    const points = { x: pick(xs), y: pick(smoothed), raw: pick(raw), sorted: sorted };
    points.step = pick(Float64Array.from(data.steps));
    points.seconds = pick(Float64Array.from(data.seconds, (at) => (at === null ? NaN : at)));
    return points;
  }

  // First place and place after the last that the zoom shows, with one point beyond either edge
  // so that lines run out; all of a line that goes back and forth.
  reportgen.within = function (points, zoom) {
    const total = points.x.length;
    if (!zoom || !points.sorted) {
      return [0, total];
    }
    const first = bound(points.x, (x) => x < zoom[0]);
    const last = bound(points.x, (x) => x <= zoom[1]);
    return [Math.max(0, first - 1), Math.min(total, last + 1)];
  };

  // How many of the ascending `xs` are `before`, by bisection.
  function bound(xs, before) {
    let low = 0;
    let high = xs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(xs[middle])) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  // Places to draw of [first, end): first, last, lowest and highest of each bucket and what is
  // not finite, so that no spike and no gap is lost. All of them when there are few.
  reportgen.thin = function (values, first, end, buckets) {
    const places = [];
    const size = Math.ceil((end - first) / buckets);
    if (size <= 4) {
      for (let i = first; i < end; i += 1) {
        places.push(i);
      }
      return places;
    }
    for (let start = first; start < end; start += size) {
      const stop = Math.min(end, start + size);
      const wanted = new Set([start, stop - 1]);
      let low = -1;
      let high = -1;
      let broken = -1;
      for (let i = start; i < stop; i += 1) {
        const value = values[i];
        if (!Number.isFinite(value)) {
          broken = broken < 0 ? i : broken;
        } else {
          low = low < 0 || value < values[low] ? i : low;
          high = high < 0 || value > values[high] ? i : high;
        }
      }
      [low, high, broken].filter((i) => i >= 0).forEach((i) => wanted.add(i));
      places.push(...Array.from(wanted).sort((a, b) => a - b));
    }
    return places;
  };

  // The places at which a series turns NaN or infinite.
  reportgen.breaks = function (points) {
    const found = [];
    for (let i = 0; i < points.raw.length; i += 1) {
      if (!Number.isFinite(points.raw[i]) && (i === 0 || Number.isFinite(points.raw[i - 1]))) {
        found.push(i);
      }
    }
    return found;
  };

  // The place nearest to x, or -1.
  reportgen.nearest = function (points, x) {
    const xs = points.x;
    if (!xs.length) {
      return -1;
    }
    if (!points.sorted) {
      return xs.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(xs[best] - x) ? i : best), 0);
    }
    const after = Math.min(bound(xs, (value) => value < x), xs.length - 1);
    const before = Math.max(0, after - 1);
    return Math.abs(xs[before] - x) <= Math.abs(xs[after] - x) ? before : after;
  };

  // Smallest and largest of x and of what can be drawn of y, over lines as the zoom shows them.
  reportgen.extents = function (lines, state) {
    const found = { x: [Infinity, -Infinity], y: [Infinity, -Infinity], hidden: 0 };
    const band = [Infinity, -Infinity];
    const grow = function (ends, value) {
      ends[0] = Math.min(ends[0], value);
      ends[1] = Math.max(ends[1], value);
    };
    for (const line of lines) {
      const parts = [line.points, ...line.earlier.map((part) => part.points)];
      for (const points of parts) {
        const [first, end] = reportgen.within(points, state.zoom);
        const shown = [points.y, points.raw];
        const bands = points.lo ? [points.lo, points.hi] : [];
        for (let i = first; i < end; i += 1) {
          const outside = state.zoom && (points.x[i] < state.zoom[0] || points.x[i] > state.zoom[1]);
          if (!reportgen.drawable(points.x[i], state.xScale)) {
            continue;
          }
          if (!outside || points.sorted) {
            shown.forEach((column) => reportgen.drawable(column[i], state.yScale) && grow(found.y, column[i]));
            bands.forEach((column) => reportgen.drawable(column[i], state.yScale) && grow(band, column[i]));
          }
          if (!outside) {
            grow(found.x, points.x[i]);
            found.hidden += Number.isFinite(points.y[i]) && !reportgen.drawable(points.y[i], state.yScale) ? 1 : 0;
          }
        }
      }
    }
    if (state.zoom) {
      found.x = state.zoom.slice();
    }
    found.y = withBand(found.y, band, state.yScale);
    return found;
  };

  // Lines set the axis; a band widens it by a tenth at either end, and not past zero where no line
  // goes. Intervals of three runs are so wide that lines would else lie flat.
  function withBand(ends, band, scale) {
    if (!(band[0] <= band[1])) {
      return ends;
    }
    const [to, from] = scale === "log" ? [Math.log10, (at) => 10 ** at] : [(at) => at, (at) => at];
    const margin = MARGIN * (to(ends[1]) - to(ends[0]));
    if (!(margin > 0)) {
      return [Math.min(ends[0], band[0]), Math.max(ends[1], band[1])];
    }
    const least = scale !== "log" && ends[0] >= 0 ? Math.max(0, ends[0] - margin) : from(to(ends[0]) - margin);
    const most = from(to(ends[1]) + margin);
    return [Math.min(ends[0], Math.max(band[0], least)), Math.max(ends[1], Math.min(band[1], most))];
  }

  // Whether a scale has a place for a value: a logarithm has none for zero and below.
  reportgen.drawable = (value, scale) => Number.isFinite(value) && (scale !== "log" || value > 0);

  // What a resumed attempt replaced, as points; another metric says nothing of them.
  reportgen.earlier = function (loaded, state) {
    if (reportgen.axisSource(loaded.series, state.x) || reportgen.axisMetric(state.x) !== null) {
      return [];
    }
    return (loaded.data.earlier || []).map(function (part) {
      const own = { ...loaded.data, steps: part.steps, values: part.values };
      own.seconds = part.seconds || part.steps.map(() => null);
      const raw = Float64Array.from(part.values, reportgen.number);
      const xs = reportgen.xValues(own, loaded.series, state.x, null);
      return { attempt: part.attempt, points: columns(xs, raw, raw, own) };
    });
  };
})();
