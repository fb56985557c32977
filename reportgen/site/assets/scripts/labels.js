// Short labels: of several names only the words in which they differ, without times.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  const TIME = /^(\d{8}([-T]?\d{4,6})?|\d{6})$/;

  // ["mlp_lr0.1_s1", "mlp_lr0.1_s2"] gives ["s1", "s2"]; names that would vanish or become the
  // same stay whole.
  reportgen.shortLabels = function (names) {
    if (names.length < 2) {
      return names;
    }
    const words = names.map((name) => name.split("_"));
    const shared = words[0].filter((word) => words.every((other) => other.includes(word)));
    for (const dull of [(word) => shared.includes(word) || TIME.test(word), (word) => shared.includes(word)]) {
      const short = words.map((parts) => parts.filter((word) => !dull(word)).join("_"));
      if (new Set(short).size === new Set(names).size && short.every((name) => name)) {
        return short;
      }
    }
    return names;
  };
})();
