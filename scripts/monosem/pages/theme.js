"use strict";
// Light or dark as the system has it, until the button `theme` says otherwise; kept only while it differs.
(() => {
  const KEY = "monosem-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const ofSystem = () => (system.matches ? "dark" : "light");
  const shown = () => root.dataset.theme ?? ofSystem();
  const other = () => (shown() === "dark" ? "light" : "dark");

  // A browser may refuse storage to pages from disk; then the choice lasts as long as the page.
  function stored(use) {
    try {
      return use(localStorage);
    } catch {
      return null;
    }
  }

  function choose(theme) {
    if (theme === ofSystem()) delete root.dataset.theme;
    else root.dataset.theme = theme;
  }

  const kept = stored((storage) => storage.getItem(KEY));
  if (kept === "light" || kept === "dark") choose(kept);

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const label = () => { button.textContent = other() === "dark" ? "Dark" : "Light"; };
    button.hidden = false;
    label();
    system.addEventListener("change", label);
    button.addEventListener("click", () => {
      choose(other());
      stored((storage) => (root.dataset.theme ? storage.setItem(KEY, root.dataset.theme) : storage.removeItem(KEY)));
      label();
    });
  });
})();
