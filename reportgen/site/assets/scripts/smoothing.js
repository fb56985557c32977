// Smoothing: a debiased exponential moving average over the full series, as TensorBoard's. For
// each finite point: last = w * last + (1 - w) * y; n += 1; out = last / (1 - w ** n). Points
// that are not finite pass through and leave the state alone; a constant series is unchanged.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  reportgen.smooth = function (values, weight) {
    const out = Float64Array.from(values);
    const first = out.find(Number.isFinite);
    if (!(weight > 0) || out.every((value) => value === first || !Number.isFinite(value))) {
      return out;
    }
    let last = 0;
    let bias = 1;
    for (let i = 0; i < out.length; i += 1) {
      if (Number.isFinite(out[i])) {
        last = weight * last + (1 - weight) * out[i];
        bias *= weight;
        out[i] = last / (1 - bias);
      }
    }
    return out;
  };

  // The method in words, for tooltips and exported pictures.
  reportgen.smoothing = function (weight) {
    return "smoothed, weight " + weight + ": last = w·last + (1 − w)·y, shown last / (1 − wⁿ)";
  };
})();
