// Search over everything. Every word must occur; what occurs in a name comes before what occurs
// in a note or in the configuration. The words are in the address: #q=mlp%20digits
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const FIELDS = [["name", 8], ["id", 8], ["group", 4], ["tags", 4], ["notes", 2], ["config", 1]];
  const SHOWN = 100;
  const AROUND = 60;
  const make = (tag, attributes, text) => reportgen.element(tag, attributes, text);

  // The weight of a run for some words, 0 when one of them occurs nowhere.
  function weigh(run, words) {
    let sum = 0;
    for (const word of words) {
      const best = Math.max(...FIELDS.map(([field, weight]) => (run.low[field].includes(word) ? weight : 0)));
      if (!best) {
        return 0;
      }
      sum += best;
    }
    return sum;
  }

  // Text with the words marked, shortened around the first of them.
  function marked(text, words) {
    const place = make("bdi", {});
    const low = text.toLowerCase();
    const hits = words.map((word) => [low.indexOf(word), word.length]).filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0]);
    const start = hits.length ? Math.max(0, hits[0][0] - AROUND) : 0;
    const end = Math.min(text.length, start + 4 * AROUND);
    let at = start;
    place.append(start > 0 ? "… " : "");
    for (const [from, length] of hits) {
      if (from >= at && from + length <= end) {
        place.append(text.slice(at, from), make("mark", {}, text.slice(from, from + length)));
        at = from + length;
      }
    }
    place.append(text.slice(at, end), end < text.length ? " …" : "");
    return place;
  }

  function runItem(run, words) {
    const item = make("li", {});
    const link = make("a", { href: "../runs/" + run.slug + "/index.html" });
    link.append(marked(run.name, words));
    item.append(link);
    for (const [field] of FIELDS.slice(2)) {
      if (words.some((word) => run.low[field].includes(word) && !run.low.name.includes(word))) {
        const line = make("p", { class: "note" }, field + ": ");
        line.append(marked(run[field], words));
        item.append(line);
      }
    }
    return item;
  }

  function otherItem(other, words) {
    const item = make("li", {});
    const href = other.page
      ? "../" + other.page
      : "../runs/index.html#cols=name," + encodeURIComponent(other.column) + "&sort=" + encodeURIComponent("-" + other.column);
    const link = make("a", { href: href });
    link.append(marked(other.text, words));
    item.append(link, make("span", { class: "about-run" }, other.kind));
    return item;
  }

  function section(title, count, items) {
    const place = make("section", {});
    const heading = make("h2", {}, title + " ");
    heading.append(make("span", { class: "note" }, String(count)));
    const list = make("ul", { class: "found" });
    list.append(...items);
    place.append(heading, list);
    if (count > items.length) {
      place.append(make("p", { class: "note" }, "The first " + items.length + " are shown; one more word leaves fewer."));
    }
    return place;
  }

  function find(data, text, results, note) {
    const words = text.toLowerCase().split(/\s+/).filter((word) => word);
    results.replaceChildren();
    note.textContent = "";
    if (!words.length) {
      return;
    }
    const runs = data.runs.map((run) => [weigh(run, words), run]).filter((pair) => pair[0] > 0);
    runs.sort((a, b) => b[0] - a[0]);
    const others = data.others.filter((other) => words.every((word) => other.low.includes(word)));
    note.textContent = runs.length + others.length ? "" : "Nothing found. Every word must occur, as a whole or as a part.";
    if (runs.length) {
      results.append(section("Runs", runs.length, runs.slice(0, SHOWN).map((pair) => runItem(pair[1], words))));
    }
    if (others.length) {
      results.append(section("Metrics, keys, groups, checks", others.length, others.slice(0, SHOWN).map((other) => otherItem(other, words))));
    }
  }

  function words(hash) {
    const part = hash.replace(/^#/, "").split("&").find((one) => one.startsWith("q="));
    try {
      return part ? decodeURIComponent(part.slice(2)).slice(0, 1000) : "";
    } catch (error) {
      return "";
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    const tools = document.querySelector("[data-search-page]");
    const results = document.querySelector("[data-search-results]");
    const fault = document.querySelector("[data-search-fault]");
    if (!tools) {
      return;
    }
    const field = tools.querySelector("input");
    const note = tools.querySelector("[data-search-note]");
    const begin = () => reportgen.load("search", tools.dataset.searchPage).then(function (data) {
      for (const run of data.runs) {
        run.low = Object.fromEntries(FIELDS.map(([name]) => [name, run[name].toLowerCase()]));
      }
      data.others.forEach((other) => { other.low = other.text.toLowerCase(); });
      const paint = () => find(data, field.value, results, note);
      field.addEventListener("input", function () {
        window.history.replaceState(null, "", "#" + (field.value ? "q=" + encodeURIComponent(field.value) : ""));
        paint();
      });
      window.addEventListener("hashchange", function () {
        field.value = words(window.location.hash);
        paint();
      });
      field.value = words(window.location.hash) || field.value;
      paint();
    }).catch((error) => reportgen.fault(fault, error, begin));
    tools.hidden = false;
    field.focus();
    begin();
  });
})();
