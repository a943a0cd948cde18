// What the API's short enum values are to a person. Unknown values are shown as they come, with
// spaces: a server that is newer than this page must not break it.

import { INTERVAL_NAMES } from "./format.js";

export const plainly = (value) => {
  const text = String(value ?? "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

const lookup = (table) => (value) => table[value] ?? plainly(value);

export const subscriptionStatus = lookup({
  active: "Active",
  canceling: "Canceling",
  scheduled: "Scheduled",
  renewing: "Renewing",
  past_due: "Past due",
  ended: "Ended",
  paused: "Paused",
});
export const subscriptionTone = (status) => ({
  active: "good",
  canceling: "warn",
  scheduled: "accent",
  renewing: "accent",
  past_due: "wrong",
  paused: "warn",
  ended: "quiet",
}[status] ?? "quiet");

export const invoiceStatus = lookup({
  open: "Open",
  paid: "Paid",
  uncollectible: "Uncollectible",
  draft: "Draft",
  void: "Void",
});
export const invoiceTone = (status) => ({
  open: "warn",
  paid: "good",
  uncollectible: "wrong",
  draft: "accent",
  void: "quiet",
}[status] ?? "quiet");

export const refundReason = lookup({
  canceled: "Plan canceled",
  requested: "Requested",
  closed_page: "Paid on a closed page",
  provider: "Made at the payment provider",
});
export const outcomeTone = (status) => ({
  pending: "accent",
  succeeded: "good",
  failed: "wrong",
  open: "warn",
  won: "good",
  lost: "wrong",
}[status] ?? "quiet");

export const processorName = lookup({ stripe: "Stripe", revenuecat: "RevenueCat", unspecified: "Stripe" });

// "month", "3 months", "year"; "once" for what doesn't repeat.
export function intervalName(interval, count = 1) {
  if (!interval || interval === "unspecified") return "";
  if (interval === "one_off") return "once";
  const name = INTERVAL_NAMES[interval] ?? plainly(interval).toLowerCase();
  return count > 1 ? `${count} ${name}s` : name;
}
export const every = (interval, count) =>
  !interval || interval === "one_off" || interval === "unspecified"
    ? "Never resets"
    : `Resets every ${intervalName(interval, count)}`;

export const checkReason = lookup({
  included: "The balance covers it",
  unlimited: "Unlimited for this customer",
  overage: "Beyond the balance, at the plan’s usage price",
  flag: "The feature is switched on",
  plan_active: "The plan is active",
  plan_canceling: "The plan is active until its end",
  plan_renewing: "The plan’s next payment is on its way",
  plan_past_due: "The last payment was declined; access is kept",
  nothing_required: "Nothing was asked for",
  not_included: "No plan of the customer includes the feature",
  insufficient_balance: "The balance does not cover it",
  max_purchase: "The overage would pass the most that may be bought",
  plan_not_attached: "The customer never had the plan",
  plan_scheduled: "The plan starts later",
  plan_ended: "The plan has ended",
  usage_limit: "A usage limit leaves too little room",
  spend_limit: "A spend limit leaves too little room for overage",
  plan_unpaid: "The last payment was declined, and access isn’t kept",
  plan_paused: "The plan is paused while another one is tried",
  concurrency_limit: "All slots are held open",
});

export const excludedReason = lookup({
  other_entity: "Belongs to another entity",
  entity_only: "Belongs to one entity alone",
  pooling_disabled: "Entities don’t draw from the customer’s own (pooling is off)",
  past_due: "Its plan is past due, and gives nothing until it is paid",
  paused: "Its plan is paused while another one is tried",
});

export const limitOwner = lookup({ entity: "the entity", customer: "the customer", plan: "a plan" });

export const alertMeasure = lookup({
  usage: "units used",
  usage_percentage: "% of the grant used",
  remaining: "units left",
  remaining_percentage: "% of the grant left",
});

export const skipReason = lookup({
  too_young: "Created after the range",
  too_many_events: "More events than one replay takes",
  too_many_invoices: "More than 1,000 invoices",
});

export const attachOutcome = lookup({
  active: "In use now",
  scheduled: "Starts later",
  payment_required: "Needs payment first",
  processing: "Payment under way",
  declined: "Declined",
});

export const featureType = lookup({
  boolean: "Boolean",
  metered: "Metered",
  allocated: "Allocated",
  credit_system: "Credit system",
  ai_credit_system: "AI credits",
  concurrency: "Concurrency",
});

// A property's value as text; the text of strings is quoted only where it would be read as another kind.
export function propertyText(value) {
  if (!value) return "";
  if ("string_value" in value) return value.string_value;
  if ("number_value" in value) return String(value.number_value);
  if ("bool_value" in value) return value.bool_value ? "true" : "false";
  return "";
}

// What somebody typed as a property: true and false and numbers are those, all else is text.
export function propertyValue(text) {
  const trimmed = text.trim();
  if (trimmed === "true" || trimmed === "false") return { bool_value: trimmed === "true" };
  if (trimmed !== "" && Number.isFinite(Number(trimmed))) return { number_value: Number(trimmed) };
  return { string_value: text };
}
