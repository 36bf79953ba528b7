"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);
const canvas = element("map");
const pen = canvas.getContext("2d");
const n = data.x.length;
const MOST_LISTED = 40;
const children = Array.from({ length: n }, () => []);
data.parent.forEach((parent, i) => { if (parent >= 0) children[parent].push(i); });
const text = data.x.map((_, i) => [name(i), data.category[i], ...data.groups[i], ...data.tokens[i], data.text[i]]
  .join("\n").toLowerCase());
const order = data.x.map((_, i) => i).sort((a, b) => data.dictionary[b] - data.dictionary[a]); // the narrow on top
const shown = data.dictionaries.map(() => true);
let hovered = -1, kept = -1, found = null; // places of points; found: the set that a search found
let view = { x: 0, y: 0, scale: 1 }; // of the map at the canvas' centre, and pixels a unit

function name(i) {
  return `${data.dictionaries[data.dictionary[i]].name}/${data.feature[i]}`;
}

function colour(i) {
  return data.dictionaries[data.dictionary[i]].colour;
}

function make(tag, properties, ...content) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...content);
  return made;
}

function dot(colour) {
  const made = make("span", { className: "dot" });
  made.style.background = colour;
  return made;
}

function fit() {
  const low = (values) => values.reduce((a, b) => Math.min(a, b)), high = (values) => values.reduce((a, b) => Math.max(a, b));
  const [left, right, bottom, top] = [low(data.x), high(data.x), low(data.y), high(data.y)];
  const width = Math.max(right - left, 1e-6), height = Math.max(top - bottom, 1e-6);
  const scale = 0.94 * Math.min(canvas.clientWidth / width, canvas.clientHeight / height);
  view = { x: (left + right) / 2, y: (bottom + top) / 2, scale };
}

function at(i) {
  return [canvas.clientWidth / 2 + (data.x[i] - view.x) * view.scale,
    canvas.clientHeight / 2 - (data.y[i] - view.y) * view.scale];
}

// The tree that a feature stands in: its ancestors, and all that comes of it.
function family(i) {
  const members = [];
  for (let up = data.parent[i]; up >= 0; up = data.parent[up]) members.push(up);
  const waiting = [i];
  while (waiting.length) {
    const next = waiting.pop();
    members.push(next);
    waiting.push(...children[next]);
  }
  return new Set(members);
}

function line(i) {
  const parent = data.parent[i];
  if (parent < 0 || !shown[data.dictionary[i]] || !shown[data.dictionary[parent]]) return;
  pen.moveTo(...at(i));
  pen.lineTo(...at(parent));
}

function point(i, radius) {
  const [x, y] = at(i);
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  const style = getComputedStyle(document.body);
  const chosen = kept >= 0 ? kept : hovered;
  const own = chosen >= 0 ? family(chosen) : new Set();
  pen.strokeStyle = style.getPropertyValue("--quiet");
  if (element("families").checked) {
    pen.globalAlpha = 0.25;
    pen.lineWidth = 0.5;
    pen.beginPath();
    for (let i = 0; i < n; i++) line(i);
    pen.stroke();
  }
  for (const i of order) {
    if (!shown[data.dictionary[i]]) continue;
    const isFound = found === null || found.has(i);
    pen.globalAlpha = isFound ? 0.75 : 0.08;
    pen.fillStyle = colour(i);
    point(i, (found !== null && isFound ? 3.5 : 1.8) + 0.7 * (data.dictionaries.length - 1 - data.dictionary[i]));
  }
  pen.globalAlpha = 1;
  pen.lineWidth = 1.2;
  pen.strokeStyle = style.getPropertyValue("--ink");
  pen.beginPath();
  for (const i of own) line(i);
  pen.stroke();
  for (const i of own) {
    if (!shown[data.dictionary[i]]) continue;
    pen.fillStyle = colour(i);
    point(i, i === chosen ? 6.5 : 4.5);
    pen.stroke();
  }
}

function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function entry(i) {
  const label = [dot(colour(i)), `${name(i)} `, make("span", { className: "quiet" }, data.tokens[i].join(" "))];
  return make("button", { type: "button", onclick: () => keep(i) }, ...label);
}

function list(title, members) {
  if (!members.length) return [];
  const entries = members.slice(0, MOST_LISTED).map(entry);
  const rest = members.length > MOST_LISTED ? [`and ${members.length - MOST_LISTED} more`] : [];
  return [make("h3", {}, `${title} (${members.length})`), make("div", { className: "list" }, ...entries, ...rest)];
}

