"use strict";
// What is typed and chosen, and what follows from it.
(async () => {
  const { ask, drop, quietly, telling } = monosem.asking;
  const { words, panel, steer } = monosem;
  const box = document.getElementById("text");
  const number = document.getElementById("feature");
  let about = null;
  let text = ""; // that was read last, and what was found in it
  let found = { tokens: [], top: [], features: {} };
  let feature = null; // that shades the text
  let wanted = null; // that is to shade it, as soon as the server has answered

  async function read() {
    const question = { text: box.value.toWellFormed(), feature: wanted };
    const answer = await ask("api/read", question).catch((error) => {
      wanted = feature;
      throw error;
    });
    if (!answer) return;
    ({ text, feature } = question);
    found = answer;
    const known = found.features[feature];
    document.getElementById("room").textContent = `${found.tokens.length} of ${about.room} tokens that the model can read at once`;
    panel.shaded(about, feature, known, found.activations);
    words.draw(found, known?.highest ?? 0);
    steer.of(known);
    write();
  }

  function choose(one) {
    wanted = one;
    return telling("read", read);
  }

  const write = quietly(() => telling("write", async () => {
    const left = about.room - found.tokens.length;
    const missing = feature == null ? "Choose a feature first." : !found.tokens.length ? "Type some text first."
      : !left ? "The text fills all that the model can read; shorten it." : null;
    drop("api/steer");
    if (missing) return steer.show(null, missing);
    const question = steer.question(text, feature, left);
    const answer = await ask("api/steer", question);
    if (answer) steer.show(answer, `${question.n_tokens} tokens after your text, both by the same random numbers.`);
  }));

  // To begin with: the token and the feature that is nearest to its own highest activation.
  async function begin() {
    const share = ([, [f, value]]) => value / (found.features[f].highest || Infinity);
    const [first] = found.top.flatMap((pairs, k) => pairs.map((pair) => [k, pair])).sort((a, b) => share(b) - share(a));
    if (!first) return;
    const [k, [striking]] = first;
    wanted = striking;
    await read();
    words.pick(k);
  }

  const link = (address, name) => address && monosem.dom.el("a", { href: address }, name);

  await telling("read", async () => {
    about = await ask("api/about");
    number.max = about.n_features - 1;
    document.getElementById("links").append(...[about.run, link(about.features, "Feature browser"), link(about.report, "Report")].filter(Boolean));
    words.listen((k) => panel.show(about, found, k, feature, choose));
    box.addEventListener("input", quietly(() => telling("read", read)));
    number.addEventListener("change", () => choose(number.value === "" ? null : number.valueAsNumber));
    document.getElementById("none").addEventListener("click", () => choose(null));
    steer.start(about, write);
    await read();
    await begin();
  });
  document.body.dataset.ready = "yes";
})();
