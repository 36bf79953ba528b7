"use strict";
// One dictionary's data: numbers of all features at once, texts and details in shards.
monosem.dictionary = (() => {
  const opened = new Map();
  let sizes = {};

  class Dictionary {
    constructor(run, table) {
      this.run = run;
      this.facts = table;
      this.n = table.n;
      this.status = Uint8Array.from(table.status);
      this.columns = { feature: Float64Array.from({ length: this.n }, (_, row) => row) };
      for (const [name, values] of Object.entries(table.columns)) {
        this.columns[name] = Float64Array.from(values, (value) => value ?? NaN);
      }
      this.rows = []; // texts of each feature: explanation, fires on, promotes
      this.searched = []; // the same in one lower-case line
      this.shown = null; // rows of the table as last sorted and filtered
    }

    async loadTexts(row) {
      const first = Math.floor(row / sizes.texts) * sizes.texts;
      if (this.rows[first]) return;
      const shard = await monosem.load(`${folder(this.run)}/texts-${first / sizes.texts}.js`);
      shard.forEach((texts, k) => {
        this.rows[first + k] = texts;
        this.searched[first + k] = `${texts.join(" ")} ${first + k}`.toLowerCase();
      });
    }

    async loadAllTexts() {
      const firsts = Array.from({ length: Math.ceil(this.n / sizes.texts) }, (_, k) => k * sizes.texts);
      await Promise.all(firsts.map((first) => this.loadTexts(first)));
    }

    // The feature that comes before or after another, in the order of the table.
    step(feature, by) {
      const rows = this.shown;
      const place = rows ? rows.indexOf(feature) : -1;
      if (place < 0) return (feature + by + this.n) % this.n;
      return rows[(place + by + rows.length) % rows.length];
    }

    random() {
      const rows = this.shown?.length ? this.shown : null;
      return rows ? rows[Math.floor(Math.random() * rows.length)] : Math.floor(Math.random() * this.n);
    }
  }

  const folder = (run) => `data/${run.split("/").map(encodeURIComponent).join("/")}`;

  async function open(run) {
    if (!opened.has(run)) opened.set(run, new Dictionary(run, await monosem.load(`${folder(run)}/table.js`)));
    return opened.get(run);
  }

  async function details(run, feature) {
    const shard = await monosem.load(`${folder(run)}/features-${Math.floor(feature / sizes.features)}.js`);
    return shard[feature % sizes.features];
  }

  const vocabulary = () => monosem.load("text/vocabulary.js");

  async function context(number) {
    const shard = await monosem.load(`text/contexts-${Math.floor(number / sizes.contexts)}.js`);
    return shard[number % sizes.contexts];
  }

  return { open, details, vocabulary, context, Dictionary, configure: (given) => { sizes = given; } };
})();
