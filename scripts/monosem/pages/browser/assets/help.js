"use strict";
// What the keys do and how the page is to be read.
monosem.help = (() => {
  const { el } = monosem.dom;

  const KEYS = [
    ["/", "find: words, tokens, \"phrases\", score>0.8, density<0.01, match>=0.7"],
    ["↑ ↓ or j k", "row of the table; Page Up, Page Down, Home, End"],
    ["Enter", "open the row"],
    ["n p", "next, previous feature in the order of the table"],
    ["r", "random feature, of those in the table"],
    ["c", "keep this feature; on another, put the two side by side"],
    ["m", "more of the text of all examples, or less"],
    ["t", "table"],
    ["o", "all dictionaries"],
    ["?", "this help; Esc closes it"],
  ];

  function open() {
    const dialog = document.getElementById("help");
    dialog.replaceChildren(
      el("h2", { id: "help-title" }, "Keys"),
      el("dl", { class: "keys" }, KEYS.map(([keys, what]) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, what)])),
      el("h2", {}, "Reading the page"),
      el("p", {}, "Tokens are shaded by activation, as a share of the highest of that feature: blue above zero, orange below. The underlined token is the ",
        "one that the example was picked for. A dot is a space, ↵ a new line, ⏵ the start of a document, U+200B a character without a shape of its own. ",
        "Tokens stand in reading order from left to right whatever their script."),
      el("form", { method: "dialog" }, el("button", {}, "Close")));
    dialog.showModal();
  }

  return { open };
})();
