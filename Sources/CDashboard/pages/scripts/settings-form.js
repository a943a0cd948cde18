// The catalog's settings as forms: unpaid renewals, use, taxes.

import { bound, boundCheck, boundChoice, choices } from "./bound.js";
import { badge, button, check, field, h, replace } from "./elements.js";

export function dunningForm(editor) {
  const { draft, changed } = editor;
  const place = h("div", { class: "stack" });
  const draw = () => {
    const days = field({
      label: "Tried again after days",
      path: "dunning.retry_days",
      value: (draft.dunning?.retry_days ?? []).join(", "),
      placeholder: "not again",
      hint: "Days after the first attempt, in order.",
      onInput: (text) => {
        draft.dunning.retry_days = text
          .split(/[,\s]+/)
          .filter(Boolean)
          .map(Number);
        changed();
      },
    });
    replace(
      place,
      field({
        label: "It is tried again",
        type: "select",
        value: draft.dunning ? "own" : "default",
        options: choices([
          ["default", "after 3, 5 and 7 days, then the plan ends"],
          ["own", "otherwise"],
        ]),
        onInput: (value) => {
          if (value === "own") draft.dunning = { retry_days: [3, 5, 7] };
          else delete draft.dunning;
          changed();
          draw();
        },
      }),
      draft.dunning &&
        h(
          "div",
          { class: "fields fields-wide" },
          days,
          boundChoice(draft.dunning, "end", {
            changed,
            label: "When all are declined",
            empty: "cancel",
            options: choices([
              ["cancel", "the plan ends"],
              ["keep", "it stays past due"],
            ]),
          }),
        ),
    );
  };
  draw();
  return h(
    "div",
    { class: "stack" },
    place,
    optionalCheck(
      editor,
      "include_past_due",
      "Past due plans still give what they include",
      "Off: as if the plan had ended, until it is paid.",
    ),
    optionalCheck(
      editor,
      "charge_after_first_payment",
      "What is billed by invoice is charged to the card on file after the first payment",
      "Off: it goes on being billed by invoice.",
    ),
    boundChoice(draft, "dispute_behavior", {
      changed,
      label: "When a payment is disputed",
      path: "dispute_behavior",
      empty: "keep",
      options: choices([
        ["keep", "its plans go on"],
        ["past_due", "they are past due until it is won"],
        ["revoke", "they end at once, without credit"],
      ]),
    }),
  );
}

/** A tick box for what is true unless it is said to be false. */
function optionalCheck({ draft, changed }, key, label, hint) {
  return check({
    label,
    hint,
    path: key,
    checked: draft[key] !== false,
    onChange: (on) => {
      if (on) delete draft[key];
      else draft[key] = false;
      changed();
    },
  });
}

export function usageForm({ draft, changed }) {
  return h(
    "div",
    { class: "stack" },
    boundCheck(draft, "keep_free_overage", {
      changed,
      label: "Overage of free features counts against the next grant",
      path: "keep_free_overage",
    }),
    boundCheck(draft, "reverse_deduction_order", {
      changed,
      label: "Draw from balances that don’t reset first",
      path: "reverse_deduction_order",
      hint: "Off: what resets soonest is drawn from first.",
    }),
  );
}

export function taxForm(editor, catalog) {
  const { draft, rates, changed } = editor;
  const published = new Set((catalog.catalog.tax_rates ?? []).map((rate) => rate.tax_rate_id));
  const place = h("div", { class: "stack-s" });
  const choose = h("div", null);
  const drawChoice = () =>
    replace(
      choose,
      h(
        "div",
        { class: "fields fields-wide" },
        boundChoice(draft, "default_tax_rate_id", {
          changed,
          label: "Rate of who has none of their own",
          path: "default_tax_rate_id",
          empty: "",
          options: [
            { value: "", label: "None" },
            ...rates
              .filter((rate) => rate.tax_rate_id)
              .map((rate) => ({
                value: rate.tax_rate_id,
                label: `${rate.name || rate.tax_rate_id} (${rate.percentage || "–"}\u00a0%)`,
              })),
          ],
        }),
        boundChoice(draft, "automatic_tax", {
          changed,
          label: "Tax by the customer’s address",
          path: "automatic_tax",
          empty: "",
          options: choices([
            ["", "no"],
            ["exclusive", "on top of prices"],
            ["inclusive", "contained in prices"],
          ]),
          hint: "Found by the payment provider, where no rate is set.",
        }),
      ),
    );
  const draw = () => {
    replace(
      place,
      rates.length ? null : h("p", { class: "soft" }, "No tax rates."),
      rates.map((rate, index) => {
        const fixed = published.has(rate.tax_rate_id);
        const path = `tax_rates[${index}]`;
        const told = () => {
          changed();
          drawChoice();
        };
        return h(
          "div",
          { class: "entry-row" },
          h(
            "div",
            { class: "fields" },
            bound(rate, "name", { changed: told, label: "Name", path: `${path}.name`, placeholder: "VAT" }),
            bound(rate, "tax_rate_id", { changed: told, label: "Id", path: `${path}.tax_rate_id`, readonly: fixed }),
            bound(rate, "percentage", {
              changed: told,
              label: "Rate",
              path: `${path}.percentage`,
              type: "number",
              suffix: "%",
              readonly: fixed,
            }),
            bound(rate, "jurisdiction", {
              changed,
              label: "Whose",
              path: `${path}.jurisdiction`,
              placeholder: "DE",
              optional: true,
            }),
          ),
          h(
            "div",
            { class: "row row-between" },
            boundCheck(rate, "inclusive", {
              changed,
              label: "Prices contain it",
              path: `${path}.inclusive`,
              disabled: fixed,
            }),
            fixed
              ? badge("Published: rate and kind are for good")
              : button(`Remove rate ${index + 1}`, {
                  icon: "trash",
                  iconOnly: true,
                  quiet: true,
                  small: true,
                  onClick: () => {
                    rates.splice(index, 1);
                    told();
                    draw();
                  },
                }),
          ),
        );
      }),
      h(
        "div",
        null,
        button("Add a rate", {
          icon: "plus",
          small: true,
          onClick: () => {
            rates.push({ tax_rate_id: "", name: "", percentage: "" });
            changed();
            draw();
          },
        }),
      ),
    );
  };
  draw();
  drawChoice();
  return h("div", { class: "stack" }, choose, h("h3", null, "Rates"), place);
}
