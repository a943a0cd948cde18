// A range of time to be chosen: a preset, or two dates.

import { field, h } from "./elements.js";
import { dayText, presets, rangeOf } from "./ranges.js";

// `clock()`: what time it is; test clocks may be ahead.
export function rangeField({ value = { preset: "month" }, onChange, label = "Range", clock = () => new Date() }) {
  const now = clock();
  const preset = field({
    label,
    type: "select",
    value: value.preset,
    path: "start_time",
    options: [...presets.map((each) => ({ value: each.id, label: each.name })), {
      value: "custom",
      label: "From … to …",
    }],
    onInput: () => changed(),
  });
  const from = field({
    label: "From",
    type: "date",
    value: value.from || dayText(new Date(now.getFullYear(), now.getMonth(), 1)),
    onInput: () => changed(),
  });
  const to = field({
    label: "To, included",
    type: "date",
    value: value.to || dayText(now),
    path: "end_time",
    onInput: () => changed(),
  });
  const read = () => ({
    preset: preset.control.value,
    ...(preset.control.value === "custom" ? { from: from.control.value, to: to.control.value } : {}),
  });
  const show = () => {
    from.hidden = to.hidden = preset.control.value !== "custom";
  };
  function changed() {
    show();
    const range = rangeOf(read(), clock());
    const wrong = !range.start || !range.end || range.start >= range.end;
    // After the field has taken away what it said before, as it does whenever it is typed in.
    setTimeout(() => to.setError(wrong ? "It has to be on or after the first day." : undefined));
    if (!wrong) onChange?.(read());
  }
  show();
  // The three are children of whatever grid they are put into.
  return Object.assign(h("div", { class: "contents" }, preset, from, to), {
    read,
    range: () => rangeOf(read(), clock()),
  });
}
