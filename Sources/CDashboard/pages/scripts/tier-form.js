// Tiers of a price, and what a price is in other currencies.

import { bound, choices } from "./bound.js";
import { button, field, h, replace } from "./elements.js";

/** Rows of tiers; the last has no end. */
export function tierTable({ changed, currency }, price, path, { flat, redraw, code = currency.toUpperCase() }) {
  const { tiers } = price;
  const add = () => {
    const last = tiers.at(-2)?.up_to;
    tiers.splice(tiers.length - 1, 0, {
      up_to: String(Math.max(1, Number(last) || 0) * (last ? 10 : 1000)),
      amount: tiers.at(-1).amount,
    });
    changed();
    redraw();
  };
  return h(
    "div",
    { class: "tiers", "data-path": path, role: "group", "aria-label": "Tiers" },
    tiers.map((tier, index) =>
      h(
        "div",
        { class: "tier" },
        index === tiers.length - 1
          ? h(
              "div",
              { class: "field" },
              h("span", { class: "label" }, `Tier ${index + 1}`),
              h("p", { class: "tier-rest soft" }, index ? "all that is above" : "all units"),
            )
          : bound(tier, "up_to", {
              changed,
              label: `Tier ${index + 1}, up to`,
              path: `${path}[${index}].up_to`,
              type: "number",
              hint: null,
            }),
        bound(tier, "amount", {
          changed,
          label: "Price",
          path: `${path}[${index}].amount`,
          type: "number",
          suffix: code,
        }),
        flat &&
          bound(tier, "flat_amount", {
            changed,
            label: "Once, in this tier",
            path: `${path}[${index}].flat_amount`,
            type: "number",
            suffix: code,
            optional: true,
          }),
        button(`Remove tier ${index + 1}`, {
          icon: "trash",
          iconOnly: true,
          quiet: true,
          disabled: tiers.length === 1,
          onClick: () => {
            tiers.splice(index, 1);
            if (tiers.length) delete tiers.at(-1).up_to;
            changed();
            redraw();
          },
        }),
      ),
    ),
    h(
      "div",
      { class: "row" },
      button("Add a tier", { icon: "plus", small: true, onClick: add }),
      h("span", { class: "hint" }, "Boundaries count what is included."),
    ),
  );
}

/** A price in other currencies; with `tiers` they may have tiers too. */
export function currencyList(editor, price, path, { tiers: mayTier = false } = {}) {
  const { changed } = editor;
  const place = h("div", { class: "stack-s" });
  const draw = () => {
    const list = price.additional_currencies ?? [];
    replace(
      place,
      list.length > 0 && h("span", { class: "label strong small" }, "In other currencies"),
      list.map((entry, index) => {
        const at = `${path}[${index}]`;
        const code = (entry.currency || "").toUpperCase();
        const tiered = entry.tiers?.length > 0;
        return h(
          "div",
          { class: "stack-s" },
          h(
            "div",
            { class: "tier" },
            bound(entry, "currency", {
              changed,
              label: "Currency",
              path: `${at}.currency`,
              maxlength: "3",
              placeholder: "eur",
              onChange: (value) => {
                entry.currency = value.toLowerCase();
              },
            }),
            !tiered && bound(entry, "amount", { changed, label: "Price", path: `${at}.amount`, type: "number" }),
            mayTier &&
              (tiered || price.tiers?.length > 0) &&
              field({
                label: "Pricing",
                type: "select",
                value: tiered ? "tiers" : "flat",
                options: choices([
                  ["flat", "One price"],
                  ["tiers", "Tiers"],
                ]),
                onInput: (value) => {
                  if (value === "tiers") {
                    entry.tiers = (price.tiers ?? [{ amount: entry.amount }]).map((tier) => ({ ...tier }));
                    delete entry.amount;
                  } else {
                    entry.amount = entry.tiers?.[0]?.amount ?? "";
                    delete entry.tiers;
                  }
                  changed();
                  draw();
                },
              }),
            button(`Remove ${code || "currency"}`, {
              icon: "trash",
              iconOnly: true,
              quiet: true,
              onClick: () => {
                list.splice(index, 1);
                if (!list.length) delete price.additional_currencies;
                changed();
                draw();
              },
            }),
          ),
          tiered &&
            tierTable(editor, entry, `${at}.tiers`, { flat: price.tier_behavior === "volume", redraw: draw, code }),
        );
      }),
      h(
        "div",
        null,
        button("Add a currency", {
          icon: "plus",
          small: true,
          onClick: () => {
            (price.additional_currencies ??= []).push({ currency: "", amount: "" });
            changed();
            draw();
          },
        }),
      ),
    );
  };
  draw();
  return place;
}