function describe(i) {
  const width = data.dictionaries[data.dictionary[i]].width.toLocaleString("en");
  const parts = [make("h2", {}, dot(colour(i)), name(i)), make("div", { className: "quiet" },
    `of ${width} features; active on ${data.n_active[i].toLocaleString("en")} tokens`)];
  parts.push(make("h3", {}, "Fires most on"), make("div", {}, ...data.tokens[i].map((token) => make("bdi", {}, token))));
  parts.push(make("div", {}, `${percent(data.category_share[i])} in ${data.category[i]}`));
  if (data.groups[i].length) parts.push(make("div", {}, `group: ${data.groups[i].join(", ")}`));
  if (data.text[i]) parts.push(make("h3", {}, "Explanation"), make("div", {}, data.text[i]));
  const kin = `kin: ${data.n_narrow_kin[i]} in the next narrower dictionary, ${data.n_wide_kin[i]} in the next wider`;
  parts.push(make("div", { className: "quiet" }, kin));
  const parent = data.parent[i];
  if (parent >= 0) parts.push(...list(`Parent, cosine ${data.parent_cosine[i]}`, [parent]));
  parts.push(...list("Children", children[i]));
  const same = data.cluster[i] < 0 ? [] : data.cluster.flatMap((c, j) => (c === data.cluster[i] && j !== i ? [j] : []));
  parts.push(...list(`Others of cluster ${data.cluster[i]}`, same));
  return parts;
}

function show() {
  const chosen = kept >= 0 ? kept : hovered;
  if (chosen >= 0) element("panel").replaceChildren(...describe(chosen));
  else if (found !== null && found.size) element("panel").replaceChildren(...list("Found", [...found]));
  else element("panel").replaceChildren(make("p", { className: "quiet" }, "No feature chosen yet."));
  draw();
}

function keep(i) {
  kept = i;
  show();
}

function nearestTo(event) {
  const box = canvas.getBoundingClientRect();
  let best = -1, least = 100; // square of the farthest distance, pixels
  for (let i = 0; i < n; i++) {
    if (!shown[data.dictionary[i]] || (found !== null && !found.has(i))) continue;
    const [x, y] = at(i);
    const distance = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function search() {
  const wanted = element("search").value.trim().toLowerCase();
  found = wanted ? new Set(text.flatMap((own, i) => (own.includes(wanted) ? [i] : []))) : null;
  element("status").textContent = found === null ? "" : `${found.size.toLocaleString("en")} found`;
  kept = hovered = -1;
  show();
}

let grip = null; // where a drag began, and the view then
canvas.addEventListener("pointerdown", (event) => {
  grip = { x: event.clientX, y: event.clientY, view: { ...view }, moved: false };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  if (grip) {
    const [x, y] = [event.clientX - grip.x, event.clientY - grip.y];
    grip.moved = grip.moved || Math.hypot(x, y) > 3;
    view = { ...view, x: grip.view.x - x / view.scale, y: grip.view.y + y / view.scale };
    if (grip.moved) return draw();
  }
  const i = nearestTo(event);
  if (i === hovered) return;
  hovered = i;
  if (kept < 0) show();
});
canvas.addEventListener("pointerup", (event) => {
  const moved = grip && grip.moved;
  grip = null;
  if (!moved) keep(nearestTo(event));
});
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  const x = event.clientX - box.left - canvas.clientWidth / 2, y = canvas.clientHeight / 2 - event.clientY + box.top;
  const factor = Math.exp(-0.0015 * event.deltaY);
  view = { x: view.x + x / view.scale * (1 - 1 / factor), y: view.y + y / view.scale * (1 - 1 / factor),
    scale: view.scale * factor };
  draw();
}, { passive: false });
canvas.addEventListener("dblclick", () => { fit(); draw(); });
element("search").addEventListener("input", search);
element("families").addEventListener("change", draw);
data.dictionaries.forEach((dictionary, d) => {
  const box = make("input", { type: "checkbox", checked: true, onchange: (event) => { shown[d] = event.target.checked; draw(); } });
  const count = data.dictionary.filter((own) => own === d).length.toLocaleString("en");
  element("widths").append(make("label", {}, box, dot(dictionary.colour), `${dictionary.name} (${count}) `));
});
window.addEventListener("resize", draw);
fit();
draw();
