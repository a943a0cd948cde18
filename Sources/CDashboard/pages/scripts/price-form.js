// Prices of items: for each unit, in packs, in tiers, in other currencies.

import { bound, boundChoice, choices, INTERVALS } from "./bound.js";
import { field, h, replace } from "./elements.js";
import { currencyList, tierTable } from "./tier-form.js";

/**
 * The fields of a usage_price or a prepaid_price.
 * @param {{changed, currency}} editor
 * @param {{kind: "usage" | "packs" | "seats", path: string, item: object}} options
 */
export function priceForm(editor, price, { kind, path, item }) {
  const { changed, currency } = editor;
  const place = h("div", { class: "stack" });
  const code = currency.toUpperCase();
  const draw = () => {
    const tiered = price.tiers?.length > 0;
    const model = field({
      label: "Pricing",
      type: "select",
      value: tiered ? (price.tier_behavior === "volume" ? "volume" : "graduated") : "flat",
      options: choices([
        ["flat", "One price"],
        ["graduated", "Tiers: each unit at its tier’s price"],
        ...(kind === "usage" ? [] : [["volume", "Volume: all units at the last one’s price"]]),
      ]),
      onInput: (value) => {
        setModel(price, value, item);
        changed();
        draw();
      },
    });
    const pack = bound(price, "billing_units", {
      changed,
      label: kind === "packs" ? "Units in a pack" : "Per",
      path: `${path}.billing_units`,
      type: "number",
      placeholder: "1",
      suffix: "units",
      hint: kind === "usage" ? "What is begun counts whole." : null,
    });
    const period = kind !== "usage" && [
      boundChoice(price, "interval", {
        changed,
        onChange: draw,
        label: "Charged",
        path: `${path}.interval`,
        options: choices([
          ...(kind === "packs" ? [["one_off", "once, for good"]] : []),
          ...INTERVALS.billing.map(([value, label]) => [value, `each ${label}`]),
        ]),
      }),
      price.interval !== "one_off" &&
        bound(price, "interval_count", {
          changed,
          label: "Every",
          path: `${path}.interval_count`,
          type: "number",
          placeholder: "1",
          suffix: `${price.interval ?? "month"}s`.replace("_", "-"),
        }),
    ];
    replace(
      place,
      h(
        "div",
        { class: "fields" },
        model,
        !tiered &&
          bound(price, "amount", {
            changed,
            label: "Price",
            path: `${path}.amount`,
            type: "number",
            suffix: code,
            placeholder: "0.01",
          }),
        pack,
        period,
      ),
      tiered &&
        tierTable(editor, price, `${path}.tiers`, { flat: price.tier_behavior === "volume", item, redraw: draw }),
      h(
        "details",
        { class: "more", open: hasRare(price) },
        h("summary", null, "Limits, changes, currencies"),
        h(
          "div",
          { class: "stack" },
          h(
            "div",
            { class: "fields fields-wide" },
            bound(price, "max_purchase", {
              changed,
              label: kind === "usage" ? "At most beyond what is included" : "At most bought",
              path: `${path}.max_purchase`,
              type: "number",
              suffix: "units",
              optional: true,
            }),
            kind !== "usage" &&
              price.interval !== "one_off" &&
              boundChoice(price, "on_increase", {
                changed,
                label: "For more in mid-period",
                path: `${path}.on_increase`,
                empty: "prorate",
                options: choices([
                  ["prorate", "charge what is left, now"],
                  ["bill", "charge the whole price, now"],
                  ["prorate_next_cycle", "charge what is left, next invoice"],
                  ["bill_next_cycle", "charge nothing until the next period"],
                ]),
              }),
            kind !== "usage" &&
              price.interval !== "one_off" &&
              boundChoice(price, "on_decrease", {
                changed,
                label: "For fewer in mid-period",
                path: `${path}.on_decrease`,
                empty: "prorate",
                options: choices([
                  ["prorate", "give back what is left, now"],
                  ["prorate_next_cycle", "give back what is left, next invoice"],
                  ["keep", "nothing back, units stay until the end"],
                  ["drop", "nothing back, units go at once"],
                ]),
              }),
          ),
          currencyList(editor, price, `${path}.additional_currencies`, { tiers: true, item }),
        ),
      ),
    );
  };
  draw();
  return place;
}

const hasRare = (price) =>
  Boolean(
    price.additional_currencies?.length || (price.max_purchase ?? "") !== "" || price.on_increase || price.on_decrease,
  );

function setModel(price, model, item) {
  if (model === "flat") {
    price.amount = price.amount || price.tiers?.[0]?.amount || "";
    delete price.tiers;
    delete price.tier_behavior;
    return;
  }
  if (!price.tiers?.length)
    price.tiers = [
      { up_to: String((Number(item.included) || 0) + 1000), amount: price.amount ?? "" },
      { amount: price.amount ?? "" },
    ];
  delete price.amount;
  model === "volume" ? (price.tier_behavior = "volume") : delete price.tier_behavior;
  if (model !== "volume") for (const tier of price.tiers) delete tier.flat_amount;
}
