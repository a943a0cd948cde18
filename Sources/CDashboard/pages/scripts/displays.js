// What pages show things in: heads, cards, tables, bars, tabs, and what stands where there is nothing
// or something went wrong. Exported by elements.js too, from where pages take them.

import { append, button, h, icon, replace, unique } from "./elements.js";

/** A page's title with what can be done. `crumbs`: [{ label, href }] of the pages above. */
export function pageHead(title, { lead, actions, crumbs, badges } = {}) {
  return h(
    "header",
    { class: "page-head" },
    h(
      "div",
      { class: "grow" },
      crumbs &&
        h(
          "nav",
          { class: "crumbs", "aria-label": "Breadcrumb" },
          crumbs.map((crumb, index) => [
            index > 0 && h("span", { "aria-hidden": "true" }, "/"),
            h("a", { href: crumb.href }, crumb.label),
          ]),
        ),
      h("div", { class: "row" }, h("h1", { tabindex: "-1" }, title), badges),
      lead && h("p", { class: "lead" }, lead),
    ),
    actions && h("div", { class: "row" }, actions),
  );
}

/** A card with an optional head. `flush`: a table fills it. */
export function card({ title, actions, flush, class: extra } = {}, ...children) {
  const head =
    (title || actions) &&
    h("div", { class: "card-head" }, title && h("h2", null, title), actions && h("div", { class: "row" }, actions));
  return h("section", { class: `card ${flush ? "card-flush" : ""} ${extra ?? ""}` }, head, children);
}

/**
 * A table. Columns: { label, key or cell(row), numeric, hidden (label only for screen readers) }.
 * `href(row)`: the first cell's content becomes a link and the whole row leads there.
 */
export function table({ columns, rows, href, empty, caption, stacks = true }) {
  if (!rows.length && empty) return empty instanceof Node ? empty : emptyState({ title: empty });
  const head = h(
    "tr",
    null,
    columns.map((column) =>
      h(
        "th",
        { scope: "col", class: column.numeric && "numeric" },
        column.hidden ? h("span", { class: "visually-hidden" }, column.label) : column.label,
      ),
    ),
  );
  const body = h("tbody");
  const line = (row) =>
    h(
      "tr",
      { class: href && "linked" },
      columns.map((column, index) => {
        const value = column.cell ? column.cell(row) : row[column.key];
        const content = href && index === 0 ? h("a", { class: "row-link", href: href(row) }, value) : value;
        return h(
          "td",
          { class: column.numeric && "numeric", "data-label": index && !column.hidden ? column.label : null },
          content,
        );
      }),
    );
  append(body, rows.map(line));
  // Many columns don't fit a tablet: rather than break words they are scrolled.
  const isWide = columns.length >= 6;
  const scrolls = isWide || !stacks;
  const element = h(
    "div",
    {
      class: "table-wrap",
      tabindex: scrolls ? "0" : null,
      role: scrolls ? "region" : null,
      "aria-label": scrolls ? (caption ?? "Table") : null,
    },
    h(
      "table",
      { class: `table ${stacks ? "table-stacks" : ""} ${isWide ? "table-wide" : ""}` },
      caption && h("caption", { class: "visually-hidden" }, caption),
      h("thead", null, head),
      body,
    ),
  );
  /** Adds rows of a further page. */
  element.addRows = (more) => append(body, more.map(line));
  return element;
}

/** Names and values. `entries`: [[name, value], …]; null entries are left out. */
export function facts(entries, style = "facts") {
  return h(
    "dl",
    { class: style },
    entries
      .filter(Boolean)
      .map(([name, value]) =>
        h(
          "div",
          style === "pairs" ? { style: { display: "contents" } } : null,
          h("dt", null, name),
          h("dd", null, value ?? "–"),
        ),
      ),
  );
}

/** How much of something is used. `text`: beside the bar, else nothing. Turns amber at 80 %, red when full. */
export function bar({ value, max, label, text, tone }) {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : value > 0 ? 1 : 0;
  const kind = tone ?? (share >= 1 ? "wrong" : share >= 0.8 ? "warn" : "");
  return h(
    "div",
    { class: `bar ${kind ? `bar-${kind}` : ""}` },
    text && h("div", { class: "bar-text" }, text),
    h(
      "div",
      {
        class: "bar-track",
        role: "meter",
        "aria-label": label ?? "Used",
        "aria-valuenow": Math.round(share * 100),
        "aria-valuemin": 0,
        "aria-valuemax": 100,
      },
      h("div", { class: "bar-fill", style: { width: `${share * 100}%` } }),
    ),
  );
}

