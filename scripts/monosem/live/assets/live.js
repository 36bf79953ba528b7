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

  async function read(wanted = feature) {
    const typed = box.value.toWellFormed();
    const answer = await ask("api/read", { text: typed, feature: wanted });
    if (!answer) return;
    [text, found, feature] = [typed, answer, wanted];
    const known = found.features[feature];
    document.getElementById("room").textContent = `${found.tokens.length} of ${about.room} tokens that the model can read at once`;
    panel.shaded(about, feature, known, found.activations);
    words.draw(found, known?.highest ?? 0);
    steer.of(known);
    write();
  }

  const choose = (wanted) => telling(() => read(wanted));

  const write = quietly(() => telling(async () => {
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
    await read(striking);
    words.pick(k);
  }

  const link = (address, name) => address && monosem.dom.el("a", { href: address }, name);

  await telling(async () => {
    about = await ask("api/about");
    number.max = about.n_features - 1;
    document.getElementById("links").append(...[about.run, link(about.features, "Feature browser"), link(about.report, "Report")].filter(Boolean));
    words.listen((k) => panel.show(about, found, k, feature, choose));
    box.addEventListener("input", quietly(() => telling(() => read())));
    number.addEventListener("change", () => choose(number.value === "" ? null : number.valueAsNumber));
    document.getElementById("none").addEventListener("click", () => choose(null));
    steer.start(about, write);
    await read();
    await begin();
  });
  document.body.dataset.ready = "yes";
})();
