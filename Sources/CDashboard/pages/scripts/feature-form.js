// What units of features cost in credits, and what is added to models' prices.

import { choiceName, offered } from "./archived.js";
import { bound, boundChoice } from "./bound.js";
import { button, h, replace } from "./elements.js";

/** Rows of an array in the draft, with a button for another. */
export function entryRows(editor, key, { make, fields, add }) {
  const { draft } = editor;
  const place = h("div", { class: "stack-s", "data-path": key });
  const fault = h("p", { class: "fault", hidden: true });
  const draw = () => {
    const list = draft[key] ?? [];
    replace(
      place,
      list.map((entry, index) =>
        h(
          "div",
          { class: "entry-row" },
          h(
            "div",
            { class: "tier" },
            fields(entry, `${key}[${index}]`, draw),
            button(`Remove row ${index + 1}`, {
              icon: "trash",
              iconOnly: true,
              quiet: true,
              onClick: () => {
                list.splice(index, 1);
                if (!list.length) delete draft[key];
                editor.changed();
                draw();
              },
            }),
          ),
        ),
      ),
      fault,
      h(
        "div",
        null,
        button(add, {
          icon: "plus",
          small: true,
          onClick: () => {
            (draft[key] ??= []).push(make());
            editor.changed();
            draw();
          },
        }),
      ),
    );
  };
  draw();
  return Object.assign(place, {
    setError(message) {
      fault.hidden = !message;
      fault.textContent = message ?? "";
    },
  });
}

/** The costs of a credit system. */
export function creditCostsForm(editor) {
  const { catalog, draft, changed } = editor;
  const members = catalog.catalog.features.filter(
    (feature) => feature.type === "metered" || feature.type === "ai_credit_system",
  );
  if (!members.length)
    return h("p", { class: "soft" }, "There are no metered features that could draw credits. Create one first.");
  const fresh = offered(members).length ? offered(members) : members;
  const free = () =>
    fresh.find((feature) => !(draft.credit_costs ?? []).some((cost) => cost.feature_id === feature.feature_id)) ??
    fresh[0];
  return entryRows(editor, "credit_costs", {
    add: "Add a feature",
    make: () => ({ feature_id: free().feature_id, credits: "1" }),
    fields: (entry, path) => [
      boundChoice(entry, "feature_id", {
        changed,
        label: "Feature",
        path: `${path}.feature_id`,
        options: offered(members, entry.feature_id).map((feature) => ({
          value: feature.feature_id,
          label: choiceName(feature),
        })),
      }),
      bound(entry, "credits", {
        changed,
        label: "A unit costs",
        path: `${path}.credits`,
        type: "number",
        suffix: "credits",
      }),
    ],
  });
}

const PRICES = [
  ["input", "Input"],
  ["output", "Output"],
  ["cache_read", "Cache, read"],
  ["cache_write", "Cache, written"],
  ["audio_input", "Audio in"],
  ["audio_output", "Audio out"],
  ["reasoning", "Reasoning"],
];

/** The mark-ups of AI credits. */
export function markupsForm(editor) {
  const { draft, changed } = editor;
  const percent = (entry, key, path, options) =>
    bound(entry, key, {
      changed,
      type: "number",
      suffix: "%",
      path,
      onChange: () => {
        if (entry[key] === "") delete entry[key];
      },
      ...options,
    });
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "fields" },
      percent(draft, "default_markup", "default_markup", { label: "On everything", placeholder: "0" }),
    ),
    h("h3", null, "By provider"),
    entryRows(editor, "provider_markups", {
      add: "Add a provider",
      make: () => ({ provider: "", percentage: "0" }),
      fields: (entry, path) => [
        bound(entry, "provider", {
          changed,
          label: "Provider",
          path: `${path}.provider`,
          placeholder: "openai",
          hint: null,
        }),
        percent(entry, "percentage", `${path}.percentage`, { label: "Mark-up" }),
      ],
    }),
    h("h3", null, "By model"),
    entryRows(editor, "model_markups", {
      add: "Add a model",
      make: () => ({ model_id: "" }),
      fields: (entry, path, redraw) => [
        bound(entry, "model_id", { changed, label: "Model", path: `${path}.model_id`, placeholder: "provider/model" }),
        percent(entry, "percentage", `${path}.percentage`, { label: "Mark-up", placeholder: "its provider’s" }),
        entry.prices
          ? h(
              "div",
              { class: "fields price-fields" },
              PRICES.map(([key, label]) =>
                bound(entry.prices, key, {
                  changed,
                  label,
                  path: `${path}.prices.${key}`,
                  type: "number",
                  prefix: "$",
                  optional: key !== "input" && key !== "output",
                }),
              ),
              h("p", { class: "hint" }, "USD for a million tokens."),
              button("Use the price list", {
                small: true,
                onClick: () => {
                  delete entry.prices;
                  changed();
                  redraw();
                },
              }),
            )
          : button("Prices of its own", {
              small: true,
              onClick: () => {
                entry.prices = { input: "", output: "" };
                changed();
                redraw();
              },
            }),
      ],
    }),
  );
}
