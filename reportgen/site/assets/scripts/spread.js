// Several runs as one line: mean or median, with the standard deviation or the 95 % interval of
// the mean by Student's t. Each run counts once. A run's value at a place is its last one there.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const Z = 1.959963984540054;

  // The 0.975 quantile: a table, then Abramowitz and Stegun, 26.7.5.
  reportgen.t975 = function (freedom, table) {
    if (freedom <= table.length) {
      return table[freedom - 1];
    }
    const v = freedom;
    return (
      Z + (Z ** 3 + Z) / (4 * v) + (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * v ** 2) +
      (3 * Z ** 7 + 19 * Z ** 5 + 17 * Z ** 3 - 15 * Z) / (384 * v ** 3)
    );
  };

  reportgen.spreadOf = function (values, table) {
    const finite = values.filter(Number.isFinite).sort((a, b) => a - b);
    const n = finite.length;
    if (!n) {
      return null;
    }
    const mean = finite.reduce((sum, value) => sum + value, 0) / n;
    const middle = n >> 1;
    const median = n % 2 ? finite[middle] : (finite[middle - 1] + finite[middle]) / 2;
    if (n < 2) {
      return { n: n, mean: mean, median: median, sd: null, half: null };
    }
    const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const sd = Math.sqrt(squares / (n - 1));
    const half = (reportgen.t975(n - 1, table) * sd) / Math.sqrt(n);
    return { n: n, mean: mean, median: median, sd: sd, half: half };
  };

  // One line a group: {series, points with lo, hi and n, members}. Lines end where the shortest
  // run of their group ends, unless `past` asks for what the others did after that.
  reportgen.grouped = function (lines, how, table) {
    const groups = new Map();
    for (const line of lines) {
      const name = line.series.group;
      groups.set(name, (groups.get(name) || []).concat([line]));
    }
    return Array.from(groups.values()).map((members) => together(members, how, table));
  };

  function together(members, how, table) {
    const series = { ...members[0].series, label: members[0].series.group, metric: members[0].series.metric };
    const ends = members.map((line) => line.points.x[line.points.x.length - 1]);
    const shortest = Math.min(...ends);
    const all = new Set(members.flatMap((line) => Array.from(line.points.x)));
    const xs = Array.from(all).filter((x) => how.past || x <= shortest).sort((a, b) => a - b);
    const places = members.map(() => 0);
    const points = { x: [], y: [], lo: [], hi: [], n: [], step: [] };
    for (const x of xs) {
      const values = [];
      members.forEach(function (line, i) {
        const own = line.points;
        while (places[i] + 1 < own.x.length && own.x[places[i] + 1] <= x) {
          places[i] += 1;
        }
        if (own.x[0] <= x && x <= ends[i]) {
          values.push(own.y[places[i]]);
        }
      });
      add(points, x, reportgen.spreadOf(values, table), how);
    }
    const columns = {};
    for (const [name, column] of Object.entries(points)) {
      columns[name] = Float64Array.from(column);
    }
    columns.raw = columns.y;
    columns.sorted = true;
    return {
      series: series, colour: members[0].colour, dash: members[0].dash, points: columns, earlier: [],
      members: members.length, shortest: shortest, longest: Math.max(...ends),
    };
  }

  function add(points, x, found, how) {
    const centre = found ? found[how.centre] : NaN;
    const wide = found ? (how.spread === "sd" ? found.sd : found.half) : null;
    points.x.push(x);
    points.step.push(x);
    points.y.push(centre);
    points.n.push(found ? found.n : 0);
    points.lo.push(wide === null ? NaN : centre - wide);
    points.hi.push(wide === null ? NaN : centre + wide);
  }
})();
