// The form of a feature: what it is called, what it is, which events count for it.

import { boundCheck } from "./bound.js";
import { currencyField } from "./catalog.js";
import { card, field, h, replace } from "./elements.js";
import { creditCostsForm, markupsForm } from "./feature-form.js";
import { KINDS, kindOf } from "./feature-text.js";
import { nameFields } from "./name-fields.js";

/** @param editor { draft, catalog, changed() } */
export function featureFields(editor, isNew) {
  const { draft, changed } = editor;
  const { name, id } = nameFields(draft, "feature_id", { isNew, changed });
  const rest = h("div", { class: "stack-l" });
  const about = h("p", { class: "hint" }, kindOf(draft.type).about);
  const kind = field({
    label: "Kind",
    path: "type",
    type: "select",
    value: draft.type,
    options: KINDS,
    disabled: !isNew,
    onInput: (value) => {
      draft.type = value;
      if (value !== "credit_system") delete draft.credit_costs;
      if (value !== "ai_credit_system") {
        delete draft.default_markup;
        delete draft.provider_markups;
        delete draft.model_markups;
      }
      about.textContent = kindOf(value).about;
      changed();
      draw();
    },
  });
  kind.append(about);
  const draw = () =>
    replace(
      rest,
      draft.type === "credit_system" && card({ title: "What units cost" }, creditCostsForm(editor)),
      draft.type === "ai_credit_system" && card({ title: "Mark-ups" }, markupsForm(editor)),
    );
  draw();
  const events = field({
    label: "Event names",
    path: "event_names",
    optional: true,
    value: (draft.event_names ?? []).join(", "),
    placeholder: "message.sent, message.forwarded",
    hint: "Events of these names count for it, too. Separate them by commas.",
    onInput: (text) => {
      const names = text.split(/[,\s]+/).filter(Boolean);
      names.length ? (draft.event_names = names) : delete draft.event_names;
      changed();
    },
  });
  return [
    card(
      { title: "Feature" },
      h(
        "div",
        { class: "stack" },
        h("div", { class: "fields fields-wide" }, name, id),
        kind,
        currencyField(editor.catalog, changed),
        events,
        boundCheck(draft, "shadow", {
          changed,
          label: "Shadow mode",
          path: "shadow",
          hint: "Rules are evaluated and what they would have denied is recorded, but nothing is denied.",
        }),
      ),
    ),
    rest,
  ];
}
