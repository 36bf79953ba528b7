"use strict";
// A grid that holds any number of rows, and elements of those in sight only.
monosem.grid = (() => {
  const { el } = monosem.dom;
  const BEYOND = 4; // rows drawn above and below those in sight
  let made = 0;

  class Grid {
    // columns: {name, label, title, numeric, sortable, cell(row)}; on: {open(row), sort(name), seen(first, last)}
    constructor(label, columns, on) {
      this.columns = columns;
      this.on = on;
      this.rows = new Uint32Array(0);
      this.active = 0;
      this.id = `grid-${made++}`;
      this.head = el("div", { role: "row", "aria-rowindex": 1, class: "grid-row" }, columns.map((column) => this.header(column)));
      this.body = el("div", { role: "rowgroup", class: "grid-body" });
      this.node = el(
        "div",
        {
          role: "grid", tabindex: 0, "aria-label": label, "aria-colcount": columns.length, class: "grid",
          onscroll: () => this.later(), onkeydown: (event) => this.key(event), onclick: (event) => this.click(event),
          onfocus: () => this.draw(),
        },
        el("div", { role: "rowgroup", class: "grid-head" }, this.head),
        this.body,
      );
      this.resized = new ResizeObserver(() => this.later());
      this.resized.observe(this.node);
    }

    header(column) {
      const inside = column.sortable
        ? el("button", { type: "button", title: column.title, onclick: () => this.on.sort(column.name) }, column.label)
        : column.label;
      const about = { role: "columnheader", class: `cell ${column.name}`, "data-column": column.name, title: column.title };
      return el("div", about, inside);
    }

    show(rows, { name, descending }) {
      this.rows = rows;
      this.active = 0;
      this.node.setAttribute("aria-rowcount", rows.length + 1);
      for (const header of this.head.children) {
        if (header.dataset.column === name) header.setAttribute("aria-sort", descending ? "descending" : "ascending");
        else header.removeAttribute("aria-sort");
      }
      this.node.scrollTop = 0;
      this.draw();
    }

    get height() {
      return parseFloat(getComputedStyle(this.node).getPropertyValue("--row")) || 32;
    }

    later() {
      if (!this.waiting) this.waiting = requestAnimationFrame(() => this.draw());
    }

    draw() {
      this.waiting = null;
      const height = this.height;
      const first = Math.max(0, Math.floor(this.node.scrollTop / height) - BEYOND);
      const last = Math.min(this.rows.length, Math.ceil((this.node.scrollTop + this.node.clientHeight) / height) + BEYOND);
      this.body.style.height = `${this.rows.length * height}px`;
      this.body.replaceChildren(...Array.from({ length: Math.max(0, last - first) }, (_, k) => this.row(first + k, height)));
      const active = document.getElementById(`${this.id}-${this.active}`);
      if (active) this.node.setAttribute("aria-activedescendant", active.id);
      else this.node.removeAttribute("aria-activedescendant");
      if (last > first) this.on.seen(this.rows.subarray(first, last));
    }

    row(place, height) {
      const row = this.rows[place];
      const node = el(
        "div",
        {
          role: "row", id: `${this.id}-${place}`, "aria-rowindex": place + 2, "aria-selected": place === this.active ? "true" : "false",
          class: "grid-row", "data-place": place,
        },
        this.columns.map((column) => el("div", { role: "gridcell", class: `cell ${column.name}` }, column.cell(row))),
      );
      node.style.top = `${place * height}px`;
      return node;
    }

    click(event) {
      const row = event.target.closest("[data-place]");
      if (row && !event.target.closest("a")) this.on.open(this.rows[row.dataset.place]);
    }

    move(place) {
      const height = this.height;
      this.active = Math.max(0, Math.min(this.rows.length - 1, place));
      const head = this.head.offsetHeight;
      const top = this.active * height;
      const room = this.node.clientHeight - head - height;
      if (top < this.node.scrollTop) this.node.scrollTop = top;
      if (top > this.node.scrollTop + room) this.node.scrollTop = top - room;
      this.draw();
    }

    key(event) {
      const onButton = event.target.closest("button");
      if (event.ctrlKey || event.metaKey || event.altKey || (onButton && event.key === "Enter")) return;
      const page = Math.max(1, Math.floor(this.node.clientHeight / this.height) - 2);
      const places = {
        ArrowDown: this.active + 1, ArrowUp: this.active - 1, j: this.active + 1, k: this.active - 1,
        PageDown: this.active + page, PageUp: this.active - page, Home: 0, End: this.rows.length - 1,
      };
      if (event.key === "Enter" && this.rows.length) this.on.open(this.rows[this.active]);
      else if (event.key in places) this.move(places[event.key]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    close() {
      this.resized.disconnect();
    }
  }

  return { Grid };
})();
