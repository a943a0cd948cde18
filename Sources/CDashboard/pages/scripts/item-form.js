// One item of a plan: what is granted, how often, and what happens beyond that.

import { archivedBadge, choiceName, offered } from "./archived.js";
import { bound, boundCheck, boundChoice } from "./bound.js";
import { button, h, icon, menu, replace } from "./elements.js";
import { beyond, more, resetChoice, rollover } from "./item-extras.js";
import { itemText } from "./plan-text.js";
import { priceForm } from "./price-form.js";

const TYPES = {
  boolean: "on or off",
  metered: "used up",
  allocated: "held",
  credit_system: "credits",
  ai_credit_system: "model credits",
  concurrency: "at a time",
};
const opened = new WeakSet();

/** The items of the draft, with a way to add one. */
export function itemsForm(editor) {
  const { draft, catalog, changed } = editor;
  const place = h("div", { class: "stack" });
  const draw = (focus) => {
    const { features } = catalog.catalog;
    const choices = offered(features);
    replace(
      place,
      draft.items.map((item, index) => itemForm(editor, item, index, draw)),
      !draft.items.length && h("p", { class: "soft" }, "Nothing yet. Add what customers of this plan get."),
      choices.length
        ? h(
            "div",
            null,
            menu(button("Add a feature", { icon: "plus" }), () =>
              choices.map((feature) => ({
                label: `${feature.name} (${TYPES[feature.type] ?? feature.type})`,
                onClick: () => {
                  const item = newItem(feature);
                  opened.add(item);
                  draft.items.push(item);
                  changed();
                  draw(draft.items.length - 1);
                },
              })),
            ),
          )
        : h(
            "p",
            { class: "soft" },
            features.length
              ? "All features are archived: create another one, or unarchive one."
              : "There are no features yet: create one first.",
          ),
    );
    if (focus !== undefined) place.querySelectorAll(".item > summary")[focus]?.focus();
  };
  draw();
  return place;
}

function newItem(feature) {
  if (feature.type === "boolean") return { feature_id: feature.feature_id };
  if (feature.type === "allocated" || feature.type === "concurrency")
    return { feature_id: feature.feature_id, included: "1" };
  return { feature_id: feature.feature_id, included: "100", reset: { interval: "month" } };
}

/** Opens the item that a path such as "items[2].reset" is of. */
export function openItem(editor, path) {
  const index = Number(/^items\[(\d+)\]/.exec(path)?.[1]);
  if (editor.draft.items[index]) opened.add(editor.draft.items[index]);
}

function itemForm(editor, item, index, redrawAll) {
  const { draft, catalog, changed } = editor;
  const feature = catalog.feature(item.feature_id);
  const path = `items[${index}]`;
  const title = h("span", { class: "strong" });
  const detail = h("span", { class: "soft small" });
  const tell = () => {
    const text = itemText(item, feature, catalog.currency, (id) => catalog.feature(id)?.name ?? id);
    title.textContent = text.main;
    detail.textContent = text.extra.join(" · ");
  };
  const told = {
    ...editor,
    changed: () => {
      tell();
      changed();
    },
  };
  const body = h("div", { class: "item-body stack" });
  const draw = () =>
    replace(
      body,
      bodyOf(told, item, feature, path, () => {
        told.changed();
        draw();
      }),
    );
  const move = (by) => {
    const [taken] = draft.items.splice(index, 1);
    draft.items.splice(index + by, 0, taken);
    changed();
    redrawAll(index + by);
  };
  tell();
  draw();
  const element = h(
    "details",
    {
      class: "item",
      open: opened.has(item),
      "data-path": path,
      ontoggle: () => (element.open ? opened.add(item) : opened.delete(item)),
    },
    h(
      "summary",
      null,
      icon("right"),
      h("span", { class: "grow" }, title, h("br"), detail),
      archivedBadge(feature),
      h("span", { class: "badge badge-quiet" }, TYPES[feature?.type] ?? "unknown"),
    ),
    body,
    h(
      "div",
      { class: "row item-foot" },
      h("p", { class: "fault grow", hidden: true }),
      button("Up", {
        icon: "up",
        iconOnly: true,
        quiet: true,
        small: true,
        disabled: index === 0,
        onClick: () => move(-1),
      }),
      button("Down", {
        icon: "down",
        iconOnly: true,
        quiet: true,
        small: true,
        disabled: index === draft.items.length - 1,
        onClick: () => move(1),
      }),
      button("Remove", {
        icon: "trash",
        small: true,
        danger: true,
        onClick: () => {
          draft.items.splice(index, 1);
          changed();
          redrawAll();
        },
      }),
    ),
  );
  const fault = element.querySelector(".item-foot > .fault");
  return Object.assign(element, {
    control: element.querySelector("summary"),
    setError(message) {
      fault.hidden = !message;
      fault.textContent = message ?? "";
      if (message) element.open = true;
    },
  });
}

function bodyOf(editor, item, feature, path, redraw) {
  const { changed, catalog } = editor;
  const choose = boundChoice(item, "feature_id", {
    changed,
    onChange: () => editor.redrawItems(),
    label: "Feature",
    path: `${path}.feature_id`,
    options: offered(catalog.catalog.features, item.feature_id).map((each) => ({
      value: each.feature_id,
      label: choiceName(each),
    })),
  });
  if (!feature || feature.type === "boolean")
    return [
      h("div", { class: "fields" }, choose),
      h(
        "p",
        { class: "hint" },
        feature ? "It is part of the plan: nothing to count." : "There is no such feature any more.",
      ),
    ];
  const consumable = ["metered", "credit_system", "ai_credit_system"].includes(feature.type);
  const unlimited = boundCheck(item, "unlimited", {
    changed,
    label: "Unlimited",
    path: `${path}.unlimited`,
    onChange: (on) => {
      if (on) {
        delete item.included;
        delete item.reset;
        delete item.usage_price;
        delete item.prepaid_price;
        delete item.rollover;
      } else if (consumable) item.reset = { interval: "month" };
      redraw();
    },
  });
  if (item.unlimited)
    return [h("div", { class: "fields" }, choose), unlimited, more(editor, item, feature, path, consumable)];
  const name = feature.name;
  return [
    h(
      "div",
      { class: "fields" },
      choose,
      bound(item, "included", {
        changed,
        label: feature.type === "concurrency" ? "At a time" : "Included",
        path: `${path}.included`,
        type: "number",
        placeholder: "0",
      }),
      consumable && resetChoice(editor, item, path, redraw),
      consumable &&
        item.reset &&
        item.reset.interval !== "one_off" &&
        bound(item.reset, "interval_count", {
          changed,
          label: "Every",
          path: `${path}.reset.interval_count`,
          type: "number",
          placeholder: "1",
          suffix: `${item.reset.interval}s`.replace("_", "-"),
        }),
    ),
    unlimited,
    feature.type !== "concurrency" &&
      h("div", { class: "fields fields-wide" }, beyond(editor, item, feature, path, redraw)),
    item.usage_price && priceForm(editor, item.usage_price, { kind: "usage", path: `${path}.usage_price`, item }),
    item.prepaid_price &&
      priceForm(editor, item.prepaid_price, {
        kind: item.prepaid_price.per_seat ? "seats" : "packs",
        path: `${path}.prepaid_price`,
        item,
      }),
    consumable && item.reset && item.reset.interval !== "one_off" && rollover(editor, item, path, redraw, name),
    more(editor, item, feature, path, consumable),
  ];
}
