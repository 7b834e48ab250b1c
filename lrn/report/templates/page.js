"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const table = get("claims");
  const claims = table ? [...table.tBodies] : [];

  // Light, dark, or as the system says; remembered where the browser allows it.
  const themes = ["auto", "light", "dark"];
  const button = get("theme");
  const setTheme = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.lastElementChild.textContent = name;
  };
  let theme = "auto";
  try {
    theme = localStorage.getItem("theme") || "auto";
  } catch { /* a page from a file may have no storage */ }
  if (!themes.includes(theme)) theme = "auto";
  setTheme(theme);
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    setTheme(theme);
    try {
      localStorage.setItem("theme", theme);
    } catch { /* it then lasts as long as the page */ }
  });
  if (!table) return;

  const open = (claim, show) => {
    claim.rows[1].hidden = !show;
    claim.querySelector(".toggle").setAttribute("aria-expanded", String(show));
  };
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tr.row");
    if (!row || event.target.closest("a") || String(getSelection())) return;
    const claim = row.parentElement;
    open(claim, claim.rows[1].hidden);
  });

  const search = get("search"), verdict = get("by-verdict"), group = get("by-group");
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const claim of claims) {
      const fits = words.every((word) => claim.dataset.text.includes(word))
        && (!verdict.value || claim.dataset.verdicts.split(" ").includes(verdict.value))
        && (!group.value || claim.dataset.group === group.value);
      claim.hidden = !fits;
      shown += fits;
    }
    get("shown").textContent = shown === claims.length ? `${shown} claims` : `${shown} of ${claims.length} claims`;
    get("none").hidden = shown > 0;
  };
  const reset = () => {
    search.value = verdict.value = group.value = "";
    filter();
  };
  search.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  group.addEventListener("change", filter);
  get("reset").addEventListener("click", () => {
    reset();
    search.focus();
  });

  const all = get("open-all");
  all.addEventListener("click", () => {
    const show = all.textContent === "Open all";
    for (const claim of claims) if (!claim.hidden) open(claim, show);
    all.textContent = show ? "Close all" : "Open all";
  });

  for (const sorter of table.querySelectorAll(".sort")) {
    sorter.addEventListener("click", () => {
      const heading = sorter.closest("th");
      const rising = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const key = sorter.dataset.key;
      const place = (claim) => Number(claim.dataset.place);
      const value = (claim) => Number(claim.dataset[key]);
      const sorted = [...claims].sort((a, b) => (rising ? 1 : -1) * (value(a) - value(b)) || place(a) - place(b));
      table.append(...sorted);
    });
  }

  const follow = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.classList.contains("claim")) {
      if (target.hidden) reset();
      open(target, true);
      target.scrollIntoView();
      target.querySelector(".toggle").focus({ preventScroll: true });
    }
  };
  addEventListener("hashchange", follow);
  follow();
})();
