// The compare page: reads the runs from the address, loads each run's file, fills the page.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const page = {};
  let known = new Map();  // slug -> row of the list of runs
  let chosen = [];  // slugs, in the order of the address
  let turn = 0;

  reportgen.swatch = function (style) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "swatch c" + style[0]);
    svg.setAttribute("viewBox", "0 0 18 10");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", "d" + style[1]);
    path.setAttribute("d", "M0 5H18");
    svg.append(path);
    return svg;
  };

  reportgen.runLink = function (run) {
    const link = reportgen.element("a", {
      href: reportgen.base + "runs/" + encodeURIComponent(run.slug) + "/index.html",
    });
    link.append(reportgen.element("bdi", { title: run.name }, run.label || run.name));
    return link;
  };

  // Metrics of all runs: those that most runs have first, then in the order of their record.
  reportgen.metricNames = function (documents) {
    const counts = new Map();
    for (const run of documents) {
      run.metrics.forEach((metric) => counts.set(metric.name, (counts.get(metric.name) || 0) + 1));
    }
    const goals = new Map(documents.flatMap((run) => run.metrics.map((m) => [m.name, m.goal])));
    const rank = (name) => (/^(val|valid|dev|eval)/i.test(name) ? 0 : goals.get(name) ? 1 : 2);
    return Array.from(counts.keys()).sort(
      (a, b) => counts.get(b) - counts.get(a) || rank(a) - rank(b)
    );
  };

  function message(text) {
    page.messages.append(reportgen.element("p", { class: "message" }, text));
  }

  async function start() {
    page.messages.replaceChildren();
    let list;
    try {
      const manifest = await reportgen.load("manifest", "data/manifest.js");
      list = await reportgen.load("runs", manifest.runs);
    } catch (error) {
      reportgen.fault(page.messages, error, start);
      return;
    }
    known = new Map(list.runs.map((run) => [run.slug, run]));
    document.addEventListener("reportgen:address", read);
    read();
  }

  function read() {
    const wanted = reportgen.chartState.runs;
    page.messages.replaceChildren();
    for (const slug of wanted.filter((name) => !known.has(name))) {
      message("No run " + slug.slice(0, 200) + " is part of this site: it was removed, or the address is wrong.");
    }
    const found = wanted.filter((slug) => known.has(slug));
    if (found.join() !== chosen.join() || !found.length) {
      chosen = found;
      show();
    }
  }

  function choose(slugs) {
    chosen = slugs;
    reportgen.change({ runs: slugs });
    page.messages.replaceChildren();
    show();
  }

  async function show() {
    turn += 1;
    const mine = turn;
    chips();
    page.empty.hidden = chosen.length > 0;
    page.filled.hidden = true;
    reportgen.forgetCharts();
    if (!chosen.length) {
      return;
    }
    const loaded = await Promise.allSettled(
      chosen.map((slug) => reportgen.load("runs/" + slug, known.get(slug).path))
    );
    if (mine !== turn) {
      return;  // the choice changed while files were loading
    }
    const documents = [];
    loaded.forEach(function (result, i) {
      if (result.status === "fulfilled") {
        documents.push({ ...result.value, style: known.get(chosen[i]).style });
      } else {
        reportgen.fault(page.messages, result.reason, show);
      }
    });
    if (!documents.length) {
      return;
    }
    page.filled.hidden = false;
    curves(documents);
    reportgen.fillMetrics(page.metrics, documents);
    const differences = () =>
      reportgen.fillDifferences(page.differences, documents, page.all.checked, page.turned.checked);
    page.all.onchange = differences;
    page.turned.onchange = differences;
    differences();
    reportgen.fillWhy(page.why, documents, JSON.parse(page.why.dataset.why));
    page.why.parentElement.hidden = documents.length < 2;
    reportgen.fillFigures(page.figures, documents);
    reportgen.fillPatches(page.patches, documents);
    reportgen.fillAgreement(page.agreement, documents);
  }

  function chips() {
    page.chosen.replaceChildren(
      ...chosen.map(function (slug) {
        const run = known.get(slug);
        const item = document.createElement("li");
        const remove = reportgen.element("button", { type: "button", "aria-label": "Remove " + run.label }, "×");
        remove.addEventListener("click", () => choose(chosen.filter((other) => other !== slug)));
        item.append(reportgen.swatch(run.style), reportgen.runLink(run), remove);
        return item;
      })
    );
    const left = Array.from(known.values()).filter((run) => !chosen.includes(run.slug));
    page.select.replaceChildren(...left.map(option));
    page.form.hidden = left.length === 0;
  }

  function option(run) {
    const found = new Option(run.label, run.slug);
    found.title = run.name;
    return found;
  }

  function curves(documents) {
    const labels = reportgen.shortLabels(documents.map((run) => run.name));
    const figures = reportgen.metricNames(documents).map(function (name) {
      const series = [];
      let unit = null;
      documents.forEach(function (run, i) {
        const metric = run.metrics.find((item) => item.name === name);
        if (metric) {
          unit = unit || metric.unit;
          series.push({
            run: run.slug, label: labels[i], metric: name,
            colour: run.style[0], dash: run.style[1], perEpoch: run.perEpoch, ...metric.curve,
          });
        }
      });
      return figure(name, unit, series);
    });
    page.charts.replaceChildren(...figures);
    const curves = new Map();
    documents.forEach((run) => run.metrics.forEach((m) => curves.set(run.slug + " " + m.name, m.curve)));
    reportgen.metricSource = (run, metric) => curves.get(run + " " + metric) || null;
    reportgen.offerAxes(reportgen.metricNames(documents));
    reportgen.watchCharts(page.charts);
  }

  function figure(name, unit, series) {
    const whole = reportgen.element("figure", {
      class: "chart",
      "data-chart": "lines",
      "data-series": JSON.stringify(series),
      "data-y": unit ? name + " (" + unit + ")" : name,
    });
    const caption = document.createElement("figcaption");
    const title = document.createElement("h3");
    title.append(reportgen.element("bdi", {}, name));
    caption.append(title, " ", reportgen.element("span", { class: "note", "data-chart-note": "" }));
    const plot = reportgen.element("div", {
      class: "plot", role: "img",
      "aria-label": name + " of " + series.length + " runs; the numbers are in the tables below",
    });
    const legend = reportgen.element("ul", { class: "legend" });
    for (const line of series) {
      const item = document.createElement("li");
      item.append(reportgen.swatch([line.colour, line.dash]), " ", reportgen.element("bdi", {}, line.label));
      legend.append(item);
    }
    whole.append(caption, plot, legend);
    return whole;
  }

  document.addEventListener("DOMContentLoaded", function () {
    const root = document.querySelector("[data-compare]");
    page.messages = root.querySelector("[data-messages]");
    page.chosen = root.querySelector("[data-chosen]");
    page.form = root.querySelector("[data-add-run]");
    page.select = root.querySelector("select");
    page.empty = root.querySelector("[data-empty]");
    page.filled = root.querySelector("[data-filled]");
    page.charts = root.querySelector("[data-compare-charts]");
    page.differences = root.querySelector("[data-compare-differences]");
    page.metrics = root.querySelector("[data-compare-metrics]");
    page.all = root.querySelector("[data-show-all]");
    page.turned = root.querySelector("[data-turned]");
    page.why = root.querySelector("[data-why]");
    page.figures = root.querySelector("[data-compare-figures]");
    page.patches = root.querySelector("[data-compare-patches]");
    page.agreement = root.querySelector("[data-compare-agreement]");
    page.form.addEventListener("submit", function (event) {
      event.preventDefault();
      if (page.select.value) {
        choose([...chosen, page.select.value]);
      }
    });
    root.hidden = false;
    start();
  });
})();
