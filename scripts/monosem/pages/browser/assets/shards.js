"use strict";
// Data come as scripts, because a page opened from disk may load nothing else. Each calls `monosem.receive`.
const monosem = (() => {
  const KEPT = 256; // shards in memory
  const promises = new Map();
  const waiting = new Map();

  function load(path) {
    if (!promises.has(path)) {
      promises.set(path, request(path));
      if (promises.size > KEPT) promises.delete(promises.keys().next().value);
    }
    return promises.get(path);
  }

  function request(path) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = path;
      script.addEventListener("load", () => script.remove());
      script.addEventListener("error", () => {
        promises.delete(path);
        script.remove();
        reject(new Error(`${path} cannot be read. Was the browser's folder copied as a whole?`));
      });
      waiting.set(script, resolve);
      document.head.append(script);
    });
  }

  function receive(data) {
    waiting.get(document.currentScript)(data);
    waiting.delete(document.currentScript);
  }

  return { load, receive };
})();
