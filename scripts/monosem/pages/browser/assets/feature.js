"use strict";
// The page of a feature or neuron; two of them stand side by side to be compared.
monosem.feature = (() => {
  const { el, number, percent } = monosem.dom;
  const { routes } = monosem;

  const one = (kind) => ({ neurons: "Neuron", "random directions": "Random direction" })[kind] ?? "Feature";

  function logits(title, pairs, vocabulary) {
    const largest = Math.max(...pairs.map(([, weight]) => Math.abs(weight)), 1e-9);
    return el("div", {}, el("h4", {}, title), el("ol", { class: "logits" }, pairs.map(([token, weight]) => {
      const bar = el("span", { class: weight < 0 ? "bar-of under" : "bar-of on" });
      bar.style.setProperty("--w", (Math.abs(weight) / largest).toFixed(2));
      return el("li", {}, monosem.tokens.chip(vocabulary[token] ?? `token ${token}`), bar, el("span", { class: "quiet" }, number(weight)));
    })));
  }

  // A link to another feature, and one that puts it beside this one, where its dictionary is among the site's `runs`.
  function link(unit, [run, feature, value, snippet], runs) {
    const [model, , dictionary] = run.split("/");
    const name = run === unit.run ? String(feature) : `${model} ${dictionary} ${feature}`;
    const other = { run, feature };
    if (!runs.includes(run)) return el("li", {}, name, el("span", { class: "quiet" }, ` ${number(value)}`));
    return el("li", {},
      el("a", { href: routes.feature(run, feature) }, name), el("span", { class: "quiet" }, ` ${number(value)} `),
      el("a", { href: routes.beside(unit, other), class: "beside", title: "put beside", "aria-label": `put ${name} beside this one` }, "⇄"),
      snippet ? el("span", { class: "quiet snippet" }, snippet) : null);
  }

  function related(unit, details, runs) {
    return details.related.filter(([, , links]) => links.length).map(([title, note, links]) =>
      el("section", { class: "related" }, el("h4", {}, title, el("span", { class: "quiet" }, ` ${note}`)),
        el("ul", {}, links.map((found) => link(unit, found, runs)))));
  }

  function steered({ steered: texts }) {
    if (!texts) return null;
    return el("section", {}, el("h3", {}, "Texts written with it pinned"),
      el("p", { class: "quiet" }, "Each number is the multiple of its highest activation that it was held at."),
      el("ul", { class: "steered" }, texts.map(([multiple, text]) => el("li", {}, el("b", {}, `×${number(multiple)} `), el("bdi", {}, text)))));
  }

  function facts(details, dictionary) {
    const has = details.facts;
    return monosem.scores.rows([
      ["Active on", `${percent(has.density)} of ${number(dictionary.tokens)} tokens`, "held-out tokens"],
      ["Highest activation", number(has.max_act), ""],
      ["Mean where active", number(has.mean_act), ""],
      ...(has.b_enc == null ? [] : [["Encoder bias", number(has.b_enc), ""]]),
      ...(has.enc_dec_cosine == null ? [] : [["Encoder to decoder", number(has.enc_dec_cosine), "cosine of the two directions"]]),
    ]);
  }

  function steps(unit, dictionary, partner) {
    const go = (feature) => {
      const next = { run: unit.run, feature };
      if (!partner) return routes.feature(next.run, feature);
      return partner.first ? routes.beside(next, partner.unit) : routes.beside(partner.unit, next);
    };
    const step = (by) => () => { location.hash = go(dictionary.step(unit.feature, by)); };
    return el("span", { class: "steps" },
      el("button", { type: "button", onclick: step(-1), "aria-label": "previous in the table", title: "previous in the table (p)" }, "←"),
      el("button", { type: "button", onclick: step(1), "aria-label": "next in the table", title: "next in the table (n)" }, "→"),
      partner ? el("a", { href: routes.feature(unit.run, unit.feature) }, "alone") : null);
  }

  async function panel(unit, partner = null) {
    const dictionary = await monosem.dictionary.open(unit.run);
    if (!(Number.isInteger(unit.feature) && unit.feature >= 0 && unit.feature < dictionary.n)) {
      throw new Error(`${unit.run} has no feature ${unit.feature}; they are numbered from 0 to ${dictionary.n - 1}.`);
    }
    const [details, vocabulary, site] = await Promise.all([
      monosem.dictionary.details(unit.run, unit.feature), monosem.dictionary.vocabulary(), monosem.load("app/site.js"),
    ]);
    const runs = site.dictionaries.map(({ run }) => run);
    const name = `${one(dictionary.facts.kind)} ${unit.feature}`;
    return el("article", { class: "feature", "aria-label": `${name} of ${unit.run}` },
      el("div", { class: "bar" }, el("h1", {}, name), el("a", { href: routes.table(unit.run), class: "quiet" }, unit.run), steps(unit, dictionary, partner)),
      el("div", { class: "columns" },
        el("div", { class: "why" }, monosem.scores.judged(details), monosem.scores.offline(details)),
        el("div", { class: "rest" },
          el("section", {}, el("h3", {}, "Activations"), monosem.histogram.chart(details.histogram), facts(details, dictionary.facts)),
          el("section", {}, el("h3", {}, "Logit weights"), el("div", { class: "pair" },
            logits("Promotes", details.promoted, vocabulary), logits("Suppresses", details.suppressed, vocabulary))),
          el("section", {}, el("h3", {}, "Near it"), related(unit, details, runs)),
          steered(details)),
        monosem.examples.section(details, dictionary.facts, vocabulary)));
  }

  async function compare([left, right]) {
    const panels = await Promise.all([panel(left, { unit: right, first: true }), panel(right, { unit: left, first: false })]);
    return el("div", { class: "compare" }, panels);
  }

  return { panel, compare };
})();
