// Smoothing: a debiased exponential moving average over the full series, as TensorBoard's. For
// each finite point: last = w * last + (1 - w) * y; n += 1; out = last / (1 - w ** n). Points
// that are not finite pass through and leave the state alone; a constant series is unchanged.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  reportgen.smooth = function (values, weight) {
    if (!(weight > 0)) {
      return values.slice();
    }
    const finite = values.filter(Number.isFinite);
    if (finite.every((value) => value === finite[0])) {
      return values.slice();
    }
    let last = 0;
    let count = 0;
    return values.map(function (value) {
      if (!Number.isFinite(value)) {
        return value;
      }
      last = weight * last + (1 - weight) * value;
      count += 1;
      return last / (1 - Math.pow(weight, count));
    });
  };
})();
