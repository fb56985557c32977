// The state of the table of runs in its address, readable and kept by back and forward:
// #q=val/accuracy > 0.9&sort=-seconds&cols=name,config.lr&by=setting&base=SLUG&f.state=finished
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const MOST = 20000;

  reportgen.readTableState = function (hash) {
    const state = { q: "", sort: null, cols: null, bySetting: false, base: null, archived: false, selected: [], facets: new Map() };
    for (const part of hash.replace(/^#/, "").slice(0, MOST).split("&")) {
      const [name, value] = [decode(part.split("=")[0]), part.slice(part.indexOf("=") + 1)];
      if (!part.includes("=")) {
        continue;
      }
      if (name === "q") {
        state.q = decode(value);
      } else if (name === "sort") {
        state.sort = decode(value);
      } else if (name === "cols") {
        state.cols = value.split(",").map(decode);
      } else if (name === "by") {
        state.bySetting = value === "setting";
      } else if (name === "base") {
        state.base = decode(value);
      } else if (name === "archived") {
        state.archived = value === "1";
      } else if (name === "selected") {
        state.selected = value.split(",").map(decode);
      } else if (name.startsWith("f.")) {
        state.facets.set(name.slice(2), facet(value));
      }
    }
    return state;
  };

  // `a,b` are values that are wanted, `0.1..` and `..5` bounds.
  function facet(value) {
    const ends = value.split("..");
    if (ends.length === 2) {
      const bounds = ends.map((end) => (end === "" ? null : Number(decode(end))));
      return { range: bounds.map((end) => (Number.isNaN(end) ? null : end)) };
    }
    return { values: new Set(value.split(",").map(decode)) };
  }

  reportgen.writeTableState = function (state, shown) {
    const parts = [];
    if (state.q) {
      parts.push("q=" + encode(state.q));
    }
    for (const [key, one] of state.facets) {
      const value = one.range
        ? one.range.map((end) => (end === null ? "" : end)).join("..")
        : Array.from(one.values, encode).join(",");
      parts.push("f." + encode(key) + "=" + value);
    }
    if (state.sort) {
      parts.push("sort=" + encode(state.sort));
    }
    if (state.cols && state.cols.join("\n") !== shown.join("\n")) {
      parts.push("cols=" + state.cols.map(encode).join(","));
    }
    if (state.bySetting) {
      parts.push("by=setting");
    }
    if (state.base) {
      parts.push("base=" + encode(state.base));
    }
    if (state.archived) {
      parts.push("archived=1");
    }
    if (state.selected.length) {
      parts.push("selected=" + state.selected.map(encode).join(","));
    }
    return parts.length ? "#" + parts.join("&") : "#";
  };

  function decode(text) {
    try {
      return decodeURIComponent(text.replace(/\+/g, " "));
    } catch (error) {
      return text;
    }
  }

  // Slashes and the like stay readable; what separates does not.
  function encode(text) {
    return encodeURIComponent(text).replace(/%(2F|3A|40|3C|3E|5B|5D|22)/gi, decodeURIComponent);
  }
})();
