// The filter of the runs table: words that must occur, and conditions on what is known of a run,
// joined by "and". `val/accuracy > 0.9 and state = finished and mlp`
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const CONDITION = /^(.+?)\s*(>=|<=|!=|==|=|<|>|~)\s*(.*)$/;

  // Returns a test of one run's facts (a Map) and text, or throws an Error that says what is wrong.
  reportgen.filter = function (expression, known) {
    const tests = expression
      .split(/\s+and\s+/i)
      .map((term) => term.trim())
      .filter((term) => term)
      .map((term) => termTest(term, known));
    return (facts, text) => tests.every((test) => test(facts, text));
  };

  function termTest(term, known) {
    const parts = CONDITION.exec(term);
    if (!parts) {
      const words = term.toLowerCase();
      return (facts, text) => text.includes(words);
    }
    const key = resolve(parts[1].trim(), known);
    const wanted = parts[3].trim().replace(/^(["'])(.*)\1$/, "$2");
    if (wanted === "") {
      throw new Error("a value is missing after " + parts[1].trim() + " " + parts[2]);
    }
    return (facts) => holds(facts.get(key), parts[2], wanted);
  }

  // A key by its full name, as a configuration key or a tag, or by its end where only one key
  // ends so (lr for config.optimizer.lr).
  function resolve(name, known) {
    const whole = [name, "config." + name, "tags." + name].find((key) => known.has(key));
    if (whole !== undefined) {
      return whole;
    }
    const ends = Array.from(known).filter(
      (key) => key.endsWith("." + name) || key.endsWith("/" + name)
    );
    if (ends.length === 1) {
      return ends[0];
    }
    throw new Error(
      ends.length ? name + " may be " + ends.join(" or ") : "no run has anything called " + name
    );
  }

  function holds(value, operator, wanted) {
    if (value === null || value === undefined) {
      return operator === "!=";
    }
    const number = Number(wanted);
    if (typeof value === "number" && wanted !== "" && Number.isFinite(number)) {
      return compare(value, operator, number);
    }
    return compare(String(value).toLowerCase(), operator, wanted.toLowerCase());
  }

  function compare(value, operator, wanted) {
    switch (operator) {
      case ">": return value > wanted;
      case "<": return value < wanted;
      case ">=": return value >= wanted;
      case "<=": return value <= wanted;
      case "!=": return value !== wanted;
      case "~": return String(value).includes(String(wanted));
      default: return value === wanted;
    }
  }
})();
