// What plans can grant: kinds, credit systems, event names, and where each is used.

import { readCatalog } from "../catalog.js";
import { badge, button, card, emptyState, h, pageHead, searchBox, table } from "../elements.js";
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
    const place = h("div", null);
    const draw = (search) =>
      place.replaceChildren(
        list(
          context,
          catalog,
          features.filter((feature) =>
            `${feature.name} ${feature.feature_id} ${feature.event_names.join(" ")}`
              .toLowerCase()
              .includes(search.toLowerCase()),
          ),
        ),
      );
    draw(context.query.get("search") ?? "");
    return h(
      "div",
      { class: "page" },
      head,
      features.length > 6 &&
        searchBox({
          label: "Find a feature",
          value: context.query.get("search") ?? "",
          delay: 80,
          onSearch: (search) => {
            context.setQuery({ search });
            draw(search);
          },
        }),
      card({ flush: true }, place),
    );
  },
};

function list(context, catalog, rows) {
  return table({
    caption: "Features",
    rows,
    href: (row) => context.link("features", row.feature_id),
    empty: "No feature is called that",
    columns: [
      {
        label: "Name",
        cell: (row) => h("span", null, row.name, h("br"), h("code", { class: "soft small" }, row.feature_id)),
      },
      {
        label: "Kind",
        cell: (row) => h("div", { class: "row" }, kindOf(row.type).label, row.shadow ? badge("Shadow", "warn") : null),
      },
      { label: "Costs and events", cell: (row) => details(row, catalog) },
      { label: "Used in", cell: (row) => uses(row, catalog) },
    ],
  });
}

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
