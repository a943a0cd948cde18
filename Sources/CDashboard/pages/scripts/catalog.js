// The catalog as pages use it: read it, tidy it, publish parts of it, tell what differs.

import { call, requestId } from "./api.js";
import { field } from "./elements.js";
import { forgetCatalog } from "./known.js";

/** @returns {Promise<{catalog, sequence: number, feature: (id) => object, plan: (id) => object, currency: string}>} */
export async function readCatalog({ signal, environment, allVersions = false } = {}) {
  const reply = await call("CatalogService/GetCatalog", allVersions ? { all_versions: true } : {}, {
    signal,
    environment,
  });
  const { catalog } = reply;
  const features = new Map(catalog.features.map((feature) => [feature.feature_id, feature]));
  return {
    catalog,
    sequence: reply.catalog_sequence,
    currency: catalog.currency || "usd",
    feature: (id) => features.get(id),
    plan: (id) => catalog.plans.find((plan) => plan.plan_id === id),
  };
}

/** Customers by plan: { total(planID), of(planID, revision), older(planID, revision) }; null where the server can't say. */
export async function countCustomers({ signal, environment } = {}) {
  try {
    const { plans } = await call("CatalogService/CountPlanCustomers", {}, { signal, environment });
    const sum = (rows) => rows.reduce((total, row) => total + row.customer_count, 0);
    return {
      rows: plans,
      total: (id) => sum(plans.filter((row) => row.plan_id === id)),
      of: (id, revision) => sum(plans.filter((row) => row.plan_id === id && row.revision === revision)),
      older: (id, revision) => sum(plans.filter((row) => row.plan_id === id && row.revision !== revision)),
    };
  } catch (error) {
    if (error.name === "AbortError" || error.status === 401) throw error;
    return null;
  }
}

/** Before the first publication, which settles it: a choice of the currency of all prices. Null later. */
export function currencyField(catalog, changed) {
  if (catalog.catalog.currency) return null;
  return field({
    label: "Currency of all prices",
    path: "currency",
    type: "select",
    value: catalog.currency,
    options: currencies(),
    hint: "For good, once the first thing is published.",
    onInput: (value) => {
      catalog.currency = value;
      changed();
    },
  });
}

function currencies() {
  const names = new Intl.DisplayNames(navigator.languages, { type: "currency" });
  return Intl.supportedValuesOf("currency")
    .map((code) => ({ value: code.toLowerCase(), label: `${code} – ${names.of(code)}` }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

/** Publishes a part of a catalog, or with `validateOnly` says what would change. */
export async function publish(part, { currency, expectedSequence, validateOnly = false, environment } = {}) {
  const reply = await call(
    "CatalogService/PublishCatalog",
    {
      catalog: { currency, ...part },
      validate_only: validateOnly,
      request_id: requestId(),
      ...(expectedSequence === undefined ? {} : { expected_sequence: expectedSequence }),
    },
    { environment },
  );
  if (!validateOnly) forgetCatalog(environment);
  return reply;
}

const OUTPUT_ONLY = new Set(["revision", "version", "usage", "window_end_time", "suspended", "count"]);
// Where 0 or false says something else than nothing.
const MEANT_ZERO = new Set([
  "max_purchase",
  "limit",
  "overage_limit",
  "overage_percentage",
  "threshold",
  "max",
  "max_percentage",
  "percentage",
]);
const MEANT_FALSE = new Set(["include_past_due", "charge_after_first_payment"]);

/** A part of a catalog without what is empty, zero or said by the server alone: what a person would write. */
export function tidy(value) {
  if (Array.isArray(value)) return value.map(tidy);
  if (value === null || typeof value !== "object") return value;
  const result = {};
  for (const [name, entry] of Object.entries(value)) {
    if (OUTPUT_ONLY.has(name) || entry === null || entry === undefined) continue;
    const clean = name === "filter" ? entry : tidy(entry);
    const nothing =
      clean === "" ||
      clean === "unspecified" ||
      (clean === false && !MEANT_FALSE.has(name)) ||
      (clean === 0 && !MEANT_ZERO.has(name)) ||
      (Array.isArray(clean) && !clean.length) ||
      ((name === "interval_count" || name === "billing_units") && clean === 1) ||
      ((name === "filter" || name === "controls") && !Object.keys(clean).length) ||
      (name === "tier_behavior" && clean === "graduated") ||
      ((name === "on_increase" || name === "on_decrease") && clean === "prorate");
    if (!nothing) result[name] = clean;
  }
  return result;
}

const NAMES = {
  plan_id: "Id",
  feature_id: "Feature",
  included: "Included",
  unlimited: "Unlimited",
  price: "Price",
  usage_price: "Pay per use",
  prepaid_price: "Packs",
  amount: "amount",
  interval: "interval",
  interval_count: "intervals",
  billing_units: "units for a price",
  max_purchase: "at most",
  tiers: "tier",
  up_to: "up to",
  flat_amount: "flat amount",
  tier_behavior: "tiers",
  reset: "Reset",
  rollover: "Rollover",
  max_percentage: "per cent",
  free_trial: "Trial",
  duration_length: "length",
  duration_type: "unit",
  card_not_required: "without a card",
  unique_fingerprint: "once per fingerprint",
  on_end: "at its end",
  auto_enable: "Default",
  add_on: "Add-on",
  group: "Group",
  name: "Name",
  controls: "Limits",
  additional_currencies: "in other currencies",
  on_increase: "for more",
  on_decrease: "for fewer",
  per_seat: "paid when taken",
  entity_feature_id: "for each",
  credit_costs: "Cost",
  event_names: "Event names",
  type: "Kind",
  shadow: "Shadow mode",
  archived: "Archived",
};

/** What differs between two tidied things: [{ path, label, before, after }]; undefined: not there. */
export function differences(before, after, nameOf = (id) => id) {
  const a = new Map(flatten(before ?? {}, nameOf));
  const b = new Map(flatten(after ?? {}, nameOf));
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => a.get(path) !== b.get(path))
    .map((path) => {
      // On offer is what a thing is without a word about it.
      const unsaid = path === NAMES.archived ? "no" : undefined;
      const of = (side) => side.get(path) ?? unsaid;
      return { path, label: path.replaceAll("/", " › "), before: of(a), after: of(b) };
    });
}

function* flatten(value, nameOf, path = "") {
  if (Array.isArray(value) && value.every((entry) => typeof entry !== "object")) {
    yield [path, value.join(", ")];
  } else if (Array.isArray(value)) {
    const seen = new Map();
    for (const [index, entry] of value.entries()) {
      const id = entry.feature_id ?? entry.currency;
      const plain = id !== undefined ? nameOf(id) : String(index + 1);
      const turn = (seen.get(plain) ?? 0) + 1;
      seen.set(plain, turn);
      const label = turn > 1 ? `${plain} (${turn})` : plain;
      const { feature_id: dropped, ...rest } = entry;
      const place = join(path === "items" ? "" : path, label);
      if (!Object.keys(rest).length) yield [place, "included"];
      yield* flatten(rest, nameOf, place);
    }
  } else if (value !== null && typeof value === "object") {
    for (const [name, entry] of Object.entries(value))
      yield* flatten(
        entry,
        nameOf,
        name === "items" && !path ? "items" : join(path, NAMES[name] ?? name.replaceAll("_", " ")),
      );
  } else yield [path, typeof value === "boolean" ? (value ? "yes" : "no") : String(value).replaceAll("_", " ")];
}

const join = (path, name) => (path ? `${path}/${name}` : name);
