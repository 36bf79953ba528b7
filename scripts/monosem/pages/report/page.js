"use strict";
// Filters of the scoreboard, kept in the address; without this script all rows are shown.
(() => {
  const PREFIX = "#findings?";
  const form = document.getElementById("filters");
  const { verdict, part, find } = form.elements;
  const controls = { verdict, part, find };
  const count = form.querySelector("output");
  const rows = [...document.querySelectorAll("#findings tbody tr")].map((node) => ({
    node, verdict: node.dataset.verdict, part: node.dataset.part, place: node.dataset.place,
    text: `${node.id} ${node.textContent}`.toLowerCase().replace(/\s+/g, " "),
  }));

  function show() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = (!verdict.value || row.verdict === verdict.value)
        && (!part.value || [row.part, row.place].includes(part.value))
        && words.every((word) => row.text.includes(word));
      row.node.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} findings`;
  }

  function write() {
    const state = new URLSearchParams(Object.entries(controls).map(([name, { value }]) => [name, value]).filter(([, value]) => value));
    history.replaceState(null, "", state.size ? PREFIX + state : "#findings");
  }

  function set(state) {
    for (const [name, control] of Object.entries(controls)) {
      control.value = state.get(name) ?? "";
      if (control.selectedIndex === -1) control.value = ""; // an address may ask for what there is not
    }
    show();
  }

  // An address with filters sets them; one of a finding that they hide takes them away.
  function follow() {
    if (location.hash.startsWith(PREFIX)) {
      set(new URLSearchParams(location.hash.slice(PREFIX.length)));
      document.getElementById("findings").scrollIntoView();
      return;
    }
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.hidden) {
      set(new URLSearchParams());
      target.scrollIntoView();
    }
  }

  const change = () => { show(); write(); };
  form.addEventListener("input", change);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => { event.preventDefault(); set(new URLSearchParams()); write(); });
  window.addEventListener("hashchange", follow);
  document.addEventListener("keydown", (event) => {
    const writing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      find.focus();
    } else if (event.key === "Escape" && event.target === find) {
      find.value = "";
      change();
    }
  });
  form.hidden = false;
  show();
  follow();
})();
