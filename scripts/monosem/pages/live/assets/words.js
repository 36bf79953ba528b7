"use strict";
// The text as tokens: a list box, shaded by one feature, in which one token is picked.
monosem.words = (() => {
  const list = document.getElementById("tokens");
  let picked = 0;
  let told = () => {}; // what is to know of the token that is picked or pointed at

  const options = () => list.children;
  const place = (event) => [...options()].indexOf(event.target.closest("[role=option]"));

  function draw({ tokens, activations }, highest) {
    const most = Math.max(highest, ...(activations ?? []), 1e-9);
    list.replaceChildren(...tokens.map((shown, k) => {
      const node = monosem.tokens.token(shown, (activations?.[k] ?? 0) / most, { activation: activations?.[k] });
      node.setAttribute("role", "option");
      node.id = `token-${k}`;
      return node;
    }));
    pick(picked);
  }

  function pick(k) {
    picked = Math.max(0, Math.min(k, options().length - 1));
    for (const [at, option] of [...options()].entries()) option.setAttribute("aria-selected", String(at === picked));
    if (options().length) list.setAttribute("aria-activedescendant", `token-${picked}`);
    else list.removeAttribute("aria-activedescendant");
    told(picked);
  }

  const STEPS = {
    ArrowRight: () => picked + 1, ArrowLeft: () => picked - 1, ArrowDown: () => picked + 1, ArrowUp: () => picked - 1,
    Home: () => 0, End: () => options().length - 1,
  };

  list.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey || !options().length) return;
    event.preventDefault();
    pick(step());
  });
  list.addEventListener("click", (event) => { if (place(event) >= 0) pick(place(event)); });
  list.addEventListener("pointerover", (event) => { if (place(event) >= 0) told(place(event)); });
  list.addEventListener("pointerleave", () => told(picked));

  return { draw, pick, listen: (action) => { told = action; } };
})();
