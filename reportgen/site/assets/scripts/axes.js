// What a curve is drawn over: step, epoch, time since the start with or without pauses, wall
// clock, or another metric of the same run.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const AXES = new Map([
    ["step", "step"],
    ["epoch", "epoch"],
    ["time", "time since start (s)"],
    ["active", "time since start, pauses left out (s)"],
    ["wall", "wall clock (UTC)"],
  ]);
  const METRIC = "metric:";

  reportgen.isAxis = (name) => AXES.has(name) || (name.startsWith(METRIC) && name.length > METRIC.length);

  // The name of the metric that an axis stands for, or null.
  reportgen.axisMetric = (name) => (name.startsWith(METRIC) ? name.slice(METRIC.length) : null);

  reportgen.axisTitle = function (name) {
    const metric = reportgen.axisMetric(name);
    return metric === null ? AXES.get(name) : metric;
  };

  // A place on the axis in words, as tooltips say it.
  reportgen.axisText = function (name, x) {
    if (name === "step") {
      return "step " + x.toLocaleString("en");
    }
    if (name === "wall") {
      return new Date(1000 * x).toISOString().slice(0, 19).replace("T", " ") + " UTC";
    }
    if (name === "time" || name === "active") {
      return duration(x);
    }
    return reportgen.axisTitle(name) + " " + reportgen.format(x);
  };

  function duration(value) {
    if (value < 120) {
      return value.toFixed(1) + " s";
    }
    return value < 7200 ? (value / 60).toFixed(1) + " min" : (value / 3600).toFixed(2) + " h";
  }

  // Where else a run's numbers are: set by the page; gives {name, path, ...} or null.
  reportgen.metricSource = () => null;

  // The series that an axis needs beside the drawn one, or null.
  reportgen.axisSource = function (series, name) {
    const metric = reportgen.axisMetric(name);
    if (metric !== null) {
      return reportgen.metricSource(series.run, metric);
    }
    return name === "epoch" ? reportgen.metricSource(series.run, "epoch") || reportgen.metricSource(series.run, "train/epoch") : null;
  };

  // One x a point; NaN where the run has none. `other` is the data of axisSource.
  reportgen.xValues = function (data, series, name, other) {
    const steps = Float64Array.from(data.steps);
    if (name === "step") {
      return steps;
    }
    if (name === "time" || name === "active" || name === "wall") {
      return clock(data, name);
    }
    if (other) {
      return lastBefore(other, steps);
    }
    if (name === "epoch" && series.perEpoch) {
      return steps.map((step) => (step + 1) / series.perEpoch);
    }
    return steps.fill(NaN);
  };

  function clock(data, name) {
    const pauses = data.pauses || [];
    return Float64Array.from(data.seconds, function (at) {
      if (at === null) {
        return NaN;
      }
      if (name === "wall") {
        return data.start + at;
      }
      const idle = name === "active" ? pauses.filter((pause) => pause[0] + pause[1] <= at + 1e-6) : [];
      return at - idle.reduce((sum, pause) => sum + pause[1], 0);
    });
  }

  // The last value of another series at or before each step.
  function lastBefore(other, steps) {
    const pairs = other.steps.map((step, i) => [step, reportgen.number(other.values[i])]);
    pairs.sort((a, b) => a[0] - b[0]);
    return steps.map(function (step) {
      let low = 0;
      let high = pairs.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (pairs[middle][0] <= step) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low ? pairs[low - 1][1] : NaN;
    });
  }
})();
