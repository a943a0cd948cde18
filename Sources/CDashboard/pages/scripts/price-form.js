// Prices of items: for each unit, in packs, in tiers, in other currencies.

import { bound, boundChoice, choices, INTERVALS } from "./bound.js";
import { button, field, h, replace } from "./elements.js";

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
    const model = field({ label: "Pricing", type: "select", value: tiered ? (price.tier_behavior === "volume" ? "volume" : "graduated") : "flat",
      options: choices([["flat", "One price"], ["graduated", "Tiers: each unit at its tier’s price"], ...(kind === "usage" ? [] : [["volume", "Volume: all units at the last one’s price"]])]),
      onInput: (value) => { setModel(price, value, item); changed(); draw(); } });
    const pack = bound(price, "billing_units", { changed, label: kind === "packs" ? "Units in a pack" : "Per", path: `${path}.billing_units`, type: "number", placeholder: "1", suffix: "units",
      hint: kind === "usage" ? "What is begun counts whole." : null });
    const period = kind !== "usage" && [
      boundChoice(price, "interval", { changed, onChange: draw, label: "Charged", path: `${path}.interval`, options: choices([...(kind === "packs" ? [["one_off", "once, for good"]] : []), ...INTERVALS.billing.map(([value, label]) => [value, `each ${label}`])]) }),
      price.interval !== "one_off" && bound(price, "interval_count", { changed, label: "Every", path: `${path}.interval_count`, type: "number", placeholder: "1", suffix: `${price.interval ?? "month"}s`.replace("_", "-") }),
    ];
    replace(place, h("div", { class: "fields" }, model,
      !tiered && bound(price, "amount", { changed, label: "Price", path: `${path}.amount`, type: "number", suffix: code, placeholder: "0.01" }), pack, period),
    tiered && tierTable(editor, price, `${path}.tiers`, { flat: price.tier_behavior === "volume", item, redraw: draw }),
    h("details", { class: "more", open: hasRare(price) }, h("summary", null, "More"), h("div", { class: "stack" }, h("div", { class: "fields" },
      bound(price, "max_purchase", { changed, label: kind === "usage" ? "At most beyond what is included" : "At most bought", path: `${path}.max_purchase`, type: "number", suffix: "units", optional: true }),
      kind !== "usage" && price.interval !== "one_off" && boundChoice(price, "on_increase", { changed, label: "For more in mid-period", path: `${path}.on_increase`, empty: "prorate", options: choices([
        ["prorate", "charge what is left, now"], ["bill", "charge the whole price, now"], ["prorate_next_cycle", "charge what is left, next invoice"], ["bill_next_cycle", "charge nothing until the next period"]]) }),
      kind !== "usage" && price.interval !== "one_off" && boundChoice(price, "on_decrease", { changed, label: "For fewer in mid-period", path: `${path}.on_decrease`, empty: "prorate", options: choices([
        ["prorate", "give back what is left, now"], ["prorate_next_cycle", "give back what is left, next invoice"], ["keep", "nothing back, units stay until the end"], ["drop", "nothing back, units go at once"]]) })),
    currencyList(editor, price, `${path}.additional_currencies`, { tiers: true, item }))));
  };
  draw();
  return place;
}

const hasRare = (price) => Boolean(price.additional_currencies?.length || (price.max_purchase ?? "") !== "" || price.on_increase || price.on_decrease);

function setModel(price, model, item) {
  if (model === "flat") {
    price.amount = price.amount || price.tiers?.[0]?.amount || "";
    delete price.tiers;
    delete price.tier_behavior;
    return;
  }
  if (!price.tiers?.length) price.tiers = [{ up_to: String((Number(item.included) || 0) + 1000), amount: price.amount ?? "" }, { amount: price.amount ?? "" }];
  delete price.amount;
  model === "volume" ? (price.tier_behavior = "volume") : delete price.tier_behavior;
  if (model !== "volume") price.tiers.forEach((tier) => delete tier.flat_amount);
}

