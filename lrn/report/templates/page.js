"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

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

  // Without a script every statement is open to see; with one, chapters are folded.
  const chapters = all("details.chapter");
  for (const chapter of chapters) chapter.open = false;
  for (const menu of all(".menu")) menu.addEventListener("click", (event) => {
    if (event.target.closest("a")) menu.open = false;
  });

  // On paper everything is open.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open]):not(.menu)");
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });

  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  for (const copy of all(".copy")) copy.hidden = false;
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest(".copy");
    if (!copy) return;
    await copied(copy.previousElementSibling.textContent);
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });

  // The list of claims: filters, whose state stands in the address as #verdicts?verdict=REFUTED&search=depth.
  const claims = all("details.claim");
  const fields = { search: get("search"), verdict: get("by-verdict"), part: get("by-group"), order: get("order") };
  const state = () => {
    const used = Object.entries(fields).filter(([, field]) => field.value);
    return used.length ? `#verdicts?${new URLSearchParams(used.map(([name, field]) => [name, field.value]))}` : "#verdicts";
  };
  const texts = new Map();
  const text = (claim) => {
    if (!texts.has(claim)) texts.set(claim, `${claim.dataset.group} ${claim.textContent}`.toLowerCase());
    return texts.get(claim);
  };
  const arrange = () => {
    const key = fields.order.value;
    const value = (claim) => (key === "verdict" ? -1 : 1) * Number(claim.dataset[key] || 0);
    const place = (claim) => Number(claim.dataset.place);
    const sorted = [...claims].sort((a, b) => (key ? value(b) - value(a) : 0) || place(a) - place(b));
    const home = (claim) => (key ? get("numbers") : chapters.find((chapter) => chapter.dataset.group === claim.dataset.group));
    for (const claim of sorted) home(claim).append(claim);
  };
  const filter = () => {
    const words = fields.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = Boolean(words.length || fields.verdict.value || fields.part.value);
    let shown = 0;
    for (const claim of claims) {
      const fits = (!fields.verdict.value || claim.dataset.verdicts.split(" ").includes(fields.verdict.value))
        && (!fields.part.value || claim.dataset.group === fields.part.value)
        && words.every((word) => text(claim).includes(word));
      claim.hidden = !fits;
      shown += fits;
    }
    for (const chapter of all("details.chapter.claims")) {
      const some = all("details.claim", chapter).some((claim) => !claim.hidden);
      chapter.hidden = !some;
      if (active) chapter.open = some;
    }
    get("shown").textContent = shown === claims.length ? `${shown} claims` : `${shown} of ${claims.length} claims`;
    get("none").hidden = shown > 0;
  };
  const changed = () => {
    filter();
    history.replaceState(null, "", state());
  };
  const reset = () => {
    for (const field of Object.values(fields)) field.value = "";
    arrange();
    filter();
  };
  if (claims.length) {
    get("filters").hidden = false;
    for (const chapter of all("details.chapter.claims")) chapter.dataset.group = chapter.querySelector(".chapter-name").textContent;
    for (const field of [fields.search, fields.verdict, fields.part]) field.addEventListener("input", changed);
    fields.order.addEventListener("input", () => {
      arrange();
      changed();
    });
    get("reset").addEventListener("click", () => {
      reset();
      history.replaceState(null, "", "#verdicts");
      fields.search.focus();
    });
    const opener = get("open-all");
    opener.addEventListener("click", () => {
      const show = opener.textContent === "Open all";
      for (const claim of claims) claim.open = show && !claim.hidden;
      for (const chapter of all("details.chapter.claims")) chapter.open = show;
      opener.textContent = show ? "Close all" : "Open all";
    });
  }

  // An address opens what it names, whatever is folded or filtered.
  const follow = () => {
    const [name, query] = decodeURIComponent(location.hash.slice(1)).split("?");
    if (name === "verdicts" && query && claims.length) {
      for (const [key, value] of new URLSearchParams(location.hash.split("?")[1])) if (fields[key]) fields[key].value = value;
      arrange();
      filter();
      get("verdicts").scrollIntoView();
      return;
    }
    const target = name && get(name);
    if (!target) return;
    if (target.closest("[hidden]")) reset();
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  follow();
})();
