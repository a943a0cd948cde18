// Fields that write into an object as they are typed in.

import { check, field } from "./elements.js";
import { INTERVAL_NAMES } from "./format.js";

const named = Object.entries(INTERVAL_NAMES);
/** Intervals as choices. */
export const INTERVALS = {
  billing: named.filter(([name]) => !["minute", "hour", "day"].includes(name)),
  reset: named,
};
export const choices = (pairs) => pairs.map(([value, label]) => ({ value, label }));

/** A field for `object[key]`; `changed` is called after each change. Options as of field(). */
export function bound(object, key, { changed, onChange, ...options }) {
  return field({
    ...options,
    value: object[key] ?? "",
    onInput: (value) => {
      object[key] = value;
      onChange?.(value);
      changed?.();
    },
  });
}

/** A choice for `object[key]`; `empty`: the value that is kept as nothing. */
export function boundChoice(object, key, { changed, onChange, options, empty, ...rest }) {
  return field({
    ...rest,
    type: "select",
    options,
    value: object[key] ?? empty ?? options[0].value,
    onInput: (value) => {
      value === empty ? delete object[key] : (object[key] = value);
      onChange?.(value);
      changed?.();
    },
  });
}

/** A tick box for `object[key]`. */
export function boundCheck(object, key, { changed, onChange, ...options }) {
  return check({
    ...options,
    checked: object[key],
    onChange: (on) => {
      on ? (object[key] = true) : delete object[key];
      onChange?.(on);
      changed?.();
    },
  });
}
