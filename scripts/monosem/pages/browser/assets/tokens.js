"use strict";
// Tokens as text: each stands for itself, whatever its script, and marks stand for what would be invisible.
monosem.tokens = (() => {
  const { el, number } = monosem.dom;

  // A shown token is a string, or text and marks by turns, beginning with text.
  function pieces(shown) {
    if (typeof shown === "string") return [shown];
    return shown.map((text, turn) => (turn % 2 ? el("i", {}, text) : text));
  }

  function token(shown, level, { centre = false, activation = null } = {}) {
    const node = el("bdi", { class: centre ? "centre" : null }, pieces(shown));
    if (level) {
      node.classList.add(level > 0 ? "on" : "under");
      node.style.setProperty("--a", Math.abs(level).toFixed(2));
      node.title = `activation ${number(activation)}`;
      node.dataset.activation = number(activation);
    }
    return node;
  }

  const chip = (shown) => el("bdi", { class: "chip" }, pieces(shown));

  return { token, chip, pieces };
})();
