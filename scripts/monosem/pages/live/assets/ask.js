"use strict";
// Questions to the server. A newer question of a kind makes the older one void: its answer is null.
monosem.asking = (() => {
  const WAIT = 250; // milliseconds of quiet before a question
  const asked = new Map(); // the newest question of each kind
  const wrong = new Map(); // messages

  const drop = (address) => asked.get(address)?.abort();

  async function ask(address, body) {
    drop(address);
    const control = new AbortController();
    asked.set(address, control);
    try {
      const headers = { "Content-Type": "application/json" };
      const how = body ? { method: "POST", headers, body: JSON.stringify(body) } : {};
      const reply = await fetch(address, { ...how, signal: control.signal });
      const found = await reply.json();
      if (!reply.ok) throw new Error(found.error);
      return found;
    } catch (error) {
      if (error.name === "AbortError") return null;
      if (error instanceof TypeError) throw new Error("The server does not answer. Is it still running?");
      throw error;
    }
  }

  // Calls of `action` that follow each other closely become one.
  function quietly(action) {
    let timer = null;
    return () => { clearTimeout(timer); timer = setTimeout(action, WAIT); };
  }

  // What goes wrong is said on the page, until the same goes well.
  async function telling(what, action) {
    try {
      await action();
      wrong.delete(what);
    } catch (error) {
      wrong.set(what, error.message);
    }
    document.getElementById("warning").textContent = [...new Set(wrong.values())].join(" ");
  }

  return { ask, drop, quietly, telling };
})();