/** Rows of tiers; the last has no end. */
function tierTable({ changed, currency }, price, path, { flat, redraw, code = currency.toUpperCase() }) {
  const { tiers } = price;
  const add = () => {
    const last = tiers.at(-2)?.up_to;
    tiers.splice(tiers.length - 1, 0, { up_to: String(Math.max(1, Number(last) || 0) * (last ? 10 : 1000)), amount: tiers.at(-1).amount });
    changed();
    redraw();
  };
  return h("div", { class: "tiers", "data-path": path, role: "group", "aria-label": "Tiers" },
    tiers.map((tier, index) => h("div", { class: "tier" },
      index === tiers.length - 1 ? h("div", { class: "field" }, h("span", { class: "label" }, `Tier ${index + 1}`), h("p", { class: "tier-rest soft" }, index ? "all that is above" : "all units"))
        : bound(tier, "up_to", { changed, label: `Tier ${index + 1}, up to`, path: `${path}[${index}].up_to`, type: "number", hint: null }),
      bound(tier, "amount", { changed, label: "Price", path: `${path}[${index}].amount`, type: "number", suffix: code }),
      flat && bound(tier, "flat_amount", { changed, label: "Once, in this tier", path: `${path}[${index}].flat_amount`, type: "number", suffix: code, optional: true }),
      button(`Remove tier ${index + 1}`, { icon: "trash", iconOnly: true, quiet: true, disabled: tiers.length === 1, onClick: () => {
        tiers.splice(index, 1);
        if (tiers.length) delete tiers.at(-1).up_to;
        changed();
        redraw();
      } }))),
    h("div", { class: "row" }, button("Add a tier", { icon: "plus", small: true, onClick: add }), h("span", { class: "hint" }, "Boundaries count what is included.")));
}

/** A price in other currencies; with `tiers` they may have tiers too. */
export function currencyList(editor, price, path, { tiers: mayTier = false } = {}) {
  const { changed } = editor;
  const place = h("div", { class: "stack-s" });
  const draw = () => {
    const list = price.additional_currencies ?? [];
    replace(place, list.length > 0 && h("span", { class: "label strong small" }, "In other currencies"), list.map((entry, index) => {
      const at = `${path}[${index}]`;
      const code = (entry.currency || "").toUpperCase();
      const tiered = entry.tiers?.length > 0;
      return h("div", { class: "stack-s" }, h("div", { class: "tier" },
        bound(entry, "currency", { changed, label: "Currency", path: `${at}.currency`, maxlength: "3", placeholder: "eur", onChange: (value) => { entry.currency = value.toLowerCase(); } }),
        !tiered && bound(entry, "amount", { changed, label: "Price", path: `${at}.amount`, type: "number" }),
        mayTier && (tiered || price.tiers?.length > 0) && field({ label: "Pricing", type: "select", value: tiered ? "tiers" : "flat", options: choices([["flat", "One price"], ["tiers", "Tiers"]]), onInput: (value) => {
          if (value === "tiers") { entry.tiers = (price.tiers ?? [{ amount: entry.amount }]).map((tier) => ({ ...tier })); delete entry.amount; }
          else { entry.amount = entry.tiers?.[0]?.amount ?? ""; delete entry.tiers; }
          changed();
          draw();
        } }),
        button(`Remove ${code || "currency"}`, { icon: "trash", iconOnly: true, quiet: true, onClick: () => { list.splice(index, 1); if (!list.length) delete price.additional_currencies; changed(); draw(); } })),
      tiered && tierTable(editor, entry, `${at}.tiers`, { flat: price.tier_behavior === "volume", redraw: draw, code }));
    }), h("div", null, button("Add a currency", { icon: "plus", small: true, onClick: () => { (price.additional_currencies ??= []).push({ currency: "", amount: "" }); changed(); draw(); } })));
  };
  draw();
  return place;
}
