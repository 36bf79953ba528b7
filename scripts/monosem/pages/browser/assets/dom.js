"use strict";
// Elements from text that is never read as HTML, and numbers as they are shown.
monosem.dom = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(2).filter((child) => child != null && child !== ""));
    return node;
  }

  const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  function number(value, digits = 3) {
    if (value == null || Number.isNaN(value)) return "–";
    if (Number.isInteger(value)) return value.toLocaleString("en");
    return Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(digits)));
  }

  const percent = (share) => (share == null || Number.isNaN(share) ? "–" : `${number(100 * share, 2)} %`);
  const megabytes = (bytes) => `${number(bytes / 2 ** 20, 2)} MiB`;

  return { el, svg, number, percent, megabytes };
})();
