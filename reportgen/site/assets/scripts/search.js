// Find in a table of keys, or in a log: rows that do not match are hidden, matches in a log are
// marked line by line.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  function overRows(table, note) {
    const rows = Array.from(table.tBodies[0].rows).map((row) => ({
      row: row,
      text: (row.dataset.text + " " + row.textContent).toLowerCase(),
      path: row.dataset.text,
    }));
    return function (wanted) {
      const hits = rows.filter((item) => item.text.includes(wanted));
      for (const item of rows) {
        const above = hits.some((hit) => hit.path.startsWith(item.path + "."));
        item.row.hidden = !(above || item.text.includes(wanted));
      }
      note.textContent = wanted && !hits.length ? "Nothing found." : "";
    };
  }

  function overLines(pre, note) {
    const lines = pre.textContent.split("\n");
    const coloured = Array.from(pre.childNodes);
    return function (wanted) {
      if (!wanted) {
        pre.replaceChildren(...coloured);
        note.textContent = "";
        return;
      }
      let count = 0;
      let first = null;
      const parts = lines.map(function (line) {
        if (!line.toLowerCase().includes(wanted)) {
          return line + "\n";
        }
        count += 1;
        const mark = reportgen.element("span", { class: "match" }, line + "\n");
        first = first || mark;
        return mark;
      });
      pre.replaceChildren(...parts);
      note.textContent = count === 1 ? "1 line" : count + " lines";
      if (first) {
        pre.scrollTop = first.offsetTop - pre.offsetTop - 40;
      }
    };
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-search]").forEach(function (place) {
      const target = document.getElementById(place.dataset.search);
      const label = place.dataset.searchLabel;
      const field = reportgen.element("input", {
        type: "search", "aria-label": label, placeholder: label, spellcheck: "false",
      });
      const note = reportgen.element("span", { class: "note", role: "status" });
      const find = target.tagName === "TABLE" ? overRows(target, note) : overLines(target, note);
      field.addEventListener("input", () => find(field.value.trim().toLowerCase()));
      place.append(field, note);
      place.hidden = false;
    });
  });
})();
