"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const stored = "monosem-rating-" + data.page;
const element = (id) => document.getElementById(id);
let state = { rater: "", at: 0, ratings: {} };
let part = 0; // place of the framed part

function warn(text) {
  element("warning").textContent = text;
}

function load() {
  try {
    state = JSON.parse(localStorage.getItem(stored)) || state;
  } catch {
    warn("This browser keeps nothing for this page: save your ratings as CSV before you close it.");
  }
}

function keep() {
  try {
    localStorage.setItem(stored, JSON.stringify(state));
  } catch {
    warn("This browser keeps nothing for this page: save your ratings as CSV before you close it.");
  }
}

// Items are numbered from 1 in files, from 0 here.
function rating(item) {
  return state.ratings[item + 1] || {};
}

function isOpen(name, points) {
  const before = points[data.before.name];
  return name !== data.bonus || (before !== undefined && before < data.before.highest);
}

function isComplete(points) {
  const needed = data.parts.filter((p) => p.name !== data.bonus || points[data.before.name] !== data.before.highest);
  return needed.every((p) => points[p.name] !== undefined);
}

function give(name, value) {
  const points = { ...rating(state.at) };
  if (value === undefined) delete points[name];
  else points[name] = value;
  if (name === data.parts[0].name && value === 0)
    for (const other of data.parts) if (points[other.name] === undefined) points[other.name] = 0;
  if (!isOpen(data.bonus, points)) delete points[data.bonus];
  state.ratings[state.at + 1] = points;
  keep();
}

function move(step) {
  const points = rating(state.at);
  let place = part + step;
  while (place >= 0 && place < data.parts.length && !isOpen(data.parts[place].name, points)) place += step;
  if (place >= 0 && place < data.parts.length) part = place;
}

function go(item) {
  state.at = Math.max(0, Math.min(data.items.length - 1, item));
  part = 0;
  keep();
  show();
  scrollTo(0, 0);
}

function goToUnfinished() {
  const n = data.items.length;
  for (let step = 1; step <= n; step++) {
    const item = (state.at + step) % n;
    if (!isComplete(rating(item))) return go(item);
  }
  element("status").textContent = "All items are rated. Save them as CSV.";
}

function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function token(pieces, shade, isCentre) {
  const made = make("bdi", isCentre ? { className: "centre" } : {});
  for (const [text, isMark] of pieces) made.append(isMark ? make("i", {}, text) : text);
  if (shade > 0) made.style.setProperty("--a", (0.08 + 0.52 * shade).toFixed(2));
  return made;
}

function showExamples(item) {
  const rows = item.windows.map(({ tokens, centre }) =>
    make("div", { className: "window" }, ...tokens.map(([pieces, shade], i) => token(pieces, shade, i === centre))));
  element("windows").replaceChildren(...rows);
  element("promoted").replaceChildren(...item.promoted.map((pieces) => token(pieces, 0, false)));
}

function fieldset(place, points) {
  const { name, title, highest, question, lowest_means, highest_means } = data.parts[place];
  const scale = make("div", { className: "scale" }, make("span", { className: "quiet" }, lowest_means));
  for (let value = 0; value <= highest; value++) {
    const button = make("button", { type: "button", onclick: () => choose(place, value) }, String(value));
    button.setAttribute("aria-pressed", String(points[name] === value));
    scale.append(button);
  }
  scale.append(make("span", { className: "quiet" }, highest_means));
  const legend = make("legend", {}, `${title} 0–${highest}`);
  const made = make("fieldset", { disabled: !isOpen(name, points) }, legend, make("div", {}, question), scale);
  made.className = place === part ? "now" : "";
  made.dataset.part = name;
  return made;
}

function show() {
  const points = rating(state.at);
  const finished = data.items.filter((_, item) => isComplete(rating(item))).length;
  element("place").textContent = `Item ${state.at + 1} of ${data.items.length}`;
  element("status").textContent = `${finished} rated` + (isComplete(points) ? ", this one too: Enter for the next" : "");
  element("progress").value = finished;
  element("interpretation").value = points.interpretation || "";
  element("parts").replaceChildren(...data.parts.map((_, place) => fieldset(place, points)));
  const given = data.parts.map((p) => points[p.name]).filter((value) => value !== undefined);
  element("total").textContent = given.length ? given.reduce((sum, value) => sum + value, 0) : "–";
  showExamples(data.items[state.at]);
}

function choose(place, value) {
  part = place;
  give(data.parts[place].name, value);
  if (value !== undefined) move(1);
  show();
}

function field(value) {
  const text = value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv() {
  const names = [...data.parts.map((p) => p.name), "interpretation"];
  const lines = [["page", "rater", "item", ...names]];
  for (const item of Object.keys(state.ratings).map(Number).sort((a, b) => a - b)) {
    const points = state.ratings[item];
    if (names.some((name) => points[name] !== undefined && points[name] !== ""))
      lines.push([data.page, state.rater, item, ...names.map((name) => points[name])]);
  }
  return lines.map((line) => line.map(field).join(",") + "\r\n").join("");
}

function save() {
  state.rater = element("rater").value.trim();
  if (!state.rater) {
    warn("Write your name or initials first: they tell your file from others.");
    return element("rater").focus();
  }
  warn("");
  const address = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  const plain = state.rater.replaceAll(/[^\p{L}\p{N}]+/gu, "-");
  make("a", { href: address, download: `ratings-${plain}-${data.page}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("textarea, input")) {
    if (event.key === "Escape" || (event.key === "Enter" && event.target.matches("input"))) event.target.blur();
    return;
  }
  if (event.target.matches("button, summary") && (event.key === "Enter" || event.key === " ")) return;
  if (/^[0-9]$/.test(event.key)) {
    if (Number(event.key) <= data.parts[part].highest) choose(part, Number(event.key));
    return;
  }
  const actions = {
    ArrowUp: () => (move(-1), show()),
    ArrowDown: () => (move(1), show()),
    ArrowLeft: () => go(state.at - 1),
    ArrowRight: () => go(state.at + 1),
    Enter: goToUnfinished,
    Backspace: () => choose(part, undefined),
    i: () => element("interpretation").focus(),
    s: save,
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
}

load();
element("rater").value = state.rater;
element("rater").oninput = () => { state.rater = element("rater").value.trim(); keep(); };
element("interpretation").oninput = () => give("interpretation", element("interpretation").value || undefined);
element("previous").onclick = () => go(state.at - 1);
element("next").onclick = () => go(state.at + 1);
element("export").onclick = save;
element("guide").open = Object.keys(state.ratings).length === 0;
document.addEventListener("keydown", onKey);
show();
