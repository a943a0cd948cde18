// The form of a plan: what it is called, its price, its trial, what it includes, its limits.

import { bound, boundCheck, boundChoice, choices, INTERVALS } from "./bound.js";
import { currencyField } from "./catalog.js";
import { controlsForm } from "./controls-form.js";
import { card, field, h, replace } from "./elements.js";
import { itemsForm } from "./item-form.js";
import { nameFields } from "./name-fields.js";
import { currencyList } from "./tier-form.js";

/** @param editor { draft, catalog, isNew, changed() }; gets `redrawItems`. */
export function planForm(editor) {
  const items = h("div", null);
  editor.redrawItems = () => replace(items, itemsForm(editor));
  editor.redrawItems();
  const hasControls = Boolean(editor.draft.controls);
  return h(
    "div",
    { class: "stack-l" },
    card({ title: "Plan" }, basics(editor)),
    card({ title: "Price" }, price(editor)),
    card({ title: "What it includes" }, items),
    card(
      { class: "card-more" },
      h(
        "details",
        { class: "more", open: hasControls },
        h("summary", null, h("h2", null, "Limits, alerts and top-ups")),
        controlsForm(editor),
      ),
    ),
  );
}

function basics({ draft, catalog, isNew, changed }) {
  const { name, id } = nameFields(draft, "plan_id", { isNew, changed });
  const groups = h(
    "datalist",
    { id: "plan-groups" },
    [...new Set(catalog.catalog.plans.map((plan) => plan.group).filter(Boolean))].map((group) =>
      h("option", { value: group }),
    ),
  );
  const stands = field({
    label: "It is",
    path: "add_on",
    type: "select",
    value: draft.add_on ? "add_on" : "main",
    options: choices([
      ["main", "a main plan: one at a time"],
      ["add_on", "an add-on: beside other plans"],
    ]),
    onInput: (value) => {
      value === "add_on" ? (draft.add_on = true) : delete draft.add_on;
      changed();
    },
  });
  return h(
    "div",
    { class: "stack" },
    h("div", { class: "fields fields-wide" }, name, id),
    h(
      "div",
      { class: "fields fields-wide" },
      stands,
      bound(draft, "group", {
        changed,
        label: "Group",
        path: "group",
        optional: true,
        list: "plan-groups",
        placeholder: "none",
        hint: "Plans of one group replace each other.",
      }),
    ),
    groups,
    boundCheck(draft, "auto_enable", {
      changed,
      label: "Default",
      path: "auto_enable",
      hint: "Every new customer starts with it. For free plans, or those with a trial without a card.",
    }),
  );
}

function price(editor) {
  const { draft, changed } = editor;
  const place = h("div", { class: "stack" });
  const draw = () => {
    const kind = !draft.price ? "none" : draft.price.interval === "one_off" ? "one_off" : "recurring";
    const choice = field({
      label: "Base price",
      type: "select",
      path: "price",
      value: kind,
      options: choices([
        ["none", "None"],
        ["recurring", "Recurring"],
        ["one_off", "One-off"],
      ]),
      onInput: (value) => {
        if (value === "none") {
          editor.oldPrice = draft.price;
          delete draft.price;
          delete draft.free_trial;
        } else
          draft.price = {
            amount: "",
            ...(draft.price ?? editor.oldPrice),
            interval: value === "one_off" ? "one_off" : "month",
          };
        if (value === "one_off") {
          delete draft.free_trial;
          delete draft.price.interval_count;
        }
        changed();
        draw();
      },
    });
    replace(
      place,
      currencyField(editor.catalog, () => {
        changed();
        draw();
      }),
      h(
        "div",
        { class: "fields" },
        choice,
        draft.price &&
          bound(draft.price, "amount", {
            changed,
            label: "Amount",
            path: "price.amount",
            type: "number",
            suffix: editor.catalog.currency.toUpperCase(),
            placeholder: "20",
            required: true,
          }),
        kind === "recurring" &&
          boundChoice(draft.price, "interval", {
            changed,
            onChange: draw,
            label: "Charged each",
            path: "price.interval",
            options: choices(INTERVALS.billing),
          }),
        kind === "recurring" &&
          bound(draft.price, "interval_count", {
            changed,
            label: "Every",
            path: "price.interval_count",
            type: "number",
            placeholder: "1",
            suffix: `${draft.price.interval}s`.replace("_", "-"),
          }),
      ),
      draft.price &&
        h(
          "details",
          { class: "more", open: Boolean(draft.price.additional_currencies?.length) },
          h("summary", null, "Other currencies"),
          currencyList(editor, draft.price, "price.additional_currencies"),
        ),
      (kind === "recurring" ||
        draft.free_trial ||
        draft.items.some((item) => item.usage_price || item.prepaid_price)) &&
        kind !== "one_off" &&
        trial(editor, draw),
    );
  };
  draw();
  return place;
}

function trial({ draft, changed }, redraw) {
  const present = draft.free_trial;
  const choice = field({
    label: "Free trial",
    path: "free_trial",
    type: "select",
    value: !present ? "none" : present.card_not_required ? "free" : "card",
    options: choices([
      ["none", "None"],
      ["card", "With a card on file"],
      ["free", "Without a card"],
    ]),
    onInput: (value) => {
      if (value === "none") delete draft.free_trial;
      else {
        draft.free_trial = { duration_length: "14", duration_type: "day", ...present };
        value === "free" ? (draft.free_trial.card_not_required = true) : delete draft.free_trial.card_not_required;
      }
      changed();
      redraw();
    },
  });
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "fields" },
      choice,
      present &&
        bound(present, "duration_length", {
          changed,
          label: "For",
          path: "free_trial.duration_length",
          type: "number",
        }),
      present &&
        boundChoice(present, "duration_type", {
          changed,
          label: "Of",
          path: "free_trial.duration_type",
          options: choices([
            ["day", "days"],
            ["month", "months"],
            ["year", "years"],
          ]),
        }),
    ),
    present &&
      h(
        "details",
        { class: "more", open: Boolean(present.unique_fingerprint || present.on_end) },
        h("summary", null, "More about the trial"),
        h(
          "div",
          { class: "stack" },
          boundCheck(present, "unique_fingerprint", {
            changed,
            label: "Once for each fingerprint",
            path: "free_trial.unique_fingerprint",
            hint: "Customers with the same fingerprint have it once.",
          }),
          boundChoice(present, "on_end", {
            changed,
            label: "When it is over",
            path: "free_trial.on_end",
            empty: "bill",
            options: choices([
              ["bill", "it is paid for, or ends without a card"],
              ["revert", "it ends, and the plan before it goes on"],
            ]),
          }),
        ),
      ),
  );
}
