// What a plan would cost for the usage that is put in, as it is edited.

import { field, h, replace } from "./elements.js";
import { interval, money, quantity } from "./format.js";
import { plainNumber } from "./plan-draft.js";
import { fixedAmount, fixedQuantity, lineCost, toMinor } from "./price.js";
import { curveFigure } from "./price-curve.js";

/** @returns {HTMLElement & {update()}} reads the draft anew on `update`. */
export function pricePreview({ draft, catalog, usage = {} }) {
  const inputs = h("div", { class: "stack" });
  const result = h("div", { class: "stack-s", "aria-live": "polite" });
  const element = h("div", { class: "stack" }, inputs, result);
  let shape = "";
  const pricedItems = () =>
    (draft.items ?? [])
      .map((item, index) => ({ item, index, price: item.usage_price ?? item.prepaid_price }))
      .filter(({ price }) => price);

  function drawInputs() {
    const priced = pricedItems();
    // Fields are made anew only when there are others, so that typing in one isn't interrupted.
    const now = JSON.stringify(
      priced.map(({ item, price }) => [item.feature_id, Boolean(item.usage_price), price.per_seat]),
    );
    if (now === shape) return;
    shape = now;
    replace(
      inputs,
      priced.map(({ item, index }) => {
        const key = `${item.feature_id}/${index}`;
        usage[key] ??= String(
          Math.round((Number(item.included) || 0) * 1.5) ||
            Math.max(10, (Number((item.usage_price ?? item.prepaid_price).billing_units) || 1) * 3),
        );
        const name = catalog.feature(item.feature_id)?.name ?? item.feature_id;
        const curve = h("div");
        const input = field({
          label: `${name} ${item.usage_price ? (catalog.feature(item.feature_id)?.type === "allocated" ? "held" : "used") : item.prepaid_price?.per_seat ? "held" : "bought, with what is included"}`,
          type: "number",
          value: usage[key],
          onInput: (value) => {
            usage[key] = value;
            drawResult();
          },
        });
        return Object.assign(h("div", { class: "stack-s" }, input, curve), {
          draw: () => {
            const present = pricedItems().find((each) => each.index === index);
            const units = Number(plainNumber(usage[key]));
            const figure =
              present && Number.isFinite(units) && units >= 0
                ? curveFigure({
                    price: readable(present.price),
                    included: plainNumber(present.item.included ?? "0"),
                    units,
                    currency: catalog.currency,
                    name,
                  })
                : null;
            replace(curve, figure);
          },
        });
      }),
    );
  }

  function drawResult() {
    for (const child of inputs.children) child.draw?.();
    const { currency } = catalog;
    const lines = [];
    const cycles = new Map();
    const put = (label, minor, cycle, note) => {
      lines.push({ label, minor, cycle, note });
      if (minor !== null) cycles.set(cycle, (cycles.get(cycle) ?? 0n) + minor);
    };
    const base = fixedAmount(plainNumber(draft.price?.amount ?? ""));
    if (draft.price && draft.price.amount !== "")
      put(
        "Base price",
        base === null ? null : toMinor(base, currency),
        interval(draft.price.interval, Number(draft.price.interval_count) || 1),
      );
    for (const { item, index, price } of pricedItems()) {
      const typed = plainNumber(usage[`${item.feature_id}/${index}`] ?? "0");
      const included = plainNumber(item.included ?? "0");
      const capped = cap(typed, included, price);
      const cycle = item.usage_price
        ? item.reset
          ? interval(item.reset.interval, Number(item.reset.interval_count) || 1)
          : draft.price
            ? interval(draft.price.interval, Number(draft.price.interval_count) || 1)
            : "per month"
        : interval(price.interval, Number(price.interval_count) || 1);
      put(
        catalog.feature(item.feature_id)?.name ?? item.feature_id,
        lineCost(readable(price), capped.units, included, currency),
        cycle,
        capped.note,
      );
    }
    if (!lines.length) return replace(result, h("p", { class: "soft" }, "Free: nothing is charged."));
    const show = (minor) => (minor === null ? "–" : money({ currency, minor_units: minor }));
    replace(
      result,
      h(
        "dl",
        { class: "pairs" },
        lines.map((line) => [
          h("dt", null, line.label, line.note && h("span", { class: "plan-extra warn" }, line.note)),
          h("dd", null, show(line.minor), h("span", { class: "soft small" }, ` ${line.cycle}`)),
        ]),
      ),
      h(
        "div",
        { class: "preview-total" },
        [...cycles].map(([cycle, minor]) =>
          h(
            "p",
            { class: "row row-between" },
            h("span", { class: "soft" }, cycles.size > 1 ? `Together ${cycle}` : "Together"),
            h(
              "strong",
              { class: "stat" },
              show(minor),
              cycles.size === 1 && h("span", { class: "soft small preview-per" }, ` ${cycle}`),
            ),
          ),
        ),
      ),
    );
  }

  element.update = () => {
    drawInputs();
    drawResult();
  };
  element.update();
  return element;
}

/** The most that can be used or bought, where there is a limit. */
function cap(units, included, price) {
  const limit =
    price.max_purchase === undefined || price.max_purchase === ""
      ? null
      : fixedQuantity(plainNumber(price.max_purchase));
  const free = fixedQuantity(included || "0");
  const wanted = fixedQuantity(units || "0");
  if (limit === null || free === null || wanted === null || wanted <= free + limit) return { units };
  return { units: String(Number(free + limit) / 1e10), note: `Stops at ${quantity(Number(free + limit) / 1e10)}.` };
}

/** Typed numbers in the API's form, so that the price can be computed while it is typed. */
function readable(price) {
  const tiers = (list) =>
    list?.map((tier) => ({
      ...tier,
      up_to: tier.up_to === undefined || tier.up_to === "" ? undefined : plainNumber(tier.up_to),
      amount: plainNumber(tier.amount || "0"),
      flat_amount: plainNumber(tier.flat_amount || "0"),
    }));
  return {
    ...price,
    amount: plainNumber(price.amount ?? "0"),
    billing_units: plainNumber(price.billing_units ?? "1") || "1",
    max_purchase: price.max_purchase === undefined ? undefined : plainNumber(price.max_purchase),
    tiers: tiers(price.tiers),
  };
}
