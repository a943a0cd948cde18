// Parts of an item's form: when it is granted, what happens beyond it, what carries over, who gets it.

import { choiceName, isOffered } from "./archived.js";
import { bound, boundChoice, choices, INTERVALS } from "./bound.js";
import { field, h } from "./elements.js";

export function resetChoice({ changed }, item, path, redraw) {
  return field({
    label: "Granted",
    path: `${path}.reset`,
    type: "select",
    value: item.reset?.interval ?? "one_off",
    options: choices([
      ...INTERVALS.reset.map(([value, label]) => [value, `each ${label}`]),
      ["one_off", "once, for good"],
    ]),
    onInput: (value) => {
      item.reset = {
        interval: value,
        ...(value !== "one_off" && item.reset?.interval_count ? { interval_count: item.reset.interval_count } : {}),
      };
      if (value === "one_off") delete item.rollover;
      changed();
      redraw();
    },
  });
}

export function beyond({ changed, draft }, item, feature, path, redraw) {
  const held = feature.type === "allocated";
  const present = item.usage_price
    ? "usage"
    : item.prepaid_price?.per_seat
      ? "seats"
      : item.prepaid_price
        ? "packs"
        : "stop";
  const options = [
    ["stop", held ? "No more can be taken" : "Usage stops"],
    ["usage", held ? "Charged at the period’s end" : "Pay for what is used"],
    ...(held ? [["seats", "Charged when it is taken"]] : []),
    ["packs", held ? "Bought in advance" : "Packs bought in advance"],
  ];
  return field({
    label: "Beyond that",
    path: item.usage_price ? `${path}.usage_price` : `${path}.prepaid_price`,
    type: "select",
    value: present,
    options: choices(options),
    onInput: (value) => {
      const old = item.usage_price ?? item.prepaid_price ?? { amount: "" };
      const kept = {
        ...(old.tiers ? { tiers: old.tiers } : { amount: old.amount ?? "" }),
        ...(old.billing_units ? { billing_units: old.billing_units } : {}),
        ...(old.max_purchase ? { max_purchase: old.max_purchase } : {}),
        ...(old.additional_currencies ? { additional_currencies: old.additional_currencies } : {}),
      };
      delete item.usage_price;
      delete item.prepaid_price;
      if (value === "usage") {
        for (const tier of kept.tiers ?? []) delete tier.flat_amount;
        item.usage_price = kept;
      }
      const cycle = draft.price?.interval && draft.price.interval !== "one_off" ? draft.price.interval : "month";
      if (value === "packs")
        item.prepaid_price = {
          ...kept,
          interval: old.interval ?? cycle,
          ...(old.tier_behavior ? { tier_behavior: old.tier_behavior } : {}),
        };
      if (value === "seats")
        item.prepaid_price = {
          ...kept,
          per_seat: true,
          interval: old.interval && old.interval !== "one_off" ? old.interval : cycle,
        };
      changed();
      redraw();
    },
  });
}

export function rollover({ changed }, item, path, redraw) {
  const rule = item.rollover;
  const present = !rule
    ? "none"
    : rule.max !== undefined
      ? "max"
      : rule.max_percentage !== undefined
        ? "max_percentage"
        : "all";
  const choice = field({
    label: "What is left at a reset",
    path: `${path}.rollover`,
    type: "select",
    value: present,
    options: choices([
      ["none", "is lost"],
      ["all", "carries over"],
      ["max", "carries over, up to so many"],
      ["max_percentage", "carries over, up to a share"],
    ]),
    onInput: (value) => {
      if (value === "none") delete item.rollover;
      else
        item.rollover = {
          ...(value === "max" ? { max: "" } : value === "max_percentage" ? { max_percentage: "50" } : {}),
          ...(rule?.months ? { months: rule.months } : {}),
        };
      changed();
      redraw();
    },
  });
  return h(
    "div",
    { class: "fields fields-wide" },
    choice,
    present === "max" &&
      bound(rule, "max", { changed, label: "Up to", path: `${path}.rollover.max`, type: "number", suffix: "units" }),
    present === "max_percentage" &&
      bound(rule, "max_percentage", {
        changed,
        label: "Up to",
        path: `${path}.rollover.max_percentage`,
        type: "number",
        suffix: "% of the grant",
      }),
    rule &&
      bound(rule, "months", {
        changed,
        label: "Usable for",
        path: `${path}.rollover.months`,
        type: "number",
        placeholder: "for good",
        suffix: "months",
      }),
  );
}

export function more({ changed, catalog }, item, feature, path, consumable) {
  const holders = catalog.catalog.features.filter(
    (each) =>
      each.type === "allocated" && each.feature_id !== item.feature_id && isOffered(each, item.entity_feature_id),
  );
  if (!holders.length || !(consumable || feature.type === "allocated" || feature.type === "concurrency")) return null;
  return h(
    "details",
    { class: "more", open: Boolean(item.entity_feature_id) },
    h("summary", null, "Who gets it"),
    h(
      "div",
      { class: "fields fields-wide" },
      boundChoice(item, "entity_feature_id", {
        changed,
        label: "Who gets it",
        path: `${path}.entity_feature_id`,
        empty: "",
        options: [
          { value: "", label: "The customer" },
          ...holders.map((each) => ({ value: each.feature_id, label: `Each of its ${choiceName(each)}` })),
        ],
        hint: "A grant for each entity that holds one.",
      }),
    ),
  );
}
