// The form of a feature: what it is called, what it is, which events count for it.

import { bound, boundCheck } from "./bound.js";
import { currencyField } from "./catalog.js";
import { card, field, h, replace } from "./elements.js";
import { creditCostsForm, markupsForm } from "./feature-form.js";
import { KINDS, kindOf } from "./feature-text.js";
import { identifierOf } from "./plan-draft.js";

/** @param editor { draft, catalog, changed() } */
export function featureFields(editor, isNew) {
  const { draft, changed } = editor;
  let ownID = Boolean(draft.feature_id);
  const id = bound(draft, "feature_id", {
    changed,
    label: "Id",
    path: "feature_id",
    required: true,
    readonly: !isNew,
    maxlength: "63",
    hint: isNew ? "For code. It never changes." : "It never changes.",
    onChange: (value) => {
      ownID = value !== "";
    },
  });
  const name = bound(draft, "name", {
    changed,
    label: "Name",
    path: "name",
    required: true,
    autofocus: isNew,
    onChange: (value) => {
      if (isNew && !ownID) {
        draft.feature_id = identifierOf(value);
        id.control.value = draft.feature_id;
      }
    },
  });
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
