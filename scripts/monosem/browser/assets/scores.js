"use strict";
// Explanations, and every score of them with what it means.
monosem.scores = (() => {
  const { el, number, percent } = monosem.dom;

  const OFFLINE = {
    spearman: ["Score", "Spearman correlation of predicted and true levels over all scored windows"],
    spearman_random: ["On random text", "The same over windows drawn whatever the activation"],
    spearman_weighted: ["Weighted", "The same, each window counted as often as text like it occurs"],
    pearson: ["Pearson", "Pearson correlation over all scored windows"],
    pearson_weighted: ["Pearson, weighted", "The same, weighted"],
  };
  const TESTS = { simulation: "Simulation", logits: "Promoted tokens", detection: "Detection", fuzzing: "Fuzzing" };
  const MEASURES = { spearman: "Spearman", balanced_accuracy: "balanced accuracy", auc: "AUC" };
  const plain = (status) => status.replaceAll("_", " ");

  function rows(list) {
    return el("dl", {}, list.map(([name, value, title]) => [el("dt", { title }, name), el("dd", {}, value)]));
  }

  function offline({ offline: given, scores, single }) {
    const shown = Object.entries(OFFLINE).filter(([name]) => scores[name] != null);
    const facts = shown.map(([name, [label, title]]) => [label, number(scores[name]), title]);
    if (scores.zero_share_random != null) facts.push(["Inactive on random text", percent(scores.zero_share_random), "share of tokens of random windows"]);
    if (single != null) facts.push(["One single token", single ? "yes" : "no", "whether its strongest examples share the token"]);
    if (scores.n_windows) facts.push(["Scored on", `${number(scores.n_windows)} windows`, `${number(scores.n_predictions)} tokens`]);
    return el("section", { class: "explained" },
      el("h3", {}, "Explanation by token table"),
      el("p", {}, el("bdi", {}, given.text || "none")),
      given.text ? el("p", { class: "quiet" }, "Token, or the token before it and the token, with the level from 0 to 9 that they predict.") : null,
      given.status === "ok" ? null : el("p", { class: "quiet" }, `No score: ${given.reason || plain(given.status)}.`),
      facts.length ? rows(facts) : null);
  }

  function judged({ llm }) {
    if (!llm) return null;
    const tests = Object.entries(llm.tests).map(([task, found]) => {
      const values = Object.entries(MEASURES).filter(([name]) => found[name] != null).map(([name, label]) => `${label} ${number(found[name])}`);
      const text = found.status === "ok" ? values.join(", ") : `no score: ${plain(found.status)}`;
      return [TESTS[task] ?? task, found.n_items ? `${text} (${found.n_items} items)` : text, ""];
    });
    return el("section", { class: "explained" },
      el("h3", {}, "Explanation by a language model"),
      el("p", {}, el("bdi", {}, llm.text || `none: ${plain(llm.status)}`)),
      tests.length ? rows(tests) : null);
  }

  return { offline, judged, rows };
})();
