// Numbers, money and times as the viewer's own locale and zone write them. Amounts stay exact:
// they go to Intl as decimal strings.

const locale = navigator.languages?.length ? navigator.languages : undefined;
const cache = new Map();
function formatter(kind, options) {
  const key = `${kind.name}${JSON.stringify(options)}`;
  if (!cache.has(key)) cache.set(key, new kind(locale, options));
  return cache.get(key);
}

// As Sources/Billing/Values/Money.swift has them, which isn't always as Intl does.
const WITHOUT_MINOR = new Set([
  "bif",
  "clp",
  "djf",
  "gnf",
  "jpy",
  "kmf",
  "krw",
  "mga",
  "pyg",
  "rwf",
  "ugx",
  "vnd",
  "vuv",
  "xaf",
  "xof",
  "xpf",
]);
const THREE_DIGITS = new Set(["bhd", "jod", "kwd", "omr", "tnd"]);

/** How many decimals a currency's minor unit has. */
export function currencyDigits(currency) {
  return WITHOUT_MINOR.has(currency) ? 0 : THREE_DIGITS.has(currency) ? 3 : 2;
}

/** Minor units as a decimal string: 1999 of usd is "19.99". */
export function majorUnits(minor, currency) {
  const digits = currencyDigits(currency);
  const text = BigInt(minor).toString();
  const plain = text.replace("-", "").padStart(digits + 1, "0");
  const cut = plain.length - digits;
  return (text.startsWith("-") ? "-" : "") + plain.slice(0, cut) + (digits ? `.${plain.slice(cut)}` : "");
}

/** Money as the API has it: { currency, minor_units }. `sign`: also a plus. */
export function money(value, { sign = false } = {}) {
  if (!value) return "–";
  const currency = value.currency || "usd";
  const digits = currencyDigits(currency);
  return formatter(Intl.NumberFormat, {
    style: "currency",
    currency: currency.toUpperCase(),
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: sign ? "exceptZero" : "auto",
  }).format(majorUnits(value.minor_units ?? 0, currency));
}

/** An exact decimal in major units, such as a price of the catalog: no zeros where there are no hundredths. */
export function amount(decimal, currency) {
  const places = (String(decimal).split(".")[1] ?? "").replace(/0+$/, "").length;
  const digits = places === 0 ? 0 : Math.max(places, currencyDigits(currency));
  return formatter(Intl.NumberFormat, {
    style: "currency",
    currency: (currency || "usd").toUpperCase(),
    minimumFractionDigits: digits,
    maximumFractionDigits: Math.min(digits, 20),
  }).format(String(decimal || "0"));
}

/** A quantity: as exact as it is. */
export function quantity(value, { compact = false } = {}) {
  if (value === undefined || value === null || value === "") return "–";
  return formatter(
    Intl.NumberFormat,
    compact ? { notation: "compact", maximumFractionDigits: 1 } : { maximumFractionDigits: 12 },
  ).format(value);
}

export function percent(share, digits = 0) {
  return formatter(Intl.NumberFormat, { style: "percent", maximumFractionDigits: digits }).format(share);
}

export function bytes(value) {
  const unit = [
    [1e9, "gigabyte"],
    [1e6, "megabyte"],
    [1e3, "kilobyte"],
    [1, "byte"],
  ].find(([size]) => value >= size) ?? [1, "byte"];
  return formatter(Intl.NumberFormat, {
    style: "unit",
    unit: unit[1],
    unitDisplay: "short",
    maximumFractionDigits: 1,
  }).format(value / unit[0]);
}

/** Seconds as the unit that reads best: 0.0003 is "300 μs". */
export function duration(seconds) {
  const [size, unit] =
    seconds >= 86400 * 2
      ? [86400, "day"]
      : seconds >= 7200
        ? [3600, "hour"]
        : seconds >= 120
          ? [60, "minute"]
          : seconds >= 1 || !seconds
            ? [1, "second"]
            : seconds >= 0.001
              ? [0.001, "millisecond"]
              : [0.000001, "microsecond"];
  return formatter(Intl.NumberFormat, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: seconds >= 86400 || unit === "microsecond" ? 0 : 1,
  }).format(seconds / size);
}

const moment = (value) => (value instanceof Date ? value : new Date(value));
const written = (value, options) => (value ? formatter(Intl.DateTimeFormat, options).format(moment(value)) : "–");

export const date = (value) => written(value, { dateStyle: "medium" });
export const dateTime = (value) => written(value, { dateStyle: "medium", timeStyle: "short" });
export const preciseTime = (value) => written(value, { dateStyle: "medium", timeStyle: "medium" });
export const time = (value) => written(value, { timeStyle: "short" });

const inWords = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
/** "3 days ago", "in 2 hours". */
export function relativeTime(value, now = Date.now()) {
  if (!value) return "–";
  const seconds = (moment(value).getTime() - now) / 1000;
  const [size, unit] = [
    [31557600, "year"],
    [2629800, "month"],
    [604800, "week"],
    [86400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ].find(([each]) => Math.abs(seconds) >= each) ?? [1, "second"];
  // These are words, and the page's words are English; figures and dates are the viewer's.
  return inWords.format(Math.round(seconds / size), unit);
}

/** A `<time>` element: relative, or with `full` the date; the other one, and UTC, when pointed at. `now`: of a test clock. */
export function timeElement(value, { full = false, now = Date.now() } = {}) {
  const element = document.createElement("time");
  if (!value) {
    element.textContent = "–";
    return element;
  }
  element.dateTime = moment(value).toISOString();
  element.textContent = full ? dateTime(value) : relativeTime(value, now);
  element.title = `${full ? relativeTime(value, now) : preciseTime(value)} (${moment(value).toISOString()})`;
  return element;
}

/** Intervals as people call them. */
export const INTERVAL_NAMES = {
  minute: "minute",
  hour: "hour",
  day: "day",
  week: "week",
  month: "month",
  quarter: "quarter",
  semi_annual: "half-year",
  year: "year",
};

/** "per month", "every 3 months", "once". */
export function interval(name, count = 1) {
  if (!name || name === "unspecified") return "";
  if (name === "one_off") return "once";
  const each = INTERVAL_NAMES[name] ?? name;
  return !count || count === 1 ? `per ${each}` : `every ${quantity(count)} ${each}s`;
}

/** A plan's base price as a customer reads it: "$20 per month", "Free". */
export function planPrice(plan, currency) {
  if (!plan.price || !Number(plan.price.amount))
    return plan.items?.some((item) => item.usage_price || item.prepaid_price) ? "Pay as you go" : "Free";
  return `${amount(plan.price.amount, currency)} ${interval(plan.price.interval, plan.price.interval_count)}`;
}

/** "1 plan", "3 plans". */
export function count(number, one, many = `${one}s`) {
  return `${quantity(number)} ${number === 1 ? one : many}`;
}
