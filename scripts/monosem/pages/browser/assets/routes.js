"use strict";
// Addresses: #/ · #/A/mlp_post/relu-w2048?find=god&sort=-score · #/A/mlp_post/relu-w2048/12 · .../12/beside/B/mlp_post/neurons/3
monosem.routes = (() => {
  const encoded = (run) => run.split("/").map(encodeURIComponent).join("/");
  const table = (run, settings = {}) => {
    const query = new URLSearchParams(Object.entries(settings).filter(([, value]) => value));
    return `#/${encoded(run)}${query.size ? `?${query}` : ""}`;
  };
  const feature = (run, number) => `#/${encoded(run)}/${number}`;
  const beside = (left, right) => `${feature(left.run, left.feature)}/beside/${feature(right.run, right.feature).slice(2)}`;

  function unit(parts) {
    return { run: parts.slice(0, 3).join("/"), feature: Number(parts[3]) };
  }

  function read(hash) {
    const [path, query] = hash.replace(/^#?\/?/, "").split("?");
    const parts = path.split("/").filter(Boolean).map(decoded);
    if (parts.length < 3) return { view: "overview" };
    if (parts.length === 3) {
      return { view: "table", run: parts.join("/"), settings: Object.fromEntries(new URLSearchParams(query)) };
    }
    const units = parts.length >= 9 && parts[4] === "beside" ? [unit(parts), unit(parts.slice(5))] : [unit(parts)];
    return { view: "feature", run: units[0].run, units };
  }

  function decoded(part) {
    try {
      return decodeURIComponent(part);
    } catch (error) {
      if (error instanceof URIError) return part;
      throw error;
    }
  }

  return { table, feature, beside, read };
})();
