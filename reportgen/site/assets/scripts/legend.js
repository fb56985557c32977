// The legend: a click isolates a line, with shift it hides it, "pin" keeps it in front. What is
// chosen holds for every chart of the page, and stands in its address.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const HELP = "Click: this line alone. Shift and click, or h: hide it. p: pin it.";

  // Whether the state lets a chart with these keys show the line of `key`.
  reportgen.isShown = function (state, key, keys) {
    if (state.only !== null && keys.includes(state.only)) {
      return key === state.only;
    }
    return !state.hide.includes(key) || keys.every((other) => state.hide.includes(other));
  };

  function toggled(list, key) {
    return list.includes(key) ? list.filter((other) => other !== key) : list.concat([key]);
  }

  // `how` is isolate, hide or pin; returns what changes in the state.
  reportgen.chosenLine = function (state, key, keys, how) {
    if (how === "pin") {
      return { pin: toggled(state.pin, key) };
    }
    if (how === "isolate") {
      return { only: state.only === key ? null : key, hide: [] };
    }
    const hide = toggled(state.hide, key);
    const left = keys.filter((other) => !hide.includes(other));
    return { only: null, hide: left.length ? hide : state.hide };
  };

  // Turn the items of a static legend into buttons; returns a function that paints the state.
  reportgen.legend = function (list, chart, choose) {
    const keys = chart.keys;
    const items = Array.from(list ? list.children : []);
    const buttons = items.map(function (item, index) {
      const name = item.textContent.trim();
      const main = reportgen.element("button", { type: "button", title: HELP });
      main.append(...item.childNodes);
      const pin = reportgen.element("button", { type: "button", class: "pin", "aria-label": "Pin " + name }, "pin");
      item.append(main, pin);
      main.addEventListener("click", (event) => choose(keys[index], event.shiftKey ? "hide" : "isolate"));
      main.addEventListener("keydown", function (event) {
        const how = { h: "hide", p: "pin" }[event.key];
        if (how) {
          choose(keys[index], how);
        }
      });
      pin.addEventListener("click", () => choose(keys[index], "pin"));
      return [main, pin];
    });
    return function (state) {
      const listed = chart.legendKeys();
      buttons.forEach(function ([main, pin], index) {
        const key = keys[index];
        const series = chart.series[index];
        items[index].hidden = !listed.includes(key);
        main.querySelector("bdi").textContent = chart.isGrouped() ? series.group : series.label;
        main.setAttribute("aria-pressed", String(state.only === key));
        main.classList.toggle("out", !reportgen.isShown(state, key, listed) || state.out.includes(series.run));
        pin.setAttribute("aria-pressed", String(state.pin.includes(key)));
      });
    };
  };

  // Places for labels, in pixels, moved apart where they would overlap and kept inside.
  reportgen.apart = function (ends, gap, height) {
    const order = ends.map((end, i) => [end, i]).filter((pair) => pair[0] !== null);
    order.sort((a, b) => a[0] - b[0]);
    let floor = -Infinity;
    const tops = order.map(function (pair) {
      floor = Math.max(pair[0], floor + gap);
      return floor;
    });
    let ceiling = height;
    for (let i = tops.length - 1; i >= 0; i -= 1) {
      tops[i] = Math.min(tops[i], ceiling);
      ceiling = tops[i] - gap;
    }
    const placed = ends.map(() => null);
    order.forEach((pair, i) => {
      placed[pair[1]] = tops[i];
    });
    return placed;
  };
})();
