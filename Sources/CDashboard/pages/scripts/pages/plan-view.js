// One plan: as it is sold, its versions, who has which, and what can be done with it.

import { archive, archiveEntry, deleteEntry } from "../archiving.js";
import { countCustomers, differences, readCatalog, tidy } from "../catalog.js";
import { badge, button, card, copyable, emptyState, facts, h, menu, notice, pageHead, table } from "../elements.js";
import { count, quantity } from "../format.js";
import { planBadges, planCard } from "../plan-card.js";
import { pricePreview } from "../price-preview.js";
import { toDraft } from "../plan-draft.js";
import { differenceTable } from "../publish-review.js";

export default {
  title: "Plan",
  async load(context) {
    const id = context.path[0];
    const { signal } = context;
    const [catalog, customers, history] = await Promise.all([
      readCatalog({ signal }),
      countCustomers({ signal }),
      readCatalog({ signal, allVersions: true }),
    ]);
    const plan = catalog.plan(id);
    if (!plan)
      return h(
        "div",
        { class: "page" },
        emptyState({
          heading: "h1",
          title: "There is no such plan",
          text: `“${id}” isn’t for sale here.`,
          icon: "plans",
          actions: button("All plans", { href: context.link("plans") }),
        }),
      );
    context.setTitle(plan.name);
    const versions = history.catalog.plans.filter((each) => each.plan_id === id);
    const mayWrite = context.can("catalog:write");
    const older = customers?.older(id, plan.revision) ?? 0;
    const migrate = () => context.link("plans", id, "migrate");
    const what = { entry: plan, catalog, customers, gone: () => context.navigate(context.link("plans")) };
    return h(
      "div",
      { class: "page" },
      pageHead(plan.name, {
        crumbs: [{ label: "Plans", href: context.link("plans") }],
        badges: planBadges(plan),
        actions: [
          menu(button("More", { icon: "more" }), [
            mayWrite && {
              label: "Duplicate",
              icon: "copy",
              href: `${context.link("plans", "~new")}?from=${encodeURIComponent(id)}`,
            },
            context.can("attach:write") && { label: "Migrate customers", icon: "history", href: migrate() },
            {
              label: "Try it on real usage",
              icon: "simulate",
              href: `${context.link("simulate")}?plan=${encodeURIComponent(id)}`,
            },
            mayWrite && "-",
            mayWrite && archiveEntry(context, "plan", what),
            mayWrite && deleteEntry(context, "plan", what),
          ]),
          mayWrite && button("Edit", { primary: true, icon: "edit", href: context.link("plans", id, "edit") }),
        ],
      }),
      plan.archived &&
        notice(
          "It is archived: it isn’t offered any more. Customers who have it keep it.",
          null,
          mayWrite && button("Unarchive", { small: true, onClick: () => archive(context, "plan", what) }),
        ),
      older > 0 &&
        notice(
          `${count(older, "customer is", "customers are")} on an older version${context.query.get("published") ? " than the one that you just published" : ""}. They keep it until they are migrated.`,
          "warn",
          context.can("attach:write") && button("Migrate", { small: true, href: migrate() }),
        ),
      h(
        "div",
        { class: "sides" },
        h(
          "div",
          { class: "stack-l" },
          card(
            { title: "Who has it" },
            customers
              ? facts([
                  [
                    "Customers",
                    h(
                      "a",
                      { class: "stat", href: `${context.link("customers")}?plan=${encodeURIComponent(id)}` },
                      quantity(customers.total(id)),
                    ),
                  ],
                  ["On this version", h("span", { class: "stat" }, quantity(customers.of(id, plan.revision)))],
                  ["On older ones", h("span", { class: `stat ${older ? "warn" : ""}` }, quantity(older))],
                ])
              : h("p", { class: "soft" }, "This server can’t count customers yet."),
          ),
          card({ title: "Versions", flush: true }, versionTable(versions, plan, customers, catalog)),
          card(
            { title: "For code" },
            h(
              "div",
              { class: "stack" },
              copyable(`tally attach CUSTOMER ${id}`),
              facts([
                ["Id", h("code", null, id)],
                ["Group", plan.group || "none"],
                ["Revision", quantity(plan.revision)],
              ]),
            ),
          ),
        ),
        h(
          "aside",
          { class: "stack", "aria-label": "As a customer sees it" },
          planCard({ plan, catalog, heading: "h2" }),
          card({ title: "What it costs" }, pricePreview({ draft: toDraft(plan), catalog })),
        ),
      ),
    );
  },
};

/** Versions, the newest first, each with what it changed. */
function versionTable(versions, plan, customers, catalog) {
  const nameOf = (id) => catalog.feature(id)?.name ?? id;
  const rows = [...versions].reverse();
  return table({
    caption: "Versions",
    rows,
    empty: "No versions are known",
    columns: [
      {
        label: "Version",
        cell: (row) =>
          h(
            "div",
            { class: "row" },
            h("strong", null, String(row.version)),
            row.version !== plan.version ? null : plan.archived ? badge("The newest") : badge("Sold now", "good"),
          ),
      },
      {
        label: "What changed",
        cell: (row) => {
          const before = rows[rows.indexOf(row) + 1];
          if (!before) return h("span", { class: "soft" }, "The first");
          // All versions of a plan are archived together: that is no difference between them.
          const list = differences(tidy(before), { ...tidy(row), archived: before.archived }, nameOf);
          return h(
            "details",
            { class: "more" },
            h("summary", null, list.length === 1 ? list[0].label : `${count(list.length, "change")}`),
            differenceTable(list),
          );
        },
      },
      {
        label: "Customers",
        numeric: true,
        cell: (row) => (customers ? quantity(customers.of(plan.plan_id, row.revision)) : "–"),
      },
    ],
  });
}
