// Copy buttons: of a text of their own, or of the element they name.
(function () {
  "use strict";

  function text(button) {
    const from = button.dataset.copyFrom;
    return from ? document.getElementById(from).textContent : button.dataset.copy;
  }

  // Pages opened from a file may be refused the clipboard; a selection always works.
  function copy(value) {
    if (navigator.clipboard && window.isSecureContext) {
      return navigator.clipboard.writeText(value).catch(() => selected(value));
    }
    return selected(value);
  }

  function selected(value) {
    const field = document.createElement("textarea");
    field.value = value;
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("the browser refused"));
  }

  function say(button, words) {
    const label = button.firstChild;
    const before = label.textContent;
    label.textContent = words;
    window.setTimeout(() => {
      label.textContent = before;
    }, 1500);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll(".copy").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        copy(text(button)).then(
          () => say(button, "Copied"),
          () => say(button, "Select it")
        );
      });
    });
  });
})();
