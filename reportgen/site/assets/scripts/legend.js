// The legend: a click isolates a line, a click with shift hides it; both again undo.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});

  // Turn the items of a static legend into buttons; `changed` is called with what is hidden.
  reportgen.legend = function (list, count, changed) {
    const hidden = new Set();
    const items = Array.from(list ? list.children : []);

    function alone(index) {
      return !hidden.has(index) && hidden.size === count - 1;
    }

    function paint() {
      items.forEach(function (item, index) {
        const button = item.firstElementChild;
        button.setAttribute("aria-pressed", String(alone(index)));
        button.classList.toggle("out", hidden.has(index));
      });
    }

    function press(index, hide) {
      if (hide) {
        if (hidden.has(index)) {
          hidden.delete(index);
        } else if (hidden.size < count - 1) {
          hidden.add(index);
        }
      } else if (alone(index)) {
        hidden.clear();
      } else {
        hidden.clear();
        for (let other = 0; other < count; other += 1) {
          if (other !== index) {
            hidden.add(other);
          }
        }
      }
      paint();
      changed(hidden);
    }

    items.forEach(function (item, index) {
      const button = reportgen.element("button", {
        type: "button",
        title: "Click: this line alone. Shift and click: hide it.",
      });
      button.append(...item.childNodes);
      item.append(button);
      button.addEventListener("click", (event) => press(index, event.shiftKey));
    });
    paint();
    return hidden;
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
