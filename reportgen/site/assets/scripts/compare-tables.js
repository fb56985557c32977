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
      cell.append(reportgen.swatch(run.style), " ", reportgen.runLink({ ...run, label: names[i] }));
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

  // Why a run has no value of a key: it looked and there is none, or nothing was recorded.
  function missing(gaps, key) {
    const recorded = gaps.every(([prefix]) => prefix !== "" && key !== prefix && !key.startsWith(prefix + "."));
    return recorded ? "–" : "not recorded";
  }

  function about(run) {
    const pairs = [
      ["state", run.state], ["project", run.project], ["group", run.group], ["took", run.took],
      ["audit", run.audit ? run.audit.low + " " + run.audit.level : null],
    ];
    return { facts: pairs.filter((pair) => pair[1] !== null).map(([key, text]) => [key, String(text), false, ""]), unrecorded: [] };
  }

  // Every key of every section: {section, key, texts, equal, known, telling, caution}.
  reportgen.comparedKeys = function (documents) {
    const bySection = documents.map((run) => new Map(run.sections.concat([["Run", about(run)]])));
    const rows = [];
    for (const section of bySection[0].keys()) {
      const facts = bySection.map((run) => new Map(run.get(section).facts.map((fact) => [fact[0], fact])));
      for (const key of new Set(facts.flatMap((run) => Array.from(run.keys())))) {
        const own = facts.map((run) => run.get(key));
        const texts = own.map((fact, i) => (fact ? fact[1] : missing(bySection[i].get(section).unrecorded, key)));
        const said = texts.filter((text) => text !== "not recorded");
        const present = own.filter((fact) => fact);
        rows.push({
          section: section, key: key, texts: texts,
          equal: said.every((text) => text === said[0]),
          known: said.length === texts.length,
          telling: present.some((fact) => fact[2]),
          caution: (present.find((fact) => fact[3]) || [])[3] || "",
        });
      }
    }
    return rows;
  };

  reportgen.fillDifferences = function (table, documents, all, turned) {
    table.replaceChildren();
    const rows = reportgen.comparedKeys(documents).filter((row) => all || !row.equal || !row.known);
    if (turned) {
      transposed(table, documents, rows);
      return;
    }
    header(table, documents, "Key", "");
    const body = table.createTBody();
    let current = null;
    for (const row of rows) {
      if (row.section !== current) {
        current = row.section;
        section(body, current, documents.length + 1);
      }
      line(body, row.key, row.texts, row.equal);
    }
    if (!rows.length) {
      line(body, "Nothing recorded differs.", documents.map(() => ""), true);
    }
  };

  // One row a run, one column a key.
  function transposed(table, documents, rows) {
    const head = table.createTHead().insertRow();
    head.append(reportgen.element("th", { scope: "col" }, "Run"));
    rows.forEach((row) => head.append(reportgen.element("th", { scope: "col", title: row.section }, row.key)));
    const body = table.createTBody();
    const names = reportgen.shortLabels(documents.map((run) => run.name));
    documents.forEach(function (run, i) {
      const line = body.insertRow();
      const name = reportgen.element("th", { scope: "row" });
      name.append(reportgen.swatch(run.style), " ", reportgen.runLink({ ...run, label: names[i] }));
      line.append(name);
      rows.forEach(function (row) {
        const cell = line.insertCell();
        cell.textContent = row.texts[i];
        cell.title = row.texts[i];
      });
    });
  }

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
