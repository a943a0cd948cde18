// Limits, alerts and permissions of a plan: those that few plans need.

import { choiceName, offered } from "./archived.js";
import { bound, boundCheck, boundChoice, choices } from "./bound.js";
import { button, field, h, replace } from "./elements.js";

const MEASURES = [
  ["usage", "units used"],
  ["usage_percentage", "% used"],
  ["remaining", "units left"],
  ["remaining_percentage", "% left"],
];
const WINDOWS = [
  ["day", "day"],
  ["week", "week"],
  ["month", "month"],
  ["year", "year"],
];

/** The lists of Controls: title, what a new entry is, and its fields. */
const KINDS = [
  {
    key: "usage_limits",
    title: "Usage limits",
    about: "How much may be used in each window.",
    make: (id) => ({ feature_id: id, enabled: true, limit: "100", interval: "day" }),
    fields: (editor, entry, path) => [
      featureChoice(editor, entry, path),
      number(editor, entry, "limit", "At most", path, "units"),
      choice(editor, entry, "interval", "Each", path, WINDOWS),
      choice(
        editor,
        entry,
        "anchor",
        "Counted from",
        path,
        [
          ["billing_cycle", "the billing cycle"],
          ["utc", "the calendar, UTC"],
        ],
        "billing_cycle",
      ),
      filterField(editor, entry, path),
    ],
  },
  {
    key: "spend_limits",
    title: "Spend limits",
    about: "How far usage may go beyond what is granted.",
    make: (id) => ({ feature_id: id, enabled: true, overage_limit: "100" }),
    fields: (editor, entry, path, redraw) => [
      featureChoice(editor, entry, path, "Every other feature"),
      field({
        label: "Bound",
        type: "select",
        value:
          entry.overage_limit !== undefined
            ? "overage_limit"
            : entry.overage_percentage !== undefined
              ? "overage_percentage"
              : "none",
        options: choices([
          ["overage_limit", "units"],
          ["overage_percentage", "% of the grant"],
          ["none", "none"],
        ]),
        onInput: (value) => {
          const old = entry.overage_limit ?? entry.overage_percentage ?? "100";
          delete entry.overage_limit;
          delete entry.overage_percentage;
          if (value !== "none") entry[value] = old;
          editor.changed();
          redraw();
        },
      }),
      entry.overage_limit !== undefined && number(editor, entry, "overage_limit", "At most beyond", path, "units"),
      entry.overage_percentage !== undefined &&
        number(editor, entry, "overage_percentage", "At most beyond", path, "%"),
    ],
  },
  {
    key: "usage_alerts",
    title: "Alerts",
    about: "Webhooks that fire when usage passes a threshold.",
    make: (id) => ({ feature_id: id, enabled: true, threshold: "80", measure: "usage_percentage" }),
    fields: (editor, entry, path) => [
      featureChoice(editor, entry, path, "Every feature"),
      number(editor, entry, "threshold", "At", path),
      choice(editor, entry, "measure", "Of", path, MEASURES),
      bound(entry, "name", {
        changed: editor.changed,
        label: "Name",
        path: `${path}.name`,
        maxlength: "128",
        optional: true,
      }),
    ],
  },
  {
    key: "overage_permissions",
    title: "Overage",
    about: "Whether usage may go beyond what is granted, whatever the items say.",
    make: (id) => ({ feature_id: id, enabled: true }),
    fields: (editor, entry, path) => [featureChoice(editor, entry, path)],
    on: "May go beyond",
  },
  {
    key: "auto_topups",
    title: "Automatic top-ups",
    about: "Packs that are bought for good with the card on file when little is left.",
    make: (id) => ({ feature_id: id, enabled: true, threshold: "10", quantity: "100" }),
    fields: (editor, entry, path, redraw) => [
      featureChoice(editor, entry, path),
      number(editor, entry, "threshold", "When so many are left", path),
      number(editor, entry, "quantity", "Buy", path, "units"),
      field({
        label: "How often",
        type: "select",
        value: entry.purchase_limit ? "limit" : "default",
        options: choices([
          ["default", "twice in 10 minutes at most"],
          ["limit", "limited by a window"],
        ]),
        onInput: (value) => {
          value === "limit" ? (entry.purchase_limit = { interval: "day", limit: "3" }) : delete entry.purchase_limit;
          editor.changed();
          redraw();
        },
      }),
      entry.purchase_limit && number(editor, entry.purchase_limit, "limit", "Purchases", `${path}.purchase_limit`),
      entry.purchase_limit &&
        choice(editor, entry.purchase_limit, "interval", "In each", `${path}.purchase_limit`, [
          ["hour", "hour"],
          ["day", "day"],
          ["week", "week"],
          ["month", "month"],
        ]),
      entry.purchase_limit &&
        number(
          editor,
          entry.purchase_limit,
          "interval_count",
          "Windows of",
          `${path}.purchase_limit`,
          `${entry.purchase_limit.interval}s`,
        ),
    ],
  },
];

