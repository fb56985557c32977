// The state of a page's charts in its address:
// #runs=a,b&m=val/loss&x=time&xs=log&y=symlog&s=0.6&zoom=10..200&hide=a&pin=b&only=c
// What is unknown is ignored.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const MOST = 200;
  const SCALES = ["linear", "log", "symlog"];
  const LISTS = new Map([["runs", "runs"], ["m", "metrics"], ["hide", "hide"], ["pin", "pin"]]);

  // On pages of groups, seeds of a setting are one line unless the address says otherwise.
  const together = document.querySelector("[data-chart-tools='seeds']") !== null;

  reportgen.defaultState = () => ({
    runs: [], metrics: [], hide: [], pin: [], only: null,
    x: "step", xScale: "linear", yScale: "linear", smooth: 0, zoom: null,
    group: together, centre: "mean", spread: "interval", past: false,
    filter: [], out: [],
  });

  // The state that an address holds, or null for one that is an anchor of the page.
  reportgen.readAddress = function (hash) {
    const text = hash.replace(/^#/, "").slice(0, 20000);
    if (text && !text.includes("=")) {
      return null;
    }
    const found = reportgen.defaultState();
    for (const part of text.split("&")) {
      const key = part.split("=")[0];
      take(found, key, part.slice(key.length + 1));
    }
    return found;
  };

  function take(found, key, value) {
    if (LISTS.has(key)) {
      const names = value.split(",").map(decode).filter((name) => name);
      found[LISTS.get(key)] = Array.from(new Set(names)).slice(0, MOST);
    } else if (key === "only") {
      found.only = decode(value) || null;
    } else if (key === "x" && reportgen.isAxis(decode(value))) {
      found.x = decode(value);
    } else if ((key === "xs" || key === "y") && SCALES.includes(value)) {
      found[key === "y" ? "yScale" : "xScale"] = value;
    } else if (key === "s") {
      const weight = Number(value);
      found.smooth = weight > 0 && weight < 1 ? weight : 0;
    } else if (key === "zoom") {
      const ends = value.split("..").map(Number);
      found.zoom = ends.length === 2 && ends[0] < ends[1] ? ends : null;
    } else if (key === "seeds") {
      seeds(found, value.split(","));
    } else if (key === "f") {
      found.filter = value.split(",").slice(0, MOST).map(filter).filter((one) => one.low <= one.high);
    }
  }

  // A stretch of an axis of a sweep: key:low..high.
  function filter(text) {
    const colon = text.lastIndexOf(":");
    const [low, high] = text.slice(colon + 1).split("..").map(Number);
    return { key: decode(text.slice(0, Math.max(0, colon))), low: low, high: high };
  }

  function seeds(found, words) {
    found.group = !words.includes("apart");
    found.centre = words.includes("median") ? "median" : "mean";
    found.spread = words.includes("sd") ? "sd" : "interval";
    found.past = words.includes("past");
  }

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch (error) {
      return text;
    }
  }

  // Slashes and colons may stand in a fragment, and are easier to read as they are.
  function encode(text) {
    return encodeURIComponent(text).replace(/%2F/g, "/").replace(/%3A/g, ":");
  }

  reportgen.writeAddress = function (state) {
    const parts = [];
    const say = (key, value, unsaid) => value !== unsaid && parts.push(key + "=" + value);
    const list = (key, names) => names.length && parts.push(key + "=" + names.map(encode).join(","));
    list("runs", state.runs);
    list("m", state.metrics);
    say("x", encode(state.x), "step");
    say("xs", state.xScale, "linear");
    say("y", state.yScale, "linear");
    say("s", state.smooth, 0);
    if (state.zoom) {
      parts.push("zoom=" + state.zoom.map((end) => Number(end.toPrecision(state.x === "wall" ? 13 : 6))).join(".."));
    }
    list("hide", state.hide);
    list("pin", state.pin);
    list("only", state.only === null ? [] : [state.only]);
    if (state.filter.length) {
      parts.push("f=" + state.filter.map((one) => encode(one.key) + ":" + [one.low, one.high].map((end) => Number(end.toFixed(4))).join("..")).join(","));
    }
    const how = [state.centre, state.spread].concat(state.past ? ["past"] : []).join(",");
    if (state.group && !(together && how === "mean,interval")) {
      parts.push("seeds=" + how);
    } else if (!state.group && together) {
      parts.push("seeds=apart");
    }
    return parts.length ? "#" + parts.join("&") : "";
  };
})();
