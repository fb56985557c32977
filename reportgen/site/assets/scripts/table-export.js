// The filtered rows as CSV, Markdown and LaTeX. A text cell that a spreadsheet would take for a
// formula gets an apostrophe before it; numbers stay numbers.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  function csvCell(value) {
    if (typeof value === "number") {
      return String(value);
    }
    const plain = value === null || value === undefined ? "" : reportgen.plainText(value);
    const text = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(plain) ? "'" + plain : plain;
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  const LATEX = new Map([
    ["\\", "\\textbackslash{}"], ["~", "\\textasciitilde{}"], ["^", "\\textasciicircum{}"],
    ["±", "$\\pm$"], ["–", "--"], ["−", "$-$"], ["<", "\\textless{}"], [">", "\\textgreater{}"],
    ...Array.from("&%$#_{}", (sign) => [sign, "\\" + sign]),
  ]);

  function latexCell(text) {
    return Array.from(text.replace(/\s+/g, " "), (sign) => LATEX.get(sign) || sign).join("");
  }

  function markdownCell(text) {
    return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>()#+!|~&@-]/g, "\\$&");
  }

  // `header` and `exact` and `shown` are of one shape: names, values, and what the page writes.
  reportgen.tableAs = {
    csv: (header, exact) => [header, ...exact].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n",
    md: (header, exact, shown, numeric) =>
      [
        header.map(markdownCell),
        numeric.map((is) => (is ? "--:" : "---")),
        ...shown.map((row) => row.map(markdownCell)),
      ].map((row) => "| " + row.join(" | ") + " |").join("\n") + "\n",
    tex: (header, exact, shown, numeric) =>
      [
        "\\begin{tabular}{" + numeric.map((is) => (is ? "r" : "l")).join("") + "}",
        "\\toprule",
        header.map(latexCell).join(" & ") + " \\\\",
        "\\midrule",
        ...shown.map((row) => row.map(latexCell).join(" & ") + " \\\\"),
        "\\bottomrule",
        "\\end{tabular}",
        "",
      ].join("\n"),
  };

  reportgen.download = function (name, text, type) {
    const link = reportgen.element("a", { download: name });
    link.href = URL.createObjectURL(new Blob([text], { type: type }));
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
})();
