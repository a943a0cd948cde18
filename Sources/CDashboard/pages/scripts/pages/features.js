// What plans can grant: kinds, credit systems, event names, and where each is used.

import { archivedBadge, offered } from "../archived.js";
import { archivedToggle, archiveEntry, deleteEntry } from "../archiving.js";
import { readCatalog } from "../catalog.js";
import { badge, button, card, emptyState, h, menu, pageHead, searchBox, table } from "../elements.js";
import { count, quantity } from "../format.js";
import { kindOf, usesOf } from "../feature-text.js";

export default {
  title: "Features",
  async load(context) {
    if (context.path.length) return (await import("./feature-editor.js")).default.load(context);
    const catalog = await readCatalog({ signal: context.signal });
    const { features } = catalog.catalog;
    const mayWrite = context.can("catalog:write");
    const head = pageHead("Features", {
      lead: "What plans grant and customers use. Your code asks about them by their ids.",
      actions:
        mayWrite && button("New feature", { primary: true, icon: "plus", href: context.link("features", "~new") }),
    });
    if (!features.length) {
      return h(
        "div",
        { class: "page" },
        head,
        card(
          {},
          emptyState({
            icon: "features",
            title: "No features yet",
            text: "A feature is something that customers can do or use: send messages, hold seats, sign in with their own accounts.",
            actions:
              mayWrite &&
              button("Create the first", { primary: true, icon: "plus", href: context.link("features", "~new") }),
          }),
        ),
      );
    }
    const { query } = context;
    const shown = { search: query.get("search") ?? "", archived: query.get("archived") === "1" };
    const archived = features.length - offered(features).length;
    const place = h("div", null);
    const draw = () => {
      const called = features.filter((feature) =>
        `${feature.name} ${feature.feature_id} ${feature.event_names.join(" ")}`
          .toLowerCase()
          .includes(shown.search.toLowerCase()),
      );
      place.replaceChildren(list(context, catalog, called, shown));
    };
    draw();
    return h(
      "div",
      { class: "page" },
      head,
      (features.length > 6 || archived > 0) &&
        h(
          "div",
          { class: "list-tools" },
          features.length > 6 &&
            searchBox({
              label: "Find a feature",
              value: shown.search,
              delay: 80,
              onSearch: (search) => {
                context.setQuery({ search });
                shown.search = search;
                draw();
              },
            }),
          archivedToggle(context, archived, shown.archived, (on) => {
            shown.archived = on;
            draw();
          }),
        ),
      card({ flush: true }, place),
    );
  },
};

/** Those that are archived come last, where they are shown. */
function list(context, catalog, called, shown) {
  const rows = [...offered(called), ...(shown.archived ? called.filter((feature) => feature.archived) : [])];
  const nothing = !shown.search
    ? { title: "All features are archived", text: "None is offered.", icon: "archive" }
    : {
        title: "No feature is called that",
        text: called.length
          ? `${count(called.length, "archived feature is", "archived features are")} called that.`
          : null,
        icon: "search",
      };
  return table({
    caption: "Features",
    rows,
    href: (row) => context.link("features", row.feature_id),
    empty: emptyState(nothing),
    columns: [
      {
        label: "Name",
        cell: (row) => h("span", null, row.name, h("br"), h("code", { class: "soft small" }, row.feature_id)),
      },
      {
        label: "Kind",
        cell: (row) =>
          h(
            "div",
            { class: "row" },
            kindOf(row.type).label,
            archivedBadge(row),
            row.shadow ? badge("Shadow", "warn") : null,
          ),
      },
      { label: "Costs and events", cell: (row) => details(row, catalog) },
      { label: "Used in", cell: (row) => uses(row, catalog) },
      context.can("catalog:write") && {
        label: "Actions",
        hidden: true,
        numeric: true,
        cell: (row) =>
          h("div", { class: "row row-end" }, featureMenu(context, { entry: row, catalog, gone: context.reload })),
      },
    ].filter(Boolean),
  });
}

const featureMenu = (context, what) =>
  menu(button(`Actions for ${what.entry.name}`, { icon: "more", iconOnly: true, quiet: true, small: true }), [
    { label: "Edit", icon: "edit", href: context.link("features", what.entry.feature_id) },
    "-",
    archiveEntry(context, "feature", what),
    deleteEntry(context, "feature", what),
  ]);

function details(feature, catalog) {
  const parts = [];
  for (const cost of feature.credit_costs.slice(0, 4))
    parts.push(
      h(
        "span",
        { class: "small" },
        `${catalog.feature(cost.feature_id)?.name ?? cost.feature_id}: ${quantity(Number(cost.credits))}`,
      ),
    );
  if (feature.credit_costs.length > 4)
    parts.push(h("span", { class: "soft small" }, `and ${count(feature.credit_costs.length - 4, "other")}`));
  if (feature.event_names.length)
    parts.push(
      h(
        "span",
        { class: "small" },
        feature.event_names.map((name, index) => [index ? ", " : "", h("code", null, name)]),
      ),
    );
  if (feature.type === "ai_credit_system" && feature.default_markup)
    parts.push(h("span", { class: "small" }, `${quantity(feature.default_markup)}\u00a0% mark-up`));
  return parts.length ? h("div", { class: "stack-s" }, parts) : h("span", { class: "soft" }, "–");
}

function uses(feature, catalog) {
  const found = usesOf(feature.feature_id, catalog);
  if (!found.length) return h("span", { class: "soft" }, "Nothing yet");
  const named = found
    .slice(0, 3)
    .map((use) => use.name)
    .join(", ");
  return h(
    "span",
    { title: found.map((use) => `${use.name} (${use.kind})`).join("\n") },
    named,
    found.length > 3 && h("span", { class: "soft" }, ` and ${quantity(found.length - 3)} more`),
  );
}
