// The proof of a run's page: hashes what the page carries and compares it with the run's seal, and
// what stands on the page with what it carries.
(function () {
  "use strict";

  const reportgen = (window.reportgen = window.reportgen || {});
  const decoder = new TextDecoder();

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

  // What a page makes of a text: it shows control characters as pictures.
  function shown(text) {
    return text.replace(/[\x00-\x08\x0b-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
      .replace(/\x7f/g, "\u2421").replace(/[\x80-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]/g, "\ufffd");
  }

  // [ok, words]; ok is null for what cannot be checked here.
  function files(data, seal) {
    const recorded = new Map(seal.files.map((file) => [file.path, file]));
    const results = Object.entries(data.files).map(function ([path, base64]) {
      const entry = recorded.get(path);
      if (!entry) {
        return [false, path + " is not in the seal"];
      }
      const digest = window.sha256(bytesOf(base64));
      return digest === entry.sha256
        ? [true, path + " has the sealed SHA-256 " + digest.slice(0, 12) + "…"]
        : [false, path + " differs: the seal says " + entry.sha256 + ", it is " + digest];
    });
    const left = data.left.map((path) => [null, path + " is too large to be carried by the page"]);
    const others = seal.files.length - Object.keys(data.files).length - data.left.length;
    if (others > 0) {
      left.push([null, others + " sealed files are not shown as text and not checked here"]);
    }
    return results.concat(left);
  }

  // Texts that stand on the page, by the place where they stand.
  function texts(data) {
    const pairs = [["reproduce.sh", "reproduce-text"], ["config.yaml", "config-text"]];
    const results = [];
    for (const [path, id] of pairs) {
      const place = document.getElementById(id);
      if (place && path in data.files) {
        const same = place.textContent === shown(decoder.decode(bytesOf(data.files[path])));
        results.push([same, path + (same ? " stands on this page as it is" : " stands on this page otherwise")]);
      }
    }
    return results;
  }

  // The last value of each metric that metrics.jsonl holds, beside the last point of its curve.
  async function curves(data) {
    if (!("metrics.jsonl" in data.files)) {
      return [];
    }
    const last = new Map();
    let attempt = 1;
    for (const line of decoder.decode(bytesOf(data.files["metrics.jsonl"])).split("\n")) {
      let record = null;
      try {
        record = JSON.parse(line);
      } catch (error) {
        continue;  // a torn last line
      }
      attempt = record.event === "resume" ? attempt + 1 : attempt;
      for (const [name, value] of Object.entries(record.metrics || {})) {
        last.set(name, [record.step, value]);
      }
    }
    const place = document.querySelector("[data-curves]");
    const known = new Map(Object.entries(place ? JSON.parse(place.dataset.curves) : {}));
    const results = [];
    for (const [name, [step, value]] of last) {
      const reference = known.get(name);
      if (reference) {
        const curve = await reportgen.load(reference.name, reference.path);
        const end = curve.steps.length - 1;
        const same = curve.steps[end] === step && String(curve.values[end]) === String(value);
        results.push([same, "the curve of " + name + (same ? " ends as metrics.jsonl does" : " ends otherwise than metrics.jsonl")]);
      }
    }
    return results;
  }

  async function check(place) {
    const verdict = place.querySelector("[data-verdict]");
    const list = place.querySelector("[data-checks]");
    list.replaceChildren();
    verdict.textContent = "Checking …";
    const file = JSON.parse(place.dataset.proof);
    try {
      const data = await reportgen.load(file.name, file.path);
      const seal = JSON.parse(decoder.decode(bytesOf(data.manifest)));
      const results = [...files(data, seal), ...texts(data), ...(await curves(data))];
      const failed = results.filter((result) => result[0] === false).length;
      const passed = results.filter((result) => result[0] === true).length;
      verdict.className = failed ? "poor-text" : "good-text";
      verdict.textContent = failed
        ? failed + " of " + (failed + passed) + " checks fail."
        : "All " + passed + " checks pass. Integrity, not authorship. SHA-256 of the seal: " + window.sha256(bytesOf(data.manifest));
      for (const [ok, words] of results) {
        const tone = { true: "good", false: "poor", null: "plain" }[String(ok)];
        const word = { true: "same", false: "differs", null: "not here" }[String(ok)];
        const item = document.createElement("li");
        item.append(reportgen.element("span", { class: "badge " + tone }, word), " ", words);
        list.append(item);
      }
    } catch (error) {
      verdict.textContent = "";
      reportgen.fault(place, error, () => check(place));
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-proof]").forEach(function (place) {
      const button = place.querySelector("[data-check]");
      button.hidden = false;
      button.addEventListener("click", () => check(place));
    });
  });
})();
