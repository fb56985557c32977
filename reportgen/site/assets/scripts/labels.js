// Short labels: of several names only the words in which they differ.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  // ["mlp_lr0.1_s1", "mlp_lr0.1_s2"] gives ["s1", "s2"]; names that would vanish stay whole.
  reportgen.shortLabels = function (names) {
    if (names.length < 2) {
      return names;
    }
    const words = names.map((name) => name.split("_"));
    const shared = words[0].filter((word) => words.every((other) => other.includes(word)));
    const short = words.map((parts) => parts.filter((word) => !shared.includes(word)).join("_"));
    const distinct = new Set(short).size === new Set(names).size && short.every((name) => name);
    return distinct ? short : names;
  };
})();
