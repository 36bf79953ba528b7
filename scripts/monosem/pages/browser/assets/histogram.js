"use strict";
// How a feature's activations are distributed: bars of counts on a logarithmic scale, shaded as tokens are.
monosem.histogram = (() => {
  const { el, svg, number } = monosem.dom;
  const WIDTH = 360;
  const HEIGHT = 120;

  function chart([low, high, counts]) {
    if (!counts.length) return el("p", { class: "quiet" }, "It is never active on the held-out text.");
    const total = counts.reduce((sum, count) => sum + count, 0);
    const most = Math.max(...counts);
    const tall = (count) => (count ? 4 + ((HEIGHT - 4) * Math.log(count)) / Math.max(1, Math.log(most)) : 0);
    const wide = WIDTH / counts.length;
    const edge = (k) => low + ((high - low) * k) / counts.length;
    const largest = Math.max(Math.abs(low), Math.abs(high));
    const bars = counts.map((count, k) => {
      const middle = (edge(k) + edge(k + 1)) / 2;
      const bar = svg("rect", { x: k * wide, y: HEIGHT - tall(count), width: wide - 1, height: tall(count), class: middle < 0 ? "under" : "on" },
        svg("title", {}, `${number(edge(k))} to ${number(edge(k + 1))}: ${number(count)} tokens`));
      bar.style.setProperty("--a", Math.min(1, Math.abs(middle) / largest).toFixed(2));
      return bar;
    });
    const label = `${number(total)} activations from ${number(low)} to ${number(high)}; most in a bar: ${number(most)}`;
    return el("figure", {},
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "histogram", preserveAspectRatio: "none" }, bars),
      el("div", { class: "axis quiet", "aria-hidden": "true" }, el("span", {}, number(low)), el("span", {}, "activation"), el("span", {}, number(high))),
      el("figcaption", { class: "quiet" }, `${number(total)} tokens; the tallest bar stands for ${number(most)}, heights are logarithmic.`));
  }

  return { chart };
})();
