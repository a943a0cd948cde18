// Ranges of time that are asked about, by the viewer's clocks; and the bins that suit them.

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const startOfDay = (time) => new Date(time.getFullYear(), time.getMonth(), time.getDate());
const addDays = (time, days) => new Date(time.getFullYear(), time.getMonth(), time.getDate() + days);

// Each ends at the moment it is asked for, but those that name a whole month.
export const presets = [
  { id: "day", name: "Last 24 hours", bin: "hour", from: (now) => new Date(now - 24 * 3600e3) },
  { id: "week", name: "Last 7 days", bin: "day", from: (now) => addDays(startOfDay(now), -6) },
  { id: "month", name: "Last 30 days", bin: "day", from: (now) => addDays(startOfDay(now), -29) },
  { id: "quarter", name: "Last 90 days", bin: "week", from: (now) => addDays(startOfDay(now), -89) },
  {
    id: "year",
    name: "Last 12 months",
    bin: "month",
    from: (now) => new Date(now.getFullYear(), now.getMonth() - 11, 1),
  },
  { id: "this_month", name: "This month", bin: "day", from: (now) => new Date(now.getFullYear(), now.getMonth(), 1) },
  {
    id: "last_month",
    name: "Last month",
    bin: "day",
    from: (now) => new Date(now.getFullYear(), now.getMonth() - 1, 1),
    to: (now) => new Date(now.getFullYear(), now.getMonth(), 1),
  },
];

export const bins = [
  { id: "hour", name: "Hours", most: 24 * 31 },
  { id: "day", name: "Days", most: 366 },
  { id: "week", name: "Weeks", most: 520 },
  { id: "month", name: "Months", most: 600 },
];

// The range of a preset, or of two dates (a day each, both included).
export function rangeOf({ preset, from, to }, now = new Date()) {
  if (preset === "custom") {
    const start = parseDay(from), last = parseDay(to);
    return { start, end: last && addDays(last, 1) };
  }
  const found = presets.find((each) => each.id === preset) ?? presets[2];
  // A moment ahead, so that what is recorded in this very millisecond is in it.
  return { start: found.from(now), end: found.to?.(now) ?? new Date(now.getTime() + 1000) };
}

export const presetBin = (id) => presets.find((each) => each.id === id)?.bin ?? "day";

// Bins that make a readable number of bars of a range.
export function suitableBins({ start, end }) {
  const hours = (end - start) / 3600e3;
  const count = { hour: hours, day: hours / 24, week: hours / 168, month: hours / 730 };
  return bins.filter((bin) => count[bin.id] <= bin.most && (count[bin.id] >= 1 || bin.id === "hour"));
}

// "2026-11-27" as the viewer's midnight; undefined if it is none.
export function parseDay(text) {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? "");
  return match ? new Date(+match[1], match[2] - 1, +match[3]) : undefined;
}

export function dayText(time) {
  const two = (number) => String(number).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

// What a bin is called on an axis, and in full where there is room.
export function binLabel(time, bin, full = false) {
  const options = {
    hour: full ? { dateStyle: "medium", timeStyle: "short" } : { hour: "numeric" },
    day: full
      ? { weekday: "short", day: "numeric", month: "short", year: "numeric" }
      : { day: "numeric", month: "short" },
    week: full ? { day: "numeric", month: "short", year: "numeric" } : { day: "numeric", month: "short" },
    month: full ? { month: "long", year: "numeric" } : { month: "short", year: "2-digit" },
  }[bin];
  return new Intl.DateTimeFormat(navigator.languages?.length ? navigator.languages : undefined, options).format(time);
}
