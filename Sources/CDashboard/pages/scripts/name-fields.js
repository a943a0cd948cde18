// What something is called: a name, and an id that follows it until it is typed itself.

import { bound } from "./bound.js";
import { identifierOf } from "./plan-draft.js";

/** @returns {{name, id}} fields for `draft.name` and `draft[key]`; the id of what is there can't be changed. */
export function nameFields(draft, key, { isNew, changed }) {
  let ownID = Boolean(draft[key]);
  const id = bound(draft, key, {
    changed,
    label: "Id",
    path: key,
    required: isNew,
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
        draft[key] = identifierOf(value);
        id.control.value = draft[key];
      }
    },
  });
  return { name, id };
}
