"use strict";
// All dictionaries of the site.
monosem.overview = (() => {
  const { el, number, megabytes } = monosem.dom;

  function card(entry) {
    const [model, site, name] = entry.run.split("/");
    return el("li", {}, el("a", { href: monosem.routes.table(entry.run), class: "card" },
      el("strong", {}, name === "neurons" ? `Neurons of ${model}` : `${name} of ${model}`),
      el("span", { class: "quiet" }, `${site} · ${number(entry.n_features)} ${entry.kind}`),
      el("span", {}, `${number(entry.n_alive)} fire on ${number(entry.n_tokens)} held-out tokens`),
      el("span", {}, entry.median == null ? "none scored" : `median score ${number(entry.median)} of ${number(entry.n_scored)}`),
      el("span", { class: "quiet" }, megabytes(entry.bytes))));
  }

  function page(site) {
    return el("section", { class: "overview" },
      el("h1", {}, "Feature browser"),
      el("p", {}, "Every feature of every dictionary that this run has scored, and the neurons that the dictionaries take apart. ",
        "Each has a page: text that it fires on, how often, what it promotes, how it is explained and how well, and what is near to it."),
      el("ul", { class: "cards" }, site.dictionaries.map(card)),
      el("p", { class: "quiet" }, "The score is the Spearman correlation of the activations that a feature's explanation predicts with the true ones, ",
        "on text that the explainer did not see. Press ? for the keys."));
  }

  return { page };
})();
