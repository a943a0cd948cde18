// Limits, alerts and permissions: the customer's own, and what its plans say beside them.

import { badge, button, card, h, menu } from "../elements.js";
import { quantity } from "../format.js";
import { part } from "../part.js";
import { alertMeasure, intervalName, propertyText } from "../words.js";
import { editControls, editPooling } from "./act-controls.js";
import { balanceBar } from "./customer-balances.js";

// The lists of controls: their name in the API, and each entry in words.
export const controlKinds = [
  {
    key: "usage_limits",
    name: "Usage limits",
    text: (
      view,
      each,
    ) => [
      h("strong", null, quantity(each.limit)),
      ` ${feature(view, each)} in each ${intervalName(each.interval)}`,
      each.anchor === "utc" && " (calendar, UTC)",
      filterText(each.filter),
    ],
  },
  {
    key: "spend_limits",
    name: "Spend limits",
    text: (view, each) => [
      each.overage_limit !== undefined
        ? [h("strong", null, quantity(each.overage_limit)), " units"]
        : each.overage_percentage !== undefined
        ? [h("strong", null, `${quantity(each.overage_percentage)} %`), " of the grant"]
        : "No bound",
      ` of overage on ${feature(view, each)}`,
    ],
  },
  {
    key: "overage_permissions",
    name: "Overage",
    text: (view, each) => [each.enabled ? "Allowed" : "Not allowed", ` for ${feature(view, each)}, whatever plans say`],
    always: true,
  },
  {
    key: "usage_alerts",
    name: "Alerts",
    text: (
      view,
      each,
    ) => [
      each.name ? [h("strong", null, each.name), ": "] : null,
      `at ${quantity(each.threshold)} ${alertMeasure(each.measure)} of ${feature(view, each)}`,
    ],
  },
  {
    key: "auto_topups",
    name: "Auto top-ups",
    text: (
      view,
      each,
    ) => [
      "Buys ",
      h("strong", null, quantity(each.quantity)),
      ` ${feature(view, each)} when ${quantity(each.threshold)} are left`,
      each.purchase_limit &&
      `, at most ${quantity(each.purchase_limit.limit)} times in ${each.purchase_limit.interval_count > 1 ? "" : "a "}${
        intervalName(each.purchase_limit.interval, each.purchase_limit.interval_count)
      }`,
    ],
  },
];

const feature = (view, each) => (each.feature_id ? view.catalog.featureName(each.feature_id) : "every feature");
const filterText = (
  filter,
) => (filter && Object.keys(filter).length
  ? `, with ${Object.entries(filter).map(([key, value]) => `${key} ${propertyText(value)}`).join(", ")}`
  : "");

export function controlsCard(view) {
  return part(
    () => [
      view.customer.controls,
      view.customer.auto_topups,
      view.customer.pooling_disabled,
      view.customer.subscriptions.map((each) => [each.plan_id, each.status]),
    ],
    () => {
      const { customer } = view;
      const changes = view.can("customers:write");
      const edit = changes && menu(button("Edit", { small: true, icon: "edit", "data-focus": "edit-controls" }), [
        ...controlKinds.map((kind) => ({ label: kind.name, onClick: () => editControls(view, kind) })),
        "-",
        { label: "Pooling of entities", onClick: () => editPooling(view) },
      ]);
      const groups = controlKinds.map((kind) => group(view, kind)).filter(Boolean);
      return card(
        { title: "Limits and alerts", actions: [edit] },
        groups.length || customer.pooling_disabled
          ? h(
            "div",
            { class: "stack" },
            groups,
            customer.pooling_disabled && h("p", { class: "small" }, "Entities draw only from what is their own."),
          )
          : h("p", { class: "soft" }, "None: what plans grant is all that counts."),
      );
    },
  );
}

function group(view, kind) {
  const own = (view.customer.controls?.[kind.key] ?? []).map((entry) => ({
    entry,
    suspended: suspended(view, kind, entry),
  }));
  const running = view.customer.subscriptions.filter((each) => !["ended", "scheduled"].includes(each.status));
  const ofPlans = running.flatMap((each) =>
    ((each.custom_plan ?? view.catalog.plan(each.plan_id))?.controls?.[kind.key] ?? [])
      .map((entry) => ({ entry, plan: each.plan_id }))
  );
  const rows = [...own, ...ofPlans];
  return rows.length > 0 &&
    h(
      "section",
      null,
      h("h3", { class: "sub" }, kind.name),
      h("ul", { class: "line-list" }, rows.map((row) => controlRow(view, kind, row))),
    );
}

// Only the customer's list of those in force knows that one was suspended.
const suspended = (view, kind, entry) =>
  kind.key === "auto_topups" &&
  view.customer.auto_topups.some((each) => each.feature_id === entry.feature_id && !each.plan_id && each.suspended);

function controlRow(view, kind, { entry, plan, suspended: stopped }) {
  return h(
    "li",
    null,
    h(
      "div",
      { class: "row row-between" },
      h(
        "span",
        { class: "grow" },
        kind.text(view, entry),
        plan && h("span", { class: "soft small block" }, `from ${view.catalog.planName(plan)}`),
      ),
      stopped && badge("Suspended", "wrong"),
      !entry.enabled && !kind.always && badge("Off", "quiet"),
    ),
    kind.key === "usage_limits" && !plan && usageOf(view, entry),
  );
}

function usageOf(view, limit) {
  const bar = balanceBar(`Limit on ${feature(view, limit)}`), usage = limit.usage ?? 0;
  bar.update({ granted: limit.limit, usage, overage: 0, unlimited: false, parts: [{ granted: limit.limit, usage }] });
  return h(
    "div",
    { class: "stack-s" },
    bar.element,
    h(
      "span",
      { class: "soft small" },
      `${quantity(usage)} of ${quantity(limit.limit)} used`,
      limit.window_end_time && ["; the window ends ", view.time(limit.window_end_time)],
    ),
  );
}
