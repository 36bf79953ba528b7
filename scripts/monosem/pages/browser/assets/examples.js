"use strict";
// Examples by interval of activation: tokens shaded by activation, more of the text on demand.
monosem.examples = (() => {
  const { el, number } = monosem.dom;
  const ROLES = {
    explain: ["explained", "The explainer saw this example"],
    score: ["scored", "The explanation was scored on this example"],
  };

  // An entry of a shard; activations are offsets from the centre and levels by turns.
  function unpack([kind, role, interval, context, position, first, tokens, pairs]) {
    const levels = new Map();
    for (let k = 0; k < pairs.length; k += 2) levels.set(pairs[k], pairs[k + 1]);
    const strongest = Math.max(0, ...tokens.map((_, k) => levels.get(first + k) ?? 0));
    return { kind, role, interval, context, position, first, tokens, levels, strongest };
  }

  function line(example, facts, highest, vocabulary) {
    const text = el("span", { class: "tokens", dir: "ltr" });
    const draw = (tokens, first) => text.replaceChildren(...tokens.map((token, k) => {
      const offset = first + k;
      const share = (example.levels.get(offset) ?? 0) / facts.levels;
      return monosem.tokens.token(vocabulary[token] ?? `token ${token}`, share, { centre: offset === 0, activation: share * highest });
    }));
    const short = () => draw(example.tokens, example.first);
    const more = el("button", {
      type: "button", class: "more", "aria-expanded": "false", title: "more of the text", "aria-label": "more of the text",
      onclick: async () => {
        const open = more.getAttribute("aria-expanded") === "false";
        more.setAttribute("aria-expanded", String(open));
        if (!open) return short();
        const context = await monosem.dictionary.context(example.context);
        const start = Math.max(1, example.position - facts.context);
        return draw(context.slice(start, example.position + facts.context + 1), start - example.position);
      },
    }, "⋯");
    short();
    const [role, about] = ROLES[facts.roles[example.role]];
    return el("li", { class: "example" }, more, text,
      el("span", { class: "quiet side" }, el("b", { title: "highest activation in it" }, number((example.strongest / facts.levels) * highest)), " ",
        el("span", { title: `${about}; text ${example.context}, token ${example.position}` }, role)));
  }

  function title(kind, interval, facts, highest) {
    const edge = (k) => number((highest * k) / facts.intervals, 2);
    const range = interval < 0 ? "" : ` (activation ${edge(interval)} to ${edge(interval + 1)})`;
    if (kind === "interval") return `Interval ${interval + 1} of ${facts.intervals}${range}`;
    return { top: `Strongest${range}`, random: "Text drawn at random", out_of_context: "Its top tokens, wherever they stand" }[kind];
  }

  // Strongest first, then lower and lower intervals, then text drawn whatever the activation.
  function section(details, facts, vocabulary) {
    const groups = new Map();
    for (const entry of details.examples) {
      const example = unpack(entry);
      const key = `${example.kind}:${example.interval}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(example);
    }
    for (const group of groups.values()) group.sort((a, b) => b.strongest - a.strongest);
    const ordered = [...groups.values()].sort(([a], [b]) => a.kind - b.kind || b.interval - a.interval);
    const highest = details.facts.max_act ?? 0;
    const readout = el("output", { class: "readout quiet" }, "Point at a token to read its activation.");
    const node = el("section", { class: "examples", "aria-label": "examples" },
      el("div", { class: "bar" }, el("h3", {}, "Examples"), readout),
      ordered.length ? null : el("p", { class: "quiet" }, "None: it fires on too few held-out tokens."),
      ordered.map((group) => [
        el("h4", {}, title(facts.kinds[group[0].kind], group[0].interval, facts, highest)),
        el("ul", {}, group.map((example) => line(example, facts, highest, vocabulary))),
      ]));
    node.addEventListener("pointerover", (event) => {
      const token = event.target.closest("bdi");
      if (token) readout.textContent = `${token.textContent.slice(0, 40)}: activation ${token.dataset.activation ?? "0"}`;
    });
    return node;
  }

  return { section };
})();
