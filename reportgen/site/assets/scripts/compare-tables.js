// Tables of the compare page: what differs among the runs, and how they ended.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  function header(table, runs, first, kind) {
    const row = table.createTHead().insertRow();
    const names = reportgen.shortLabels(runs.map((run) => run.name));
    row.append(reportgen.element("th", { scope: "col" }, first));
    runs.forEach(function (run, i) {
      const cell = reportgen.element("th", { scope: "col", title: run.name, class: kind });
      cell.append(reportgen.swatch(run.style), " ", reportgen.runLink({ ...run, name: names[i] }));
      row.append(cell);
    });
  }

  function section(body, name, columns) {
    const row = body.insertRow();
    row.className = "section";
    row.append(reportgen.element("th", { scope: "rowgroup", colspan: String(columns) }, name));
  }

  function line(body, name, texts, equal) {
    const row = body.insertRow();
    row.className = equal ? "equal" : "";
    row.append(reportgen.element("th", { scope: "row", title: name }, name));
    for (const text of texts) {
      const cell = row.insertCell();
      cell.textContent = text;
      cell.title = text;
    }
  }

  function groups(documents) {
    const short = (text) => (text ? text.slice(0, 12) : text);
    const dirty = { true: "with uncommitted changes", false: "clean" };
    const about = documents.map((run) => [
      ["state", run.state],
      ["project", run.project],
      ["group", run.group],
      ["audit", run.audit ? run.audit.low + " " + run.audit.level : null],
      ["took", run.took],
    ]);
    const code = documents.map((run) => [
      ["commit", short(run.code.commit)],
      ["tree", short(run.code.tree)],
      ["work tree", dirty[run.code.dirty]],
    ]);
    const named = [
      ["Configuration", documents.map((run) => run.config)],
      ["Code", code],
      ["Environment", documents.map((run) => run.environment)],
      ["Run", about],
    ];
    return named.map(([name, pairs]) => [name, pairs.map((list) => new Map(list))]);
  }

  reportgen.fillDifferences = function (table, documents, all) {
    table.replaceChildren();
    header(table, documents, "Key", "");
    const body = table.createTBody();
    let lines = 0;
    for (const [name, values] of groups(documents)) {
      const rows = [];
      for (const key of new Set(values.flatMap((value) => Array.from(value.keys())))) {
        const texts = values.map((value) => String(value.get(key) ?? "–"));
        const equal = texts.every((text) => text === texts[0]);
        if (all || !equal) {
          rows.push([key, texts, equal]);
        }
      }
      if (rows.length) {
        section(body, name, documents.length + 1);
        rows.forEach((row) => line(body, ...row));
      }
      lines += rows.length;
    }
    if (!lines) {
      line(body, "Nothing recorded differs.", documents.map(() => ""), true);
    }
  };

  reportgen.fillMetrics = function (table, documents) {
    table.replaceChildren();
    header(table, documents, "Metric", "number");
    const body = table.createTBody();
    for (const name of reportgen.metricNames(documents)) {
      const found = documents.map((run) => run.metrics.find((metric) => metric.name === name));
      const goal = (found.find((metric) => metric && metric.goal) || { goal: null }).goal;
      const values = found.map((metric) => valueOf(metric, goal));
      const finite = values.filter((value) => Number.isFinite(value));
      const best = goal && finite.length > 1 ? Math[goal === "minimize" ? "min" : "max"](...finite) : null;
      const row = body.insertRow();
      const head = reportgen.element("th", { scope: "row" }, name);
      head.append(reportgen.element("span", { class: "note" }, goal ? " best, " + words(goal) : " last"));
      row.append(head);
      values.forEach(function (value, i) {
        const cell = row.insertCell();
        const text = reportgen.format(value);
        cell.className = "number";
        cell.append(value === best ? reportgen.element("b", {}, text) : text);
        const step = found[i] ? (goal ? found[i].bestStep : found[i].lastStep) : null;
        if (step !== null && step !== undefined) {
          cell.title = "at step " + step;
        }
      });
    }
  };

  function words(goal) {
    return goal === "minimize" ? "lower is better" : "higher is better";
  }

  function valueOf(metric, goal) {
    if (!metric) {
      return null;
    }
    const value = goal && metric.best !== null ? metric.best : metric.last;
    return typeof value === "string" ? Number(value) : value;
  }
})();
