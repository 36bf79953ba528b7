"use strict";
// The table of all features of a dictionary: sorted, filtered, searched.
monosem.table = (() => {
  const { el, number, percent } = monosem.dom;
  const { order, routes } = monosem;
  const WAIT = 120; // milliseconds of quiet before a search, a new address, and texts of rows that have come in sight

  const NUMBERS = {
    score: ["Score", "Spearman correlation of the activations that the explanation predicts with the true ones", number],
    llm: ["LLM score", "The same, of a language model's explanation, by simulation", number],
    density: ["Active", "Share of held-out tokens that it is active on", percent],
    max: ["Highest", "Highest activation on held-out text", number],
    match: ["Match", "Correlation with the best match in the other model", number],
  };

  function columnsOf(dictionary) {
    const text = (place) => (row) => dictionary.rows[row]?.[place] ?? "…";
    const link = (row) => el("a", { href: routes.feature(dictionary.run, row), tabindex: -1 }, String(row));
    const columns = [
      { name: "feature", label: "No.", title: "Number of the feature", sortable: true, cell: link },
      { name: "explanation", label: "Explanation", title: "What it responds to", cell: text(0) },
      { name: "fires", label: "Fires on", title: "Tokens with most of its activation", cell: text(1) },
      { name: "promotes", label: "Promotes", title: "Tokens whose logits it raises most", cell: text(2) },
    ];
    for (const [name, [label, title, shown]] of Object.entries(NUMBERS)) {
      const values = dictionary.columns[name];
      if (values) columns.push({ name, label, title, sortable: true, cell: (row) => shown(values[row]) });
    }
    return columns;
  }

  // Calls of `action` that follow each other closely become one.
  function quietly(action) {
    let timer = null;
    const later = (...given) => { clearTimeout(timer); timer = setTimeout(() => action(...given), WAIT); };
    later.cancel = () => clearTimeout(timer);
    return later;
  }

  // `changed` is told how the table is sorted and filtered.
  function make(dictionary, settings, changed) {
    const state = { find: settings.find ?? "", status: settings.status ?? "", sort: settings.sort ?? "" };
    const count = el("output", { class: "quiet", role: "status" });
    const find = el("input", {
      type: "search", id: "find", placeholder: "words, tokens, score>0.8", "aria-label": "find features", autocomplete: "off", spellcheck: "false",
      oninput: () => search(),
    });
    const statuses = dictionary.facts.statuses.map((name) => el("option", { value: name }, name.replaceAll("_", " ")));
    const status = el("select", { "aria-label": "status of the score", onchange: () => set({ status: status.value }) },
      el("option", { value: "" }, "all"), statuses);
    const grid = new monosem.grid.Grid(`${dictionary.facts.kind} of ${dictionary.run}`, columnsOf(dictionary), {
      open: (row) => { location.hash = routes.feature(dictionary.run, row); },
      sort: (name) => set({ sort: state.sort === `-${name}` ? name : `-${name}` }),
      seen: (rows) => fetch(rows),
    });
    const search = quietly(() => set({ find: find.value }));
    const tell = quietly(() => changed(state));
    const fetch = quietly(fetchTexts);
    let drawn = 0; // of the newest request to draw

    function set(change) {
      Object.assign(state, change);
      tell();
      return draw();
    }

    async function fetchTexts(rows) {
      const missing = [...rows].filter((row) => !dictionary.rows[row]);
      if (!missing.length) return;
      await Promise.all(missing.map((row) => dictionary.loadTexts(row)));
      grid.later();
    }

    function sortBy() {
      const name = state.sort.replace(/^-/, "");
      return dictionary.columns[name] ? { name, descending: state.sort.startsWith("-") } : { name: "feature", descending: false };
    }

    async function draw() {
      const turn = ++drawn;
      const { words, limits } = order.parse(state.find);
      const unknown = limits.filter(({ column }) => !dictionary.columns[column]);
      if (words.length && dictionary.searched.length < dictionary.n) count.textContent = "reading texts …";
      if (words.length) await dictionary.loadAllTexts();
      if (turn !== drawn) return;
      const tests = limits.filter(({ column }) => dictionary.columns[column]).map((limit) => order.within(dictionary.columns[limit.column], limit));
      if (state.status) {
        const wanted = dictionary.facts.statuses.indexOf(state.status);
        tests.push((row) => dictionary.status[row] === wanted);
      }
      tests.push(...words.map((word) => order.containing(dictionary.searched, word)));
      const by = sortBy();
      dictionary.shown = order.sorted(order.matching(dictionary.n, tests), dictionary.columns[by.name], by.descending);
      grid.show(dictionary.shown, by);
      count.textContent = unknown.length
        ? `no column ${unknown[0].column}; there are ${Object.keys(dictionary.columns).join(", ")}`
        : `${number(dictionary.shown.length)} of ${number(dictionary.n)} ${dictionary.facts.kind}`;
    }

    find.value = state.find;
    status.value = state.status;
    const node = el("section", { class: "table-view", "aria-label": `table of ${dictionary.run}` },
      el("h1", { class: "unseen" }, `${dictionary.facts.kind} of ${dictionary.run}`),
      el("form", { role: "search", class: "bar", onsubmit: (event) => { event.preventDefault(); grid.node.focus(); } },
        find, el("label", {}, "Show ", status), count),
      grid.node);
    const close = () => { [search, tell, fetch].forEach((timer) => timer.cancel()); grid.close(); };
    return { node, grid, draw, close };
  }

  return { make };
})();
