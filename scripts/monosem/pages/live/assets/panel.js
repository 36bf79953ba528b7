"use strict";
// The features most active on one token, and what is known of the one that shades the text.
monosem.panel = (() => {
  const { el, number, percent } = monosem.dom;
  const [top, said, facts, explanation, scale] = ["top", "said", "facts", "explanation", "scale"].map((id) => document.getElementById(id));

  const page = (about, feature) => about.features && el("a", { href: `${about.features}/${feature}`, "aria-label": `page of feature ${feature}` }, "page");

  function entry(about, { text, highest }, [feature, value], most, isChosen, choose) {
    const share = `${percent(value / highest)} of its highest`;
    const bar = el("span", { class: "bar-of on" });
    bar.style.setProperty("--w", (value / most).toFixed(3));
    const button = el("button", {
      type: "button", "aria-pressed": String(isChosen), "aria-label": `feature ${feature}, activation ${number(value)}, ${share}`,
      onclick: () => choose(isChosen ? null : feature),
    }, String(feature));
    return el("li", {}, button, bar, el("span", { class: "amount", title: share }, number(value)), page(about, feature),
      el("bdi", { class: "quiet snippet", dir: "ltr", title: text }, text || "no explanation"));
  }

  // Of token number k of what was found.
  function show(about, found, k, feature, choose) {
    const pairs = found.top[k] ?? [];
    const most = pairs[0]?.[1];
    const focused = top.contains(document.activeElement) ? document.activeElement.textContent : null;
    said.replaceChildren(...(found.tokens.length
      ? ["On ", monosem.tokens.chip(found.tokens[k]), found.activations ? ` feature ${feature} has activation ${number(found.activations[k])}; ` : " ",
        pairs.length ? "these fire most:" : "no feature fires."]
      : ["Type some text."]));
    top.replaceChildren(...pairs.map((pair) => entry(about, found.features[pair[0]], pair, most, pair[0] === feature, choose)));
    if (focused) [...top.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
  }

  // Of the feature that shades the text; `known` is nothing where none does.
  function shaded(about, feature, known, activations) {
    document.getElementById("feature").value = feature ?? "";
    if (!known) {
      scale.replaceChildren();
      facts.replaceChildren(`Choose one, or type any number from 0 to ${about.n_features - 1}.`);
      explanation.replaceChildren();
      return;
    }
    const highest = number(known.highest);
    const fires = activations.filter((value) => value > 0).length;
    scale.replaceChildren("0", el("span", { class: "ramp" }), highest);
    facts.replaceChildren(
      known.highest ? `Fires on ${fires} of the ${activations.length} tokens; its highest activation on held-out text is ${highest}.` : "Never active on held-out text.");
    explanation.replaceChildren("Explanation: ", el("bdi", { dir: "ltr" }, known.text || "none"), " ", page(about, feature) ?? "");
  }

  return { show, shaded };
})();
