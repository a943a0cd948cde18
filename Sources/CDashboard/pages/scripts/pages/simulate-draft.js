// The plan that is tried: as it is published, with other figures, or written as JSON.

import { offered } from "../archived.js";
import { field, h, replace } from "../elements.js";
import { intervalName } from "../words.js";
import { options } from "../known.js";

const figure = (text) => {
  const plain = text.trim().replace(",", ".");
  return plain === "" ? undefined : Number.isFinite(Number(plain)) ? Number(plain) : plain;
};

export function draftFields({ catalog, planId, onPlan }) {
  const plans = offered(catalog.plans, planId);
  const plan = field({
    label: "Plan",
    type: "select",
    path: "plan_id",
    value: planId ?? (plans.find((each) => each.price) ?? plans[0])?.plan_id,
    options: options(plans, "plan_id"),
    onInput: () => show(),
  });
  const how = field({
    label: "Tried",
    type: "select",
    value: "published",
    options: [{ value: "published", label: "As published" }, { value: "changed", label: "With other figures" }, {
      value: "json",
      label: "Draft as JSON",
    }],
    onInput: () => show(),
  });
  const host = h("div", null);
  let read = () => ({});
  const show = () => {
    const chosen = catalog.plan(plan.control.value);
    const made = !chosen
      ? []
      : how.control.value === "changed"
      ? changedFields(catalog, chosen)
      : how.control.value === "json"
      ? jsonField(catalog, chosen)
      : packsFields(catalog, chosen);
    read = made.read ?? (() => ({}));
    replace(host, made.element);
    onPlan?.(chosen);
  };
  show();
  return { plan, how, host, read: () => ({ plan_id: plan.control.value, ...read() }) };
}

const strip = ({ revision, version, ...plan }) => structuredClone(plan);
const draftOf = (catalog, plan) => ({ currency: catalog.currency, plans: [plan] });
const prepaid = (plan) => plan.items.filter((item) => item.prepaid_price && !item.prepaid_price.per_seat);

// Of features that the plan sells in packs: what everybody buys.
function packsFields(catalog, plan) {
  const fields = prepaid(plan).map((item) =>
    Object.assign(
      field({
        label: `${catalog.featureName(item.feature_id)} that everybody buys`,
        optional: true,
        type: "number",
        path: "quantities",
        placeholder: String(item.included || 0),
        suffix: "units",
      }),
      { feature: item.feature_id },
    )
  );
  const read = () => {
    const quantities = fields.filter((each) => each.control.value.trim()).map((each) => ({
      feature_id: each.feature,
      quantity: figure(each.control.value),
    }));
    return quantities.length ? { quantities } : {};
  };
  return { element: fields.length ? h("div", { class: "fields" }, fields) : null, read };
}

// A field for each figure of the plan; where prices are in tiers, each tier has its own.
function changedFields(catalog, plan) {
  const draft = strip(plan), unit = catalog.currency.toUpperCase(), setters = [];
  const add = (label, path, value, set, suffix) => {
    const made = field({ label, type: "number", path: `catalog.plans[0].${path}`, value, suffix });
    setters.push(() => set(made.control.value.trim().replace(",", ".")));
    return made;
  };
  const price = draft.price ?? { amount: "0", interval: "month", interval_count: 1 };
  const base = add(
    `Base price, each ${intervalName(price.interval, price.interval_count || 1)}`,
    "price.amount",
    price.amount,
    (text) => {
      if (Number(text) === 0 && !plan.price) delete draft.price;
      else draft.price = { ...price, amount: text || "0" };
    },
    unit,
  );
  const items = draft.items.map((item, index) => {
    const path = `items[${index}]`, fields = [];
    if (catalog.feature(item.feature_id)?.type === "boolean") return null;
    if (!item.unlimited) {
      fields.push(add("Included", `${path}.included`, item.included, (text) => {
        item.included = figure(text) ?? 0;
      }, "units"));
    }
    for (const [kind, name] of [["usage_price", "Use beyond"], ["prepaid_price", "Packs"]]) {
      const priced = item[kind];
      if (!priced) continue;
      const each = priced.billing_units > 1 ? `for ${priced.billing_units}` : "each";
      if (!priced.tiers.length) {
        fields.push(add(`${name}, ${each}`, `${path}.${kind}.amount`, priced.amount, (text) => {
          priced.amount = text;
        }, unit));
      }
      priced.tiers.forEach((tier, at) =>
        fields.push(
          add(
            `${name} ${tier.up_to === undefined ? "above" : `to ${tier.up_to}`}, ${each}`,
            `${path}.${kind}.tiers[${at}].amount`,
            tier.amount,
            (text) => {
              tier.amount = text;
            },
            unit,
          ),
        )
      );
    }
    return fields.length
      ? h(
        "fieldset",
        { class: "draft-item" },
        h("legend", null, catalog.featureName(item.feature_id)),
        h("div", { class: "fields" }, fields),
      )
      : null;
  });
  const packs = packsFields(catalog, plan);
  return {
    element: h("div", { class: "stack" }, h("div", { class: "fields" }, base), items, packs.element),
    read: () => {
      setters.forEach((set) => set());
      return { catalog: draftOf(catalog, draft), ...packs.read() };
    },
  };
}

function jsonField(catalog, plan) {
  const text = field({
    label: "Draft",
    type: "textarea",
    rows: 14,
    path: "catalog",
    class: "textarea mono",
    value: JSON.stringify(draftOf(catalog, strip(plan)), null, 2),
    hint:
      "As in a catalog file: features and plans that are new or other than published. It is held against the whole catalog, and not published.",
  });
  return {
    element: h(
      "div",
      { class: "stack" },
      h(
        "p",
        { class: "soft small" },
        "With a single plan in the draft, that is the one that is tried; otherwise the one chosen above.",
      ),
      text,
    ),
    read: () => {
      try {
        const draft = JSON.parse(text.control.value);
        return { catalog: draft, plan_id: draft.plans?.length === 1 ? draft.plans[0].plan_id : plan.plan_id };
      } catch (error) {
        throw Object.assign(new Error("The draft is no JSON."), {
          violations: [{ field: "catalog", message: `This is no JSON: ${error.message}` }],
        });
      }
    },
  };
}
