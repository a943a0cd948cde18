// The plans, by group; the pages of one plan are modules of their own.

import { offered } from "../archived.js";
import { archivedToggle, archiveEntry, deleteEntry } from "../archiving.js";
import { countCustomers, readCatalog } from "../catalog.js";
import { button, emptyState, h, menu, notice, pageHead, searchBox } from "../elements.js";
import { count } from "../format.js";
import { planCard } from "../plan-card.js";

// With "~", which no id of a plan can have.
const PARTS = {
  "~new": "plan-editor",
  "~file": "catalog-file",
  "~copy-to-live": "catalog-copy",
  "~settings": "catalog-settings",
  edit: "plan-editor",
  migrate: "plan-migration",
};

let part = null;

export default {
  title: "Plans",
  async load(context) {
    const [first, second] = context.path;
    const module = PARTS[first?.startsWith("~") ? first : second] ?? "plan-view";
    part = first === undefined ? null : (await import(`./${module}.js`)).default;
    return part ? part.load(context) : list(context);
  },
  leave() {
    part?.leave?.();
    part = null;
  },
};

async function list(context) {
  const { environment, signal } = context;
  const [catalog, customers] = await Promise.all([readCatalog({ signal }), countCustomers({ signal })]);
  const mayWrite = context.can("catalog:write");
  const { plans } = catalog.catalog;
  const onOffer = offered(plans).length;
  const shown = { search: context.query.get("search") ?? "", archived: context.query.get("archived") === "1" };
  const head = pageHead("Plans", {
    lead: plans.length
      ? `${count(onOffer, "plan")} in ${catalog.currency.toUpperCase()}. Customers keep the version that they bought.`
      : null,
    actions: [
      menu(button("More", { icon: "more" }), [
        { label: "Settings and taxes", icon: "system", href: context.link("plans", "~settings") },
        { label: "Catalog as a file", icon: "download", href: context.link("plans", "~file") },
        environment === "sandbox" &&
          mayWrite && { label: "Copy to live", icon: "upload", href: context.link("plans", "~copy-to-live") },
      ]),
      mayWrite && button("New plan", { primary: true, icon: "plus", href: context.link("plans", "~new") }),
    ],
  });
  if (!plans.length)
    return h("div", { class: "page" }, head, h("section", { class: "card" }, firstSteps(context, catalog, mayWrite)));
  const place = h("div", { class: "stack-l" });
  const draw = () => {
    const wanted = shown.search.toLowerCase();
    const called = plans.filter((plan) => `${plan.name} ${plan.plan_id} ${plan.group}`.toLowerCase().includes(wanted));
    const found = shown.archived ? called : offered(called);
    place.replaceChildren(
      ...(found.length
        ? groups(found).map((group) => section(group, context, catalog, customers, mayWrite))
        : [nothingFound(called.length, wanted)]),
    );
  };
  draw();
  return h(
    "div",
    { class: "page" },
    head,
    !customers && notice("How many customers each plan has isn’t known: this server can’t count them yet.", "warn"),
    filters(
      plans.length > 6 &&
        searchBox({
          label: "Find a plan",
          value: shown.search,
          delay: 80,
          onSearch: (search) => {
            context.setQuery({ search });
            shown.search = search;
            draw();
          },
        }),
      archivedToggle(context, plans.length - onOffer, shown.archived, (on) => {
        shown.archived = on;
        draw();
      }),
    ),
    place,
  );
}

const filters = (...all) => all.some(Boolean) && h("div", { class: "list-tools" }, all);

function nothingFound(hidden, wanted) {
  if (!wanted) return emptyState({ title: "All plans are archived", text: "None is offered.", icon: "archive" });
  const text = hidden ? `${count(hidden, "archived plan is", "archived plans are")} called that.` : null;
  return emptyState({ title: "No plan is called that", text, icon: "search" });
}

/** Main plans by group, the unnamed group first, add-ons after them, and last what is archived; each by price. */
function groups(plans) {
  const found = new Map();
  for (const plan of plans) {
    const key = plan.archived ? ARCHIVED : plan.add_on ? ADD_ONS : plan.group;
    found.set(key, [...(found.get(key) ?? []), plan]);
  }
  return [...found.entries()]
    .sort(([a], [b]) => LAST.indexOf(a) - LAST.indexOf(b) || String(a).localeCompare(String(b)))
    .map(([key, list]) => ({
      title: TOLD.get(key)?.title ?? (key || (found.size > 1 ? "Main plans" : "")),
      about: TOLD.get(key)?.about ?? (found.size > 1 ? "A customer has one of them at a time." : ""),
      plans: list.sort((a, b) => monthly(a) - monthly(b)),
    }));
}

// No groups, which have names: those come first.
const ADD_ONS = Symbol("add-ons");
const ARCHIVED = Symbol("archived");
const LAST = [ADD_ONS, ARCHIVED];
const TOLD = new Map([
  [ADD_ONS, { title: "Add-ons", about: "Stand beside other plans." }],
  [ARCHIVED, { title: "Archived", about: "Not offered any more. Who has one keeps it." }],
]);

const MONTHS = { week: 12 / 52, month: 1, quarter: 3, semi_annual: 6, year: 12, one_off: 1 };
const monthly = (plan) =>
  Number(plan.price?.amount ?? 0) / ((MONTHS[plan.price?.interval] ?? 1) * (plan.price?.interval_count || 1));

function section({ title, about, plans }, context, catalog, customers, mayWrite) {
  return h(
    "section",
    { class: "stack" },
    title && h("div", null, h("h2", null, title), about && h("p", { class: "soft small" }, about)),
    h(
      "div",
      { class: "plan-grid" },
      plans.map((plan) =>
        planCard({
          plan,
          catalog,
          href: context.link("plans", plan.plan_id),
          heading: title ? "h3" : "h2",
          customers: customers ? customers.total(plan.plan_id) : undefined,
          older: customers?.older(plan.plan_id, plan.revision),
          actions: mayWrite && planMenu(context, { entry: plan, catalog, customers, gone: context.reload }),
        }),
      ),
    ),
  );
}

function planMenu(context, what) {
  const { name, plan_id: id } = what.entry;
  return menu(button(`Actions for ${name || id}`, { icon: "more", iconOnly: true, quiet: true, small: true }), [
    { label: "Edit", icon: "edit", href: context.link("plans", id, "edit") },
    { label: "Duplicate", icon: "copy", href: `${context.link("plans", "~new")}?from=${encodeURIComponent(id)}` },
    "-",
    archiveEntry(context, "plan", what),
    deleteEntry(context, "plan", what),
  ]);
}

function firstSteps(context, catalog, mayWrite) {
  const features = catalog.catalog.features.length;
  return emptyState({
    icon: "plans",
    title: "No plans yet",
    text: features
      ? "A plan says what customers get and what it costs."
      : "Begin with features, which are what plans grant: messages, seats, single sign-on. Or bring a catalog from a file.",
    actions: mayWrite && [
      features
        ? button("New plan", { primary: true, icon: "plus", href: context.link("plans", "~new") })
        : button("Create a feature", { primary: true, icon: "plus", href: context.link("features", "~new") }),
      button("Import a file", { icon: "upload", href: context.link("plans", "~file") }),
    ],
  });
}
