// What a reader should know of a drawing: a cut axis, smoothing, what an axis has no place for,
// where a series broke, where a group ends.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  reportgen.remarks = function (chart, hidden, domain) {
    const state = chart.state;
    const parts = [];
    if (state.yScale === "linear" && domain[0] > 0 && domain[0] < domain[1]) {
      parts.push("axis from " + Number(domain[0].toPrecision(3)));
    }
    if (state.smooth > 0) {
      parts.push("smoothed, weight " + state.smooth);
    }
    if (hidden) {
      parts.push(hidden + (hidden === 1 ? " point" : " points") + " at or below 0 not on a log axis");
    }
    if (chart.absent) {
      parts.push(chart.absent + (chart.absent === 1 ? " run has" : " runs have") + " no " + reportgen.axisTitle(state.x));
    }
    const shown = chart.series.length;
    if (state.hide.length || state.only !== null) {
      if (chart.lines.length < shown && !chart.isGrouped()) {
        parts.push(chart.lines.length + " of " + shown + " lines");
      }
    }
    return parts.concat(breaks(chart), groups(chart), cutBands(chart, domain));
  };

  function cutBands(chart, domain) {
    const goesOn = function (line) {
      const points = line.points;
      const [first, end] = points.lo ? reportgen.within(points, chart.state.zoom) : [0, 0];
      for (let i = first; i < end; i += 1) {
        if (points.lo[i] < domain[0] || points.hi[i] > domain[1]) {
          return true;
        }
      }
      return false;
    };
    return chart.lines.some(goesOn) ? ["bands go on past the axis"] : [];
  }

  function breaks(chart) {
    const broken = chart.lines.filter((line) => reportgen.breaks(line.points).length);
    if (!broken.length || chart.isGrouped()) {
      return [];
    }
    const points = broken[0].points;
    const place = reportgen.breaks(points)[0];
    const more = broken.length > 1 ? " and in " + (broken.length - 1) + " more" : "";
    return ["▲ " + reportgen.format(points.raw[place]) + " at step " + points.step[place] + more];
  }

  function groups(chart) {
    if (!chart.isGrouped()) {
      return [];
    }
    const state = chart.state;
    const sizes = chart.lines.map((line) => line.members);
    const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
    const spread = state.spread === "sd" ? "± 1 sd" : "95 % interval (t)";
    const parts = [state.centre + ", " + spread + ", n = " + (low === high ? low : low + " to " + high)];
    const cut = chart.lines.filter((line) => line.shortest < line.longest);
    if (cut.length && !state.past) {
      parts.push(cut.length + (cut.length === 1 ? " line ends" : " lines end") + " with the shortest run of the group");
    } else if (cut.length) {
      const ends = cut.map((line) => line.shortest);
      parts.push("fewer runs from " + reportgen.axisText(state.x, Math.min(...ends)) + " on");
    }
    return parts;
  }
})();
