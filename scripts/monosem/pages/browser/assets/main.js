"use strict";
// The address says what is shown; this shows it.
(async () => {
  const { el } = monosem.dom;
  const { routes } = monosem;
  const main = document.getElementById("main");
  const warning = document.getElementById("warning");
  const site = await monosem.load("app/site.js");
  monosem.dictionary.configure(site.sizes);
  let kept = null; // the feature to compare with
  let closing = () => {};
  let turn = 0; // of the newest address

  const runs = site.dictionaries.map(({ run }) => run);

  async function show() {
    const own = ++turn;
    const route = routes.read(location.hash);
    warning.textContent = "";
    try {
      const view = await viewOf(route);
      if (own !== turn) return view.close?.();
      closing();
      closing = view.close ?? (() => {});
      main.replaceChildren(view.node);
      document.title = `${view.title} · monosem`;
      crumbs(route);
      if (route.view !== "table") window.scrollTo(0, 0);
      await view.ready?.();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (own === turn) warning.textContent = error.message;
    }
  }

  async function viewOf(route) {
    if (route.view === "overview") return { node: monosem.overview.page(site), title: "Feature browser" };
    const unknown = [route.run, ...(route.units ?? []).map(({ run }) => run)].find((run) => !runs.includes(run));
    if (unknown) throw new Error(`There is no dictionary ${unknown} here. Press o for all that there are.`);
    if (route.view === "table") return tableOf(route);
    const title = route.units.map(({ run, feature }) => `${run} ${feature}`).join(" beside ");
    const { panel, compare } = monosem.feature;
    return { node: await (route.units.length === 2 ? compare(route.units) : panel(route.units[0])), title };
  }

  async function tableOf({ run, settings }) {
    const dictionary = await monosem.dictionary.open(run);
    const view = monosem.table.make(dictionary, settings, (state) => history.replaceState(null, "", routes.table(run, state)));
    const ready = async () => { await view.draw(); view.grid.node.focus({ preventScroll: true }); };
    return { node: view.node, title: run, ready, close: view.close };
  }

  function crumbs(route) {
    const options = site.dictionaries.map(({ run }) => el("option", { value: run, selected: run === route.run }, run.replaceAll("/", " / ")));
    const choose = el("select", { "aria-label": "dictionary", onchange: () => { location.hash = routes.table(choose.value); } },
      route.run ? null : el("option", { value: "", selected: true, disabled: true }, "choose a dictionary"), options);
    document.getElementById("crumbs").replaceChildren(
      ...[site.report && el("a", { href: site.report }, "Report"), el("a", { href: "#/" }, "Feature browser"), choose].filter(Boolean));
  }

  const here = () => routes.read(location.hash); // what is asked for, even before it is shown

  async function random() {
    const run = here().run ?? runs[Math.floor(Math.random() * runs.length)];
    location.hash = routes.feature(run, (await monosem.dictionary.open(run)).random());
  }

  function compare() {
    const { view, units } = here();
    if (view !== "feature") return say("Open a feature first; then press c to keep it, and c on another.");
    const [unit] = units;
    const same = kept && kept.run === unit.run && kept.feature === unit.feature;
    if (kept && !same) {
      location.hash = routes.beside(kept, unit);
      kept = null;
      return say("");
    }
    kept = unit;
    return say(`Kept ${unit.run} ${unit.feature}. Open another feature and press c.`);
  }

  function say(text) {
    document.getElementById("said").textContent = text;
  }

  async function step(by) {
    const { view, units } = here();
    if (view !== "feature" || units.length !== 1) return;
    const [unit] = units;
    location.hash = routes.feature(unit.run, (await monosem.dictionary.open(unit.run)).step(unit.feature, by));
  }

  const toTable = () => { location.hash = routes.table(here().run ?? runs[0]); };
  const find = () => {
    if (here().view === "table") document.getElementById("find").focus();
    else toTable();
  };
  const more = () => {
    const buttons = [...document.querySelectorAll(".more")];
    const open = buttons.some((button) => button.getAttribute("aria-expanded") === "false");
    buttons.filter((button) => button.getAttribute("aria-expanded") === String(!open)).forEach((button) => button.click());
  };

  const button = (label, key, action) => el("button", { type: "button", title: `${label} (${key})`, onclick: action }, label);
  document.getElementById("tools").append(
    el("span", { id: "said", class: "quiet", role: "status" }),
    button("Random", "r", random), button("Compare", "c", compare), button("Help", "?", monosem.help.open));
  monosem.keys.listen({
    "/": find, "?": monosem.help.open, r: random, c: compare, t: toTable, m: more,
    n: () => step(1), p: () => step(-1), o: () => { location.hash = "#/"; },
  });
  window.addEventListener("hashchange", show);
  await show();
  document.body.dataset.ready = "yes";
})();
