// The one way in which data and libraries reach a page: classic script tags, which work from a
// file, from any base path and from a web server alike. A data file is one call of put().
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const base = document.documentElement.dataset.root || "";
  const files = new Map();  // name -> data
  const pending = new Map();  // path -> promise
  let attempts = 0;

  reportgen.put = function (name, data) {
    files.set(name, data);
  };

  // A script that stands in the page itself.
  reportgen.hold = function (path) {
    pending.set(path, Promise.resolve());
  };

  reportgen.script = function (path) {
    if (!pending.has(path)) {
      pending.set(path, inject(path));
    }
    return pending.get(path);
  };

  function inject(path) {
    return new Promise(function (resolve, reject) {
      const element = document.createElement("script");
      const retried = attempts > 0 && window.location.protocol !== "file:";
      element.src = base + path + (retried ? "?retry=" + attempts : "");
      element.onload = resolve;
      element.onerror = function () {
        pending.delete(path);
        element.remove();
        reject(new Error(path + " could not be loaded"));
      };
      document.head.append(element);
    });
  }

  // Resolves to the data of a file; the error of a failure names the file.
  reportgen.load = function (name, path) {
    if (files.has(name)) {
      return Promise.resolve(files.get(name));
    }
    return reportgen.script(path).then(function () {
      if (!files.has(name)) {
        pending.delete(path);
        throw new Error(path + " holds other data than expected; the site may be half updated");
      }
      return files.get(name);
    });
  };

  // Say in `place` what failed, and offer to try again.
  reportgen.fault = function (place, error, again) {
    const line = reportgen.element("p", { class: "chart-fault", role: "alert" });
    line.append(error.message + ". ");
    const button = reportgen.element("button", { type: "button" }, "Try again");
    button.addEventListener("click", function () {
      attempts += 1;
      line.remove();
      again();
    });
    line.append(button);
    place.append(line);
    return line;
  };

  // An element with attributes and text; text is never markup.
  reportgen.element = function (tag, attributes, text) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      element.setAttribute(name, value);
    }
    if (text !== undefined) {
      element.textContent = text;
    }
    return element;
  };

  reportgen.base = base;
})();
