// Conditions on runs, such as `val/accuracy > 0.85 and tags.author == "j"`: the language of
// `reportgen list --where`, with the same answers (tests/queries.json holds both to them).
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  const LONGEST = 10000;
  const DEEPEST = 50;
  const TOKEN = new RegExp(
    [
      "\\s+",
      "(?<name>[\\p{L}_][\\p{L}\\p{N}_]*)",
      "(?<number>0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+" +
        "|(?:[0-9][0-9_]*\\.?[0-9_]*|\\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)",
      "`(?<quoted>[^`]*)`",
      "(?<text>\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\\n]|\\\\.)*')",
      "(?<sign>==|!=|<=|>=|[<>()\\[\\]{},./-])",
    ].join("|"),
    "suy"
  );
  const WORDS = new Set(["and", "or", "not", "in", "is", "True", "False", "None"]);
  const RESERVED = new Set(
    ("as assert async await break class continue def del elif else except finally for from " +
      "global if im" + "port lambda nonlocal pass raise return try while with yield").split(" ")
  );
  const CONSTANTS = new Map([["True", true], ["False", false], ["None", null]]);
  const SHORT_FOR = ["", "metrics.", "config.", "tags."];
  const EXPECTED = 'expected a condition such as val/accuracy > 0.85 and tags.author == "j"';

  // Returns {asked, matches(get)}: the columns asked for, and a test of a run whose values
  // `get(column)` returns. Throws an Error that says what is wrong.
  reportgen.query = function (text, columns) {
    if (text.includes("\0")) {
      throw fault("a zero character is part of no condition");
    }
    if (text.length > LONGEST) {
      throw new Error("the condition is longer than " + LONGEST + " characters");
    }
    const asked = new Set();
    const parser = new Parser(tokens(text.trim()));
    const tree = parser.whole();
    const test = compiled(tree, columns, asked, 0);
    return { asked: asked, matches: (get) => truth(test(get)) };
  };

  reportgen.resolveColumn = function (name, columns) {
    const found = SHORT_FOR.map((section) => section + name).find((key) => columns.has(key));
    if (found === undefined) {
      throw new Error("no run has '" + name.slice(0, 80) + "'");
    }
    return found;
  };

  function fault(what) {
    return new Error(what + "; " + EXPECTED);
  }

  function tokens(text) {
    const found = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const start = TOKEN.lastIndex;
      const match = TOKEN.exec(text);
      if (!match) {
        throw fault("'" + text.slice(start, start + 20) + "' is part of no condition");
      }
      const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
      const last = found[found.length - 1];
      if (kind && last && last.end === start && glued(last.kind, kind)) {
        throw fault("'" + text.slice(last.start, TOKEN.lastIndex) + "' is neither a name nor a value");
      }
      if (kind) {
        found.push({ kind: kind, value: match.groups[kind], start: start, end: TOKEN.lastIndex });
      }
    }
    return found;
  }

  // 3x, f"..." and "a""b" are no two things side by side.
  function glued(one, other) {
    const solid = ["name", "number", "text", "quoted"];
    return solid.includes(one) && solid.includes(other);
  }

  class Parser {
    constructor(list) {
      this.list = list;
      this.place = 0;
    }

    peek(...values) {
      const token = this.list[this.place];
      const plain = token && (token.kind === "sign" || (token.kind === "name" && WORDS.has(token.value)));
      return plain && values.includes(token.value) ? token.value : null;
    }

    take(...values) {
      const found = this.peek(...values);
      this.place += found === null ? 0 : 1;
      return found;
    }

    whole() {
      const first = this.either(0);
      const parts = [first];
      let listed = false;
      while (this.take(",")) {
        listed = true;
        if (this.list[this.place]) {
          parts.push(this.either(0));
        }
      }
      const token = this.list[this.place];
      if (token) {
        throw fault("'" + token.value + "' stands where a condition has ended");
      }
      return listed ? { is: "list", parts: parts } : first;
    }

    either(depth) {
      return this.joined("or", () => this.every(depth));
    }

    every(depth) {
      return this.joined("and", () => this.negated(depth));
    }

    joined(word, part) {
      const parts = [part()];
      while (this.take(word)) {
        parts.push(part());
      }
      return parts.length === 1 ? parts[0] : { is: word, parts: parts };
    }

    negated(depth) {
      if (depth > DEEPEST) {
        throw fault("the condition is nested too deep");
      }
      if (this.take("not")) {
        return { is: "not", part: this.negated(depth + 1) };
      }
      const left = this.quotient(depth);
      const chain = [];
      for (let sign = this.comparison(); sign !== null; sign = this.comparison()) {
        chain.push([sign, this.quotient(depth)]);
      }
      return chain.length ? { is: "compare", left: left, chain: chain } : left;
    }

    comparison() {
      const sign = this.take("==", "!=", "<=", ">=", "<", ">", "in", "is");
      if (sign === "is") {
        return this.take("not") ? "!=" : "==";
      }
      if (sign === null && this.peek("not")) {
        this.place += 1;
        if (!this.take("in")) {
          throw fault("'not' stands where 'not in' would");
        }
        return "not in";
      }
      return sign;
    }

    quotient(depth) {
      let found = this.signed(depth);
      while (this.take("/")) {
        found = { is: "/", above: found, below: this.signed(depth) };
      }
      return found;
    }

    signed(depth) {
      if (depth > DEEPEST) {
        throw fault("the condition is nested too deep");
      }
      if (this.take("-")) {
        return { is: "-", part: this.signed(depth + 1) };
      }
      let found = this.atom(depth);
      while (this.take(".")) {
        const token = this.list[this.place];
        if (!token || token.kind !== "name" || WORDS.has(token.value) || RESERVED.has(token.value)) {
          throw fault("a name is missing after '.'");
        }
        this.place += 1;
        found = { is: ".", above: found, below: token.value };
      }
      return found;
    }

    atom(depth) {
      const token = this.list[this.place];
      if (!token) {
        throw fault("the condition has no end");
      }
      const open = this.take("(", "[", "{");
      if (open) {
        return this.inside(open, depth + 1);
      }
      this.place += 1;
      if (token.kind === "number") {
        return { is: "value", value: number(token.value) };
      }
      if (token.kind === "text") {
        let text = unquoted(token.value);
        for (; (this.list[this.place] || {}).kind === "text"; this.place += 1) {
          text += unquoted(this.list[this.place].value);
        }
        return { is: "value", value: text };
      }
      if (token.kind === "quoted") {
        return { is: "name", name: token.value };
      }
      if (token.kind === "name" && CONSTANTS.has(token.value)) {
        return { is: "value", value: CONSTANTS.get(token.value) };
      }
      if (token.kind !== "name" || WORDS.has(token.value) || RESERVED.has(token.value)) {
        throw fault("'" + token.value + "' stands where a name or a value would");
      }
      return { is: "name", name: token.value };
    }

    inside(open, depth) {
      const close = { "(": ")", "[": "]", "{": "}" }[open];
      const parts = [];
      let commas = 0;
      while (!this.take(close)) {
        if (parts.length > commas) {
          throw fault("'" + close + "' is missing");
        }
        parts.push(this.either(depth));
        commas += this.take(",") ? 1 : 0;
      }
      if (open === "(" && parts.length === 1 && commas === 0) {
        return parts[0];
      }
      if (open === "{" && !parts.length) {
        throw fault("'{}' is neither a name nor a value");
      }
      return { is: "list", parts: parts };
    }
  }

  function number(text) {
    const plain = text.replace(/_/g, "");
    if (/^0[0-9]/.test(plain) && /^[0-9]+$/.test(plain) && /[1-9]/.test(plain)) {
      throw fault("'" + text + "' is no number");
    }
    return Number(plain);
  }

  const ESCAPES = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v", 0: "\0" };

  function unquoted(text) {
    const pattern = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([\s\S]))/g;
    return text.slice(1, -1).replace(pattern, function (whole, two, four, one) {
      if (two || four) {
        return String.fromCharCode(parseInt(two || four, 16));
      }
      return "\\'\"".includes(one) ? one : one in ESCAPES ? ESCAPES[one] : whole;
    });
  }

  // -- meaning --------------------------------------------------------------------------------

  function compiled(node, columns, asked, depth) {
    if (depth > DEEPEST) {
      throw fault("the condition is nested too deep");
    }
    if (node.is === "and" || node.is === "or") {
      const tests = node.parts.map((part) => compiled(part, columns, asked, depth + 1));
      return node.is === "and"
        ? (get) => tests.every((test) => truth(test(get)))
        : (get) => tests.some((test) => truth(test(get)));
    }
    if (node.is === "not") {
      const inner = compiled(node.part, columns, asked, depth + 1);
      return (get) => !truth(inner(get));
    }
    if (node.is === "compare") {
      const values = [node.left, ...node.chain.map((link) => link[1])].map((part) =>
        valueOf(part, columns, asked)
      );
      const signs = node.chain.map((link) => link[0]);
      return (get) => signs.every((sign, i) => holds(sign, values[i](get), values[i + 1](get)));
    }
    return valueOf(node, columns, asked);
  }

  function valueOf(node, columns, asked) {
    const name = nameOf(node);
    if (name !== null) {
      const column = reportgen.resolveColumn(name, columns);
      asked.add(column);
      return (get) => get(column);
    }
    const value = constant(node);
    return () => value;
  }

  function nameOf(node) {
    if (node.is === "name") {
      return node.name;
    }
    if (node.is === "." || node.is === "/") {
      const above = nameOf(node.above);
      const below = node.is === "." ? node.below : nameOf(node.below);
      return above === null || below === null ? null : above + node.is + below;
    }
    return null;
  }

  function constant(node) {
    if (node.is === "value") {
      return node.value;
    }
    if (node.is === "list") {
      return node.parts.map(constant);
    }
    if (node.is === "-") {
      const value = constant(node.part);
      if (typeof value === "number") {
        return -value;
      }
    }
    throw fault("a part is neither a name nor a value; a name with other characters than letters, digits, _ . / stands in `backticks`");
  }

  function truth(value) {
    if (Array.isArray(value)) {
      return value.length > 0;
    }
    return Number.isNaN(value) || Boolean(value);
  }

  function kind(value) {
    return value === null || value === undefined ? "nothing" : Array.isArray(value) ? "list" : typeof value;
  }

  function equal(one, other) {
    if (kind(one) !== kind(other)) {
      return false;
    }
    if (kind(one) === "nothing") {
      return true;
    }
    if (kind(one) === "list") {
      return one.length === other.length && one.every((part, i) => equal(part, other[i]));
    }
    return one === other;
  }

  function holds(sign, left, right) {
    if (sign === "==" || sign === "!=") {
      return equal(left, right) === (sign === "==");
    }
    if (sign === "in" || sign === "not in") {
      return contains(right, left) === (sign === "in");
    }
    if (kind(left) !== kind(right) || !["number", "string"].includes(kind(left))) {
      return false;
    }
    const order = kind(left) === "number" ? left - right : byCodePoint(left, right);
    if (Number.isNaN(order)) {  // of NaN, or of two equal infinities
      return left === right && sign.length === 2;
    }
    return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[sign];
  }

  function contains(container, item) {
    if (typeof container === "string") {
      return typeof item === "string" && container.includes(item);
    }
    return Array.isArray(container) && container.some((part) => equal(item, part));
  }

  function byCodePoint(left, right) {
    const [one, other] = [Array.from(left), Array.from(right)];
    for (let i = 0; i < Math.min(one.length, other.length); i += 1) {
      if (one[i] !== other[i]) {
        return one[i].codePointAt(0) - other[i].codePointAt(0);
      }
    }
    return one.length - other.length;
  }
})();