/** What is shown where there is nothing yet, and what to do about it. */
export function emptyState({ title, text, icon: name = "inbox", actions, heading = "h2" }) {
  return h(
    "div",
    { class: "empty" },
    icon(name),
    h(heading, null, title),
    text && h("p", null, text),
    actions && h("div", { class: "row" }, actions),
  );
}

/** A message in the page. `tone`: "wrong", "warn", "good" or nothing. */
export function notice(text, tone, actions) {
  const name = { wrong: "alert", warn: "alert", good: "check" }[tone] ?? "info";
  return h(
    "div",
    { class: `notice ${tone ? `notice-${tone}` : ""}`, role: tone === "wrong" ? "alert" : "status" },
    icon(name),
    h("div", { class: "grow" }, text),
    actions && h("div", { class: "row" }, actions),
  );
}

/** What went wrong where something should be; `retry` brings a button. */
export function errorState(error, retry) {
  const detail = [error.reason, error.code && !error.reason ? error.code : null].filter(Boolean).join(", ");
  return notice(
    h("div", null, h("p", null, error.message || "It didn’t work."), detail && h("p", { class: "soft small" }, detail)),
    "wrong",
    retry && button("Try again", { small: true, icon: "refresh", onClick: retry }),
  );
}

/** Grey lines while something loads. `kind`: "lines" or "cards". */
export function skeleton(kind = "lines", count = 6) {
  const lines = Array.from({ length: count }, (_, index) =>
    h("i", {
      class: kind === "cards" && "tall",
      style: kind === "cards" ? {} : { width: `${[92, 64, 80, 48, 72, 56][index % 6]}%` },
    }),
  );
  return h(
    "div",
    { class: kind === "cards" ? "skeleton columns" : "skeleton", role: "status", "aria-label": "Loading" },
    lines,
  );
}

/** Loads a part of a page: grey lines, then what `work` makes, or what went wrong with a way to try again. */
export function loading(work, { kind, count } = {}) {
  const place = h("div", null);
  const run = async () => {
    replace(place, skeleton(kind, count));
    try {
      replace(place, await work());
    } catch (error) {
      if (error.name !== "AbortError") replace(place, errorState(error, run));
    }
  };
  run();
  place.reload = run;
  return place;
}

/** Tabs. `tabs`: [{ id, label, render() → element }]; arrows move between them. */
export function tabs(list, { selected = list[0].id, onSelect, label = "Sections" } = {}) {
  const panel = h("div", { role: "tabpanel", tabindex: "0", id: unique("panel") });
  const buttons = list.map((tab) =>
    h(
      "button",
      {
        class: "tab",
        role: "tab",
        type: "button",
        id: unique("tab"),
        "aria-controls": panel.id,
        onclick: () => select(tab.id, true),
      },
      tab.label,
    ),
  );
  const select = (id, told) => {
    list.forEach((tab, index) => {
      const on = tab.id === id;
      buttons[index].setAttribute("aria-selected", on);
      buttons[index].tabIndex = on ? 0 : -1;
      if (on) {
        panel.setAttribute("aria-labelledby", buttons[index].id);
        replace(panel, tab.render());
      }
    });
    if (told) onSelect?.(id);
  };
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (buttons.indexOf(document.activeElement) + step + list.length) % list.length;
    buttons[next].focus();
    select(list[next].id, true);
  };
  const element = h(
    "div",
    { class: "stack" },
    h("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: move }, buttons),
    panel,
  );
  element.select = select;
  select(list.some((tab) => tab.id === selected) ? selected : list[0].id, false);
  return element;
}

/** Something to be copied, such as a key. */
export function copyable(text) {
  const press = button("Copy", {
    small: true,
    icon: "copy",
    onClick: async () => {
      await navigator.clipboard.writeText(text);
      press.querySelector("span").textContent = "Copied";
    },
  });
  return h("div", { class: "copy" }, h("code", null, text), press);
}
