// The frame of a chart: axes, titles and names at line ends, drawn by Vega from the specification
// that came with the site; its scales place the lines.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  // The specifications and what else follows from the theme, once a page.
  reportgen.look = () => reportgen.load("charts", document.documentElement.dataset.charts);

  // The same, once the libraries are there that draw them.
  reportgen.kit = function () {
    const page = document.documentElement.dataset;
    const libraries = page.vega.split(" ").reduce(
      (before, path) => before.then(() => reportgen.script(path)),
      Promise.resolve()
    );
    return libraries.then(reportgen.look);
  };

  // Vega takes a title that is a key of every object ("constructor") for a signal, and fails; a
  // word joiner, which has no width, makes it an ordinary text.
  reportgen.plainTitle = (title) => (title in {} ? "\u2060" + title : title);

  reportgen.embed = function (place, kit, mode, spec, renderer) {
    return window.vegaEmbed(place, spec, {
      mode: "vega-lite",
      renderer: renderer || "canvas",
      actions: false,
      ast: true,
      tooltip: false,
      hover: false,
      logLevel: window.vega.Error,
      config: kit.config[mode],
    });
  };

  // Powers of ten on both sides of zero: a symmetric logarithm has no better ticks.
  function powers(low, high, constant) {
    const least = Math.round(Math.log10(constant));
    const found = [0];
    const most = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high), constant)));
    const every = Math.max(1, Math.ceil((most - least) / 4));
    for (let power = least; power <= most; power += every) {
      found.push(10 ** power, -(10 ** power));
    }
    return found.filter((value) => value >= low && value <= high).sort((a, b) => a - b);
  }

  // Give one axis of a specification its scale, title and ticks.
  reportgen.setAxis = function (channel, kind, ends, title, nice) {
    const worded = kind === "linear" ? title : title + " (" + kind + ")";
    channel.title = reportgen.plainTitle(worded);
    if (kind === "linear") {
      channel.scale = { zero: false, nice: nice };
    } else if (kind === "log") {
      channel.scale = { type: "log", nice: false };
    } else {
      const constant = constantOf(ends);
      channel.scale = { type: "symlog", constant: constant, nice: false };
      channel.axis = { ...channel.axis, values: powers(ends[0], ends[1], constant) };
    }
  };

  // Where the scale turns from straight to logarithmic: one, or a thousandth of what is less.
  function constantOf(ends) {
    const most = Math.max(Math.abs(ends[0]), Math.abs(ends[1]));
    const small = most > 0 && Number.isFinite(most) && most <= 1000;
    return small ? 10 ** (Math.floor(Math.log10(most)) - 3) : 1;
  }

  // The titles and scales that a state asks for, in a copy of the specification "lines".
  reportgen.dressed = function (kit, figure, state, extents) {
    const spec = structuredClone(kit.specs[figure.dataset.chart]);
    for (const layer of spec.layer) {
      const { x, y } = layer.encoding;
      if (x && x.field === "x") {
        reportgen.setAxis(x, state.xScale, extents.x, reportgen.axisTitle(state.x), false);
        if (state.x === "wall") {
          x.axis = { ...x.axis, labelExpr: "utcFormat(datum.value * 1000, '%d %b %H:%M')", tickCount: 4 };
          delete x.axis.format;
        }
        if (state.zoom) {
          x.scale.domain = state.zoom;
        }
      }
      if (y && y.field === "y") {
        reportgen.setAxis(y, state.yScale, extents.y, figure.dataset.y, true);
      }
    }
    return spec;
  };
})();
