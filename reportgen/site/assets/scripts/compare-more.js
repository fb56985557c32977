// The compare page beyond its tables: why runs may differ, what keeps them from being compared,
// figures side by side, patches, agreement of predictions.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const UNLIKELY = "unlikely";
  const WEIGHTS = ["changes the computation", "may change the result", UNLIKELY];
  const KEYS = 6;
  const EXAMPLES = 20;

  // Factors that differ, the likeliest cause of other results first.
  reportgen.causes = function (rows, factors) {
    const found = [];
    for (const rule of factors) {
      const differing = rows.filter((row) => row.section === rule.section && !row.equal);
      if (differing.length) {
        const telling = differing.filter((row) => row.telling);
        const states = rows.filter((row) => row.section === rule.section && row.key.startsWith("seeds.state_sha256."));
        const alike = rule.factor === "seeds" && states.length > 0 && states.every((row) => row.equal && row.known);
        const likely = telling.length > 0 && !alike;
        found.push({
          section: rule.section, weight: likely ? rule.weight : UNLIKELY, why: likely ? rule.why : rule.else,
          keys: telling.concat(differing.filter((row) => !row.telling)).map((row) => row.key),
        });
      }
    }
    return found.sort((a, b) => WEIGHTS.indexOf(a.weight) - WEIGHTS.indexOf(b.weight));
  };

  // Why numbers of the runs may not be compared.
  reportgen.cautions = function (documents, rows) {
    const found = rows.filter((row) => row.caution && !row.equal).map((row) => row.caution);
    const unsure = rows.filter((row) => row.caution && row.equal && !row.known);
    const names = new Set(documents.flatMap((run) => run.metrics.map((metric) => metric.name)));
    for (const name of names) {
      const said = documents.flatMap((run) => run.metrics.filter((metric) => metric.name === name && metric.definition)).map((metric) => metric.definition);
      if (new Set(said).size > 1) {
        found.push("the metric " + name + " is not one and the same: " + Array.from(new Set(said)).join(" / "));
      }
    }
    for (const run of documents.filter((one) => one.state !== "finished")) {
      found.push(run.name + " is " + run.state + ": its last and best values may still have changed");
    }
    if (unsure.length) {
      found.push("not each run recorded " + unsure.map((row) => row.key).slice(0, KEYS).join(", "));
    }
    return found;
  };

  reportgen.fillWhy = function (place, documents, factors) {
    const rows = reportgen.comparedKeys(documents);
    place.replaceChildren();
    const cautions = reportgen.cautions(documents, rows);
    if (cautions.length) {
      const box = reportgen.element("div", { class: "message", role: "note" });
      box.append(reportgen.element("b", {}, "Compare with care: "), cautions.join("; ") + ".");
      place.append(box);
    }
    const causes = reportgen.causes(rows, factors);
    if (!causes.length) {
      place.append(reportgen.element("p", {}, "Nothing that was recorded of code, data, configuration, environment and seeds differs."));
      return;
    }
    const list = reportgen.element("ol", { class: "causes" });
    for (const cause of causes) {
      const item = document.createElement("li");
      const more = cause.keys.length > KEYS ? " and " + (cause.keys.length - KEYS) + " more" : "";
      item.append(
        reportgen.element("b", {}, cause.section), " ",
        reportgen.element("span", { class: "badge " + (cause.weight === UNLIKELY ? "plain" : "warn") }, cause.weight),
        " " + cause.why + ": ", reportgen.element("code", {}, cause.keys.slice(0, KEYS).join(", ")), more
      );
      list.append(item);
    }
    place.append(list);
  };

  // Figures of one name beside each other.
  reportgen.fillFigures = function (place, documents) {
    place.replaceChildren();
    const labels = reportgen.shortLabels(documents.map((run) => run.name));
    const names = new Set(documents.flatMap((run) => run.figures.map((figure) => figure[0])));
    for (const name of names) {
      place.append(reportgen.element("h3", {}, name));
      const row = reportgen.element("div", { class: "gallery" });
      documents.forEach(function (run, i) {
        const found = run.figures.find((figure) => figure[0] === name);
        const figure = document.createElement("figure");
        if (found) {
          const alt = name + " of " + labels[i] + (found[1] ? " at step " + found[1] : "");
          figure.append(reportgen.element("img", { src: reportgen.base + found[2], alt: alt, loading: "lazy" }));
        }
        const words = found ? (found[1] ? "step " + found[1] : "") : "has no such figure";
        const caption = document.createElement("figcaption");
        caption.append(reportgen.swatch(run.style), " ", reportgen.element("bdi", {}, labels[i]), " ", reportgen.element("span", { class: "note" }, words));
        figure.append(caption);
        row.append(figure);
      });
      place.append(row);
    }
    place.parentElement.hidden = names.size === 0;
  };

  // What each run had on top of its commit; equal patches once.
  reportgen.fillPatches = function (place, documents) {
    place.replaceChildren();
    const labels = reportgen.shortLabels(documents.map((run) => run.name));
    const byText = new Map();
    documents.forEach((run, i) => run.patch && byText.set(run.patch, (byText.get(run.patch) || []).concat(labels[i])));
    for (const [text, names] of byText) {
      const whole = reportgen.element("details", { class: "patch" });
      const pre = reportgen.element("pre", { class: "text diff", tabindex: "0", role: "region", "aria-label": "Patch of " + names.join(", ") });
      let hunk = false;
      for (const line of text.split("\n")) {
        hunk = line.startsWith("diff --git ") ? false : hunk || line.startsWith("@@");
        const kind = line.startsWith("@@") ? "hunk" : !hunk ? "file" : { "+": "added", "-": "removed" }[line[0]] || "context";
        pre.append(reportgen.element("span", { class: kind }, line + "\n"));
      }
      whole.append(reportgen.element("summary", {}, "Patch on the commit of " + names.join(", ")), pre);
      place.append(whole);
    }
    place.parentElement.hidden = byText.size === 0;
  };

  function keyed(split) {
    const seen = new Map();
    const rows = new Map();
    split.predictions.forEach(function (said, i) {
      const id = split.ids.length ? split.ids[i] : String(i);
      seen.set(id, (seen.get(id) || 0) + 1);
      rows.set(id + "#" + seen.get(id), { id: id, label: split.labels[i] || "", said: said });
    });
    return rows;
  }

  // Two runs on the examples that both were asked.
  reportgen.agreement = function (one, other) {
    const [a, b] = [keyed(one), keyed(other)];
    const pairs = Array.from(a.keys()).filter((key) => b.has(key)).map((key) => [a.get(key), b.get(key)]);
    const same = pairs.filter(([p, q]) => p.said === q.said).length;
    const counts = { both: 0, first: 0, second: 0, neither: 0 };
    const judged = pairs.length > 0 && pairs.every(([p, q]) => p.label && p.label === q.label);
    for (const [p, q] of judged ? pairs : []) {
      const [x, y] = [p.said === p.label, q.said === q.label];
      counts[x && y ? "both" : x ? "first" : y ? "second" : "neither"] += 1;
    }
    return {
      examples: pairs.length, rate: pairs.length ? same / pairs.length : null, judged: judged, counts: counts,
      apart: pairs.filter(([p, q]) => p.said !== q.said), relabelled: pairs.filter(([p, q]) => p.label !== q.label).length,
    };
  };

  function table(place, label, head, lines) {
    const region = reportgen.element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label });
    const whole = reportgen.element("table", { class: "plain-table" });
    const row = whole.createTHead().insertRow();
    head.forEach((text, i) => row.append(reportgen.element("th", { scope: "col", class: i ? "number" : "" }, text)));
    const body = whole.createTBody();
    for (const cells of lines) {
      const line = body.insertRow();
      cells.forEach((text, i) => line.append(reportgen.element(i ? "td" : "th", i ? { class: "number" } : { scope: "row" }, text)));
    }
    region.append(whole);
    place.append(region);
  }

  const percent = (share) => (share === null ? "–" : (100 * share).toFixed(1) + " %");

  reportgen.fillAgreement = async function (place, documents) {
    const held = documents.filter((run) => run.predictions);
    place.parentElement.hidden = held.length < 2;
    place.replaceChildren();
    if (held.length < 2) {
      return;
    }
    let loaded;
    try {
      loaded = await Promise.all(held.map((run) => reportgen.load(run.predictions.name, run.predictions.path)));
    } catch (error) {
      reportgen.fault(place, error, () => reportgen.fillAgreement(place, documents));
      return;
    }
    place.replaceChildren();
    const labels = reportgen.shortLabels(held.map((run) => run.name));
    const splits = new Set(loaded.flatMap((data) => data.splits.map(([name]) => name)));
    for (const split of splits) {
      const own = loaded.map((data, i) => [labels[i], (data.splits.find(([name]) => name === split) || [])[1]]).filter((pair) => pair[1]);
      if (own.length < 2) {
        continue;
      }
      place.append(reportgen.element("h3", {}, split));
      table(place, "Share of equal predictions on " + split, ["same prediction"].concat(own.map(([name]) => name)), own.map(([name, one], i) =>
        [name].concat(own.map(([, other], k) => (i === k ? "" : percent(reportgen.agreement(one, other).rate))))
      ));
      const first = reportgen.agreement(own[0][1], own[1][1]);
      if (own.length === 2) {
        const { both, neither } = first.counts;
        place.append(reportgen.element("p", { class: "note" }, first.judged
          ? "Of " + first.examples + " examples both get " + both + " right and " + neither + " wrong; only " + own[0][0] + " gets " + first.counts.first + " right, only " + own[1][0] + " " + first.counts.second + "."
          : first.examples + " examples were asked of both." + (first.relabelled ? " " + first.relabelled + " of them have another label." : "")));
        if (first.apart.length) {
          table(place, "Where they differ on " + split, ["example", "label", own[0][0], own[1][0]],
            first.apart.slice(0, EXAMPLES).map(([p, q]) => [p.id, p.label || "–", p.said, q.said]));
          if (first.apart.length > EXAMPLES) {
            place.append(reportgen.element("p", { class: "note" }, "And " + (first.apart.length - EXAMPLES) + " more."));
          }
        }
      }
    }
  };
})();
