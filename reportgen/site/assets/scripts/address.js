// The state of the compare page in its address:
// #runs=a,b&x=time&y=log&s=0.6&zoom=10..200. What is unknown is ignored.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const RUNS = 200;

  reportgen.readAddress = function (hash) {
    const found = { runs: [], x: "step", log: false, smooth: 0, zoom: null };
    for (const part of hash.replace(/^#/, "").slice(0, 20000).split("&")) {
      const [key, value] = [part.split("=")[0], part.slice(part.indexOf("=") + 1)];
      if (key === "runs") {
        const names = value.split(",").map(decode).filter((name) => name);
        found.runs = Array.from(new Set(names)).slice(0, RUNS);
      } else if (key === "x" && value === "time") {
        found.x = "time";
      } else if (key === "y" && value === "log") {
        found.log = true;
      } else if (key === "s") {
        const weight = Number(value);
        found.smooth = weight > 0 && weight < 1 ? weight : 0;
      } else if (key === "zoom") {
        const ends = value.split("..").map(Number);
        found.zoom = ends.length === 2 && ends[0] < ends[1] ? ends : null;
      }
    }
    return found;
  };

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch (error) {
      return text;
    }
  }

  reportgen.writeAddress = function (state) {
    const parts = ["runs=" + state.runs.map(encodeURIComponent).join(",")];
    if (state.x === "time") {
      parts.push("x=time");
    }
    if (state.log) {
      parts.push("y=log");
    }
    if (state.smooth > 0) {
      parts.push("s=" + state.smooth);
    }
    if (state.zoom) {
      parts.push("zoom=" + state.zoom.map((end) => Number(end.toPrecision(6))).join(".."));
    }
    return "#" + parts.join("&");
  };
})();