const number = (editor, entry, key, label, path, suffix) =>
  bound(entry, key, { changed: editor.changed, label, path: `${path}.${key}`, type: "number", suffix });
const choice = (editor, entry, key, label, path, pairs, empty) =>
  boundChoice(entry, key, { changed: editor.changed, label, path: `${path}.${key}`, options: choices(pairs), empty });

function featureChoice(editor, entry, path, all) {
  const usable = offered(editor.catalog.catalog.features, entry.feature_id).filter(
    (feature) => feature.type !== "boolean",
  );
  return boundChoice(entry, "feature_id", {
    changed: editor.changed,
    label: "Feature",
    path: `${path}.feature_id`,
    empty: all ? "" : undefined,
    options: [
      ...(all ? [{ value: "", label: all }] : []),
      ...usable.map((feature) => ({ value: feature.feature_id, label: choiceName(feature) })),
    ],
  });
}

/** Properties as "region = eu, test = true". */
function filterField(editor, entry, path) {
  const text = Object.entries(entry.filter ?? {})
    .map(
      ([name, value]) =>
        `${name} = ${value.string_value !== undefined ? (/^(true|false|-?[\d.]+)$/.test(value.string_value) ? JSON.stringify(value.string_value) : value.string_value) : (value.number_value ?? value.bool_value)}`,
    )
    .join(", ");
  const element = field({
    label: "Only usage with",
    path: `${path}.filter`,
    value: text,
    placeholder: "region = eu",
    optional: true,
    hint: "Properties, at most 4; text, numbers, true or false.",
    onInput: (typed) => {
      const found = {};
      for (const part of typed
        .split(",")
        .map((each) => each.trim())
        .filter(Boolean)) {
        const [name, ...rest] = part.split("=").map((each) => each.trim());
        const value = rest.join("=");
        if (name)
          found[name] =
            value === "true" || value === "false"
              ? { bool_value: value === "true" }
              : value !== "" && Number.isFinite(Number(value))
                ? { number_value: Number(value) }
                : { string_value: value.replace(/^"(.*)"$/, "$1") };
      }
      Object.keys(found).length ? (entry.filter = found) : delete entry.filter;
      editor.changed();
    },
  });
  return element;
}

/** The form of `draft.controls`. */
export function controlsForm(editor) {
  const { draft } = editor;
  const place = h("div", { class: "stack-l", "data-path": "controls" });
  const draw = () => {
    replace(
      place,
      KINDS.map((kind) => {
        const list = draft.controls?.[kind.key] ?? [];
        const usable = offered(editor.catalog.catalog.features).filter((feature) => feature.type !== "boolean");
        const first = usable[0]?.feature_id ?? "";
        const dropEmpty = () => {
          if (!draft.controls[kind.key].length) delete draft.controls[kind.key];
          if (!Object.keys(draft.controls).length) delete draft.controls;
        };
        return h(
          "section",
          { class: "stack-s" },
          h(
            "div",
            { class: "row row-between" },
            h("div", null, h("h3", null, kind.title), h("p", { class: "soft small" }, kind.about)),
            button("Add", {
              icon: "plus",
              small: true,
              "aria-label": `Add to ${kind.title}`,
              onClick: () => {
                ((draft.controls ??= {})[kind.key] ??= []).push(kind.make(first));
                editor.changed();
                draw();
              },
            }),
          ),
          list.map((entry, index) => {
            const path = `controls.${kind.key}[${index}]`;
            return h(
              "div",
              { class: "entry-row" },
              h("div", { class: "fields grow" }, kind.fields(editor, entry, path, draw)),
              h(
                "div",
                { class: "row" },
                boundCheck(entry, "enabled", { changed: editor.changed, label: kind.on ?? "Counts" }),
                button(`Remove from ${kind.title}`, {
                  icon: "trash",
                  iconOnly: true,
                  quiet: true,
                  small: true,
                  onClick: () => {
                    list.splice(index, 1);
                    dropEmpty();
                    editor.changed();
                    draw();
                  },
                }),
              ),
            );
          }),
        );
      }),
    );
  };
  draw();
  return place;
}
