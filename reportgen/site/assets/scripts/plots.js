// Charts other than lines: Vega draws all of them from rows bound by name. What is common to them:
// drawing, a rectangle to choose with, the nearest run under the pointer, and saving.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const NEAR = 24;
  const DRAG = 5;

  reportgen.Plot = class {
    // `make` gives the rows of each data set, `dress` changes the copy of the specification.
    constructor(figure, make, dress) {
      this.figure = figure;
      this.plot = figure.querySelector(".plot");
      this.make = make;
      this.dress = dress || (() => {});
      this.axes = reportgen.element("div", { class: "axes" });
      this.faults = [];
      this.view = null;
      this.signature = "";
      this.plot.append(this.axes);
      reportgen.saveMenu(this);
    }

    specification(kit, mode) {
      const spec = structuredClone(kit.specs[this.figure.dataset.chart]);
      this.dress(spec, kit, mode);
      spec.datasets = this.make(kit, mode);
      return spec;
    }

    async draw() {
      const kit = await reportgen.kit();
      const mode = reportgen.mode();
      const spec = this.specification(kit, mode);
      const rows = spec.datasets;
      const signature = JSON.stringify([mode, { ...spec, datasets: null }, this.plot.clientWidth]);
      if (this.view === null || this.signature !== signature) {
        this.signature = signature;
        if (this.view) {
          this.view.finalize();
        }
        spec.padding = spec.padding || { left: 0, top: 6, bottom: 4, right: 8 };
        spec.autosize = { type: typeof spec.height === "number" ? "fit" : "fit-x", contains: "padding" };
        const result = await reportgen.embed(this.axes, kit, mode, spec);
        this.view = result.view;
      } else {
        Object.entries(rows).forEach(([name, data]) => this.view.data(name, data));
        await this.view.runAsync();
      }
      const drawn = Object.values(rows).reduce((sum, data) => sum + data.length, 0);
      this.figure.dataset.drawn = String(drawn);
    }

    frame() {
      const [left, top] = this.view.origin();
      const padding = this.view.padding();
      return {
        left: left + padding.left, top: top + padding.top,
        width: this.view.signal("width"), height: this.view.signal("height"),
      };
    }

    // The saved picture: on white, in the light theme, with its title.
    spec(kit) {
      const spec = this.specification(kit, "light");
      const heading = this.figure.querySelector("figcaption h3");
      const note = this.figure.querySelector("figcaption .note");
      spec.title = { text: heading.textContent, anchor: "start", fontSize: 16 };
      if (note && note.textContent) {
        spec.title.subtitle = note.textContent;
      }
      spec.width = 640;
      spec.background = "#ffffff";
      return spec;
    }

    // The rows as a table: the data set that the figure names.
    async table() {
      const rows = this.make(await reportgen.kit(), "light")[this.figure.dataset.table] || [];
      const names = Object.keys(rows[0] || {}).filter((name) => !["colour", "shown", "fill", "ink"].includes(name));
      const cell = (value) => (typeof value === "number" ? String(value) : reportgen.csvText(String(value ?? "")));
      return [names.join(",") + "\n", ...rows.map((row) => names.map((name) => cell(row[name])).join(",") + "\n")];
    }
  };

  // A rectangle drawn over a plot; `done` gets its corners in pixels of the frame, or null.
  reportgen.rectangle = function (plot, frame, done) {
    const box = reportgen.element("div", { class: "brush", hidden: "" });
    let origin = null;
    plot.append(box);
    const at = function (event) {
      const outer = plot.getBoundingClientRect();
      const inner = frame();
      const clamp = (value, most) => Math.min(Math.max(value, 0), most);
      return [
        clamp(event.clientX - outer.left - inner.left, inner.width),
        clamp(event.clientY - outer.top - inner.top, inner.height),
      ];
    };
    const sides = (a, b) => [Math.min(a, b), Math.max(a, b)];
    plot.addEventListener("pointerdown", function (event) {
      if (event.button === 0 && event.pointerType === "mouse") {
        origin = at(event);
        event.preventDefault();
      }
    });
    window.addEventListener("pointermove", function (event) {
      if (origin) {
        const [x, y] = at(event);
        const inner = frame();
        box.hidden = Math.hypot(x - origin[0], y - origin[1]) < DRAG;
        box.style.left = inner.left + Math.min(x, origin[0]) + "px";
        box.style.top = inner.top + Math.min(y, origin[1]) + "px";
        box.style.width = Math.abs(x - origin[0]) + "px";
        box.style.height = Math.abs(y - origin[1]) + "px";
      }
    });
    window.addEventListener("pointerup", function (event) {
      if (origin) {
        const [x, y] = at(event);
        if (!box.hidden) {
          done({ x: sides(x, origin[0]), y: sides(y, origin[1]) });
        }
        origin = null;
        box.hidden = true;
      }
    });
    plot.addEventListener("dblclick", () => done(null));
  };

  // Name the run under the pointer; a click opens its page. `spots` gives {run, x, y} in pixels
  // of the frame, `words` the lines of the tooltip for a run.
  reportgen.nearestRun = function (plot, frame, spots, words) {
    const tooltip = reportgen.element("div", { class: "tooltip", hidden: "" });
    plot.append(tooltip);
    const find = function (event) {
      const outer = plot.getBoundingClientRect();
      const inner = frame();
      const x = event.clientX - outer.left - inner.left;
      const y = event.clientY - outer.top - inner.top;
      let best = null;
      for (const spot of spots()) {
        const distance = Math.hypot(spot.x - x, spot.y - y);
        if (distance < NEAR && (!best || distance < best.distance)) {
          best = { spot: spot, distance: distance, inner: inner };
        }
      }
      return best;
    };
    plot.addEventListener("pointermove", function (event) {
      const found = find(event);
      tooltip.hidden = !found;
      plot.style.cursor = found ? "pointer" : "";
      if (found) {
        const lines = words(found.spot.run);
        tooltip.replaceChildren(...lines.map((text, i) => reportgen.element("div", i ? {} : { class: "closest" }, text)));
        const left = found.inner.left + found.spot.x + 14;
        const fits = left + tooltip.offsetWidth <= plot.clientWidth;
        tooltip.style.left = Math.max(0, fits ? left : left - 28 - tooltip.offsetWidth) + "px";
        tooltip.style.top = Math.max(0, found.inner.top + found.spot.y - 12) + "px";
      }
    });
    plot.addEventListener("pointerleave", () => (tooltip.hidden = true));
    let pressed = null;
    plot.addEventListener("pointerdown", (event) => (pressed = [event.clientX, event.clientY]));
    plot.addEventListener("click", function (event) {
      const still = pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < DRAG;
      const found = still ? find(event) : null;
      if (found) {
        window.location.href = reportgen.base + "runs/" + encodeURIComponent(found.spot.run.slug) + "/index.html";
      }
    });
  };
})();
