// A plan as a customer would see it, and the same with what the seller wants to know.

import { archivedBadge } from "./archived.js";
import { badge, h, icon } from "./elements.js";
import { amount, count, quantity } from "./format.js";
import { itemText, priceParts, tierRows, trialText } from "./plan-text.js";

/**
 * @param {{plan, catalog: {feature, currency}, href?, customers?: number, older?: number, actions?, heading?: string}} options
 *   catalog: what readCatalog returns; `href`: the whole card leads there.
 */
export function planCard({ plan, catalog, href, customers, older, actions, heading = "h3" }) {
  const price = priceParts(plan, catalog.currency);
  const name = plan.name || "Without a name";
  return h(
    "article",
    { class: `plan-card ${href ? "plan-card-linked" : ""} ${plan.archived ? "plan-card-archived" : ""}` },
    h(
      "div",
      { class: "plan-head" },
      h(heading, { class: "plan-name" }, href ? h("a", { class: "plan-link", href }, name) : name),
      actions,
    ),
    h("div", { class: "plan-tags" }, planBadges(plan)),
    h(
      "p",
      { class: "plan-price" },
      h("span", { class: "plan-amount" }, price.amount),
      price.per && h("span", { class: "soft" }, ` ${price.per}`),
    ),
    plan.free_trial && h("p", { class: "plan-trial small" }, trialText(plan.free_trial)),
    itemList(plan, catalog),
    customers !== undefined &&
      h(
        "p",
        { class: "plan-foot small soft" },
        icon("customers"),
        customers === null ? "–" : count(customers, "customer"),
        older
          ? h("span", { class: "plan-older" }, `, ${count(older, "on an older version", "on older versions")}`)
          : null,
      ),
  );
}

/** Archived, version, default, add-on, one-off. */
export function planBadges(plan) {
  return [
    archivedBadge(plan),
    plan.version ? h("span", { class: "badge badge-quiet" }, `Version ${plan.version}`) : null,
    plan.auto_enable ? badge("Default", "good") : null,
    plan.add_on ? badge("Add-on", "accent") : null,
    plan.price?.interval === "one_off" ? badge("One-off", "quiet") : null,
  ];
}

/** What a plan includes, as a list. */
export function itemList(plan, catalog) {
  const items = plan.items ?? [];
  if (!items.length) return h("p", { class: "soft small" }, "Nothing is included yet.");
  return h(
    "ul",
    { class: "plan-items" },
    items.map((item) => {
      const feature = catalog.feature(item.feature_id);
      const text = itemText(item, feature, catalog.currency, (id) => catalog.feature(id)?.name ?? id);
      return h(
        "li",
        null,
        icon("check"),
        h(
          "div",
          { class: "grow" },
          h("span", { class: "plan-main" }, text.main || "A feature"),
          text.extra.map((line) => h("span", { class: "plan-extra" }, line)),
          tierList(item, catalog.currency),
        ),
      );
    }),
  );
}

function tierList(item, currency) {
  const price = item.usage_price ?? item.prepaid_price;
  if (!price?.tiers?.length) return null;
  const each = Number(price.billing_units) > 1 ? ` per ${quantity(Number(price.billing_units))}` : " each";
  const safe = (text) => (Number.isNaN(Number(text)) ? text : amount(text, currency));
  return h(
    "ul",
    { class: "plan-tiers" },
    tierRows(price, item.included).map((row) =>
      h(
        "li",
        null,
        h(
          "span",
          null,
          row.to === null || Number.isNaN(row.to) ? `over ${quantity(row.from)}` : `to ${quantity(row.to)}`,
        ),
        h("span", null, `${safe(row.amount)}${each}`, row.flat ? ` + ${safe(row.flat)}` : ""),
      ),
    ),
  );
}
