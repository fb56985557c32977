// Figures of several steps one at a time, with a slider; and the charts of a run that are not lines.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  function slide(figure) {
    const frames = Array.from(figure.querySelectorAll(".frame"));
    const name = figure.querySelector("figcaption").textContent.trim();
    const field = reportgen.element("input", {
      type: "range", min: "0", max: String(frames.length - 1), step: "1",
      value: String(frames.length - 1), "aria-label": "Step of " + name,
    });
    const output = reportgen.element("output", { class: "note" });
    const show = function () {
      const place = Number(field.value);
      frames.forEach((frame, i) => (frame.hidden = i !== place));
      const step = frames[place].dataset.step;
      output.textContent = (step ? "step " + step : "no step") + ", " + (place + 1) + " of " + frames.length;
      field.setAttribute("aria-valuetext", output.textContent);
    };
    field.addEventListener("input", show);
    const row = reportgen.element("p", { class: "slider" });
    row.append(field, output);
    figure.append(row);
    figure.classList.add("sliding");
    show();
  }

  const histogram = (figure) => () => ({ bins: JSON.parse(figure.dataset.rows) });

  function calibration(figure) {
    const bins = figure.dataset.bins.split(";").filter((text) => text).map(function (text) {
      const [sure, right, count] = text.split(" ").map(Number);
      return { sure: sure, right: right, count: count };
    });
    return () => ({ bins: bins, diagonal: [{ at: 0 }, { at: 1 }] });
  }

  const KINDS = { histogram: histogram, calibration: calibration };

  const watcher = new IntersectionObserver(function (entries) {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      watcher.unobserve(entry.target);
      const plot = new reportgen.Plot(entry.target, KINDS[entry.target.dataset.chart](entry.target));
      const draw = () => plot.draw().catch((error) => reportgen.fault(entry.target, error, draw));
      document.addEventListener("reportgen:theme", draw);
      window.addEventListener("resize", draw);
      draw();
    }
  }, { rootMargin: "300px" });

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-steps]").forEach(slide);
    Object.keys(KINDS).forEach((kind) =>
      document.querySelectorAll("[data-chart='" + kind + "']").forEach((figure) => watcher.observe(figure))
    );
  });
})();
