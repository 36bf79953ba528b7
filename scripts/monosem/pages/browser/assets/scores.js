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
  const TESTS = {
    simulation: ["Simulation", "levels from 0 to 9 that the tester predicts for each token"],
    logits: ["Promoted tokens", "does it make the token more likely to come next?"],
    detection: ["Detection", "does it respond to anything in the text?"],
    fuzzing: ["Fuzzing", "are the tokens in << >> those that it responds to?"],
  };
  const MEASURES = {
    spearman: "Spearman", pearson: "Pearson", pearson_weighted: "Pearson, weighted",
    balanced_accuracy: "balanced accuracy", auc: "AUC", accuracy: "accuracy", always_no_accuracy: "accuracy of always no",
  };
  const HIGHEST = 9; // level
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

  const shaded = (tokens, levels) => el("span", { class: "tokens", dir: "ltr" },
    tokens.map((token, k) => monosem.tokens.token(token, (levels[k] ?? 0) / HIGHEST, { activation: levels[k] })));

  // A window of the simulation: its true levels above those predicted.
  const simulated = ([tokens, truth, predicted]) => el("li", { class: "simulated" },
    el("span", { class: "quiet" }, "true"), shaded(tokens, truth),
    el("span", { class: "quiet" }, "predicted"), predicted.length ? shaded(tokens, predicted) : el("span", { class: "quiet" }, "no answer"));

  // Any other item: yes or no, and the level that was said.
  const answered = ([text, isSo, said, isRight]) => el("li", { class: "answered" }, el("bdi", {}, text),
    el("span", { class: "quiet" }, `${isSo ? "yes" : "no"}; ${said == null ? "no answer" : `said ${said}: ${isRight ? "right" : "wrong"}`}`));

  function test([task, found]) {
    const [name, asks] = TESTS[task] ?? [task, ""];
    const values = Object.entries(MEASURES).filter(([measure]) => found[measure] != null).map(([measure, label]) => `${label} ${number(found[measure])}`);
    const why = found.status === "ok" ? [] : [`no score: ${found.reason || plain(found.status)}`];
    const items = found.items?.length ? el("details", { class: "tested" }, el("summary", {}, `${found.items.length} items: ${asks}`),
      el("ul", {}, found.items.map(task === "simulation" ? simulated : answered))) : null;
    return [name, [[...why, ...values].join(", "), items], asks];
  }

  function judged({ llm }) {
    if (!llm) return null;
    const tests = Object.entries(llm.tests).map(test);
    return el("section", { class: "explained" },
      el("h3", {}, "Explanation by a language model"),
      el("p", {}, el("bdi", {}, llm.text || `none: ${plain(llm.status)}`)),
      tests.length ? rows(tests) : null);
  }

  return { offline, judged, rows };
})();
