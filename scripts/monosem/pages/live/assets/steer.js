"use strict";
// Text written on by the model, left alone and with a feature pinned.
monosem.steer = (() => {
  const { number } = monosem.dom;
  const NUMBERS = ["n_tokens", "temperature", "seed"];
  const at = (id) => document.getElementById(id);
  let highest = 0; // activation of the feature, as far as known

  function start({ limits }, changed) {
    for (const [id, [low, high]] of Object.entries(limits)) Object.assign(at(id), { min: low, max: high });
    at("multiple").value = 1;
    for (const id of ["on", "multiple"]) at(id).addEventListener("input", () => { tell(); changed(); });
    for (const id of NUMBERS) at(id).addEventListener("input", changed);
    at("again").addEventListener("click", () => { at("seed").stepUp(); changed(); });
  }

  // null where the feature is left alone
  const multiple = () => (at("on").checked ? Number(at("multiple").value) : null);

  function tell() {
    const times = multiple();
    const known = highest ? ` = ${number(times * highest)}` : "";
    const [told, title] = times == null ? ["off", "Not pinned: the same"]
      : times === 0 ? ["0: taken away", "With the feature taken away"]
      : [`${number(times)} × highest${known}`, `Pinned to ${number(times)} × its highest`];
    at("told").textContent = told;
    at("multiple").disabled = times == null;
    at("multiple").setAttribute("aria-valuetext", told);
    at("pinned-title").textContent = title;
  }

  function of(known) {
    highest = known?.highest ?? 0;
    tell();
  }

  // What to ask the server, of no more tokens than there is room for.
  function question(text, feature, left) {
    const [n_tokens, temperature, seed] = NUMBERS.map((id) => at(id).valueAsNumber);
    return { text, feature, multiple: multiple(), n_tokens: Math.min(n_tokens, left), temperature, seed };
  }

  function show(found, note) {
    for (const id of ["unsteered", "steered"]) at(id).replaceChildren(...monosem.tokens.pieces(found?.[id] ?? ""));
    at("note").textContent = note;
  }

  return { start, of, question, show };
})();
