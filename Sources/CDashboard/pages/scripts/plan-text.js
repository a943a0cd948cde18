// Plans in words, as a customer would read them.

import { amount, interval, quantity } from "./format.js";
import { readPrice } from "./price.js";

const TRIAL = { day: "day", month: "month", year: "year" };

/** { amount: "$20", per: "per month" } of a plan's base price. */
export function priceParts(plan, currency) {
  if (!plan.price || !(Number(plan.price.amount) > 0)) {
    const sells = (plan.items ?? []).some((item) => item.usage_price || item.prepaid_price);
    return { amount: sells ? "Pay as you go" : "Free", per: "" };
  }
  return {
    amount: safeAmount(plan.price.amount, currency),
    per: interval(plan.price.interval, Number(plan.price.interval_count) || 1),
  };
}

const safeAmount = (text, currency) => (Number.isNaN(Number(text)) ? String(text) : amount(text || "0", currency));
const safeQuantity = (value) => (Number.isNaN(Number(value)) ? String(value) : quantity(Number(value)));

/** "14 days free" of a trial. */
export function trialText(trial) {
  if (!trial) return "";
  const length = Number(trial.duration_length) || 0;
  const unit = TRIAL[trial.duration_type] ?? "day";
  return `${quantity(length)} ${length === 1 ? unit : `${unit}s`} free${trial.card_not_required ? ", no card" : ""}`;
}

/** One item: { main: "2,000 Messages per month", extra: ["then $0.01 each"], on: false } */
export function itemText(item, feature, currency, nameOf = (id) => id) {
  const name = feature?.name ?? item.feature_id ?? "";
  const extra = [];
  if (feature?.type === "boolean") return { main: name, extra };
  if (item.unlimited) return { main: `Unlimited ${name}`, extra };
  const included = Number(item.included) || 0;
  const every =
    item.reset && item.reset.interval !== "one_off"
      ? ` ${interval(item.reset.interval, Number(item.reset.interval_count) || 1)}`
      : "";
  const held = feature?.type === "concurrency" && !/at a time|concurrent/i.test(name) ? " at a time" : "";
  const priced = item.usage_price ?? item.prepaid_price;
  const main = included > 0 || !priced ? `${safeQuantity(item.included ?? 0)} ${name}${held}${every}` : name;
  if (item.usage_price)
    extra.push(`${included > 0 ? "then " : ""}${perUnit(item.usage_price, currency)}${most(item.usage_price, "more")}`);
  if (item.prepaid_price) {
    const price = item.prepaid_price;
    const per = price.interval ? ` ${interval(price.interval, Number(price.interval_count) || 1)}` : "";
    const pack = Number(price.billing_units) || 1;
    if (price.per_seat)
      extra.push(`${included > 0 ? "further ones " : ""}${perUnit(price, currency)}${per}${most(price, "more")}`);
    else
      extra.push(
        `${included > 0 ? "more" : "bought"} ${pack === 1 ? "in advance" : `in packs of ${safeQuantity(pack)}`}, ${perUnit(price, currency, pack !== 1)}${per}${most(price, "more")}`,
      );
  }
  if (item.rollover) extra.push(rolloverText(item.rollover));
  if (item.entity_feature_id) extra.push(`for each of ${nameOf(item.entity_feature_id)}`);
  if (item.reset?.interval === "one_off" && feature?.type !== "allocated") extra.push("for good");
  return { main, extra };
}

const most = (price, word) =>
  price.max_purchase !== undefined && price.max_purchase !== "" && price.max_purchase !== null
    ? `, at most ${safeQuantity(price.max_purchase)} ${word}`
    : "";

function perUnit(price, currency, packed = false) {
  const pack = Number(price.billing_units) || 1;
  const each = packed ? " a pack" : pack === 1 ? " each" : ` per ${safeQuantity(pack)}`;
  if (!price.tiers?.length) return `${safeAmount(price.amount || "0", currency)}${each}`;
  const amounts = price.tiers.map((tier) => Number(tier.amount || 0));
  const low = price.tiers[amounts.indexOf(Math.min(...amounts))].amount || "0";
  const high = price.tiers[amounts.indexOf(Math.max(...amounts))].amount || "0";
  const range =
    low === high ? safeAmount(low, currency) : `${safeAmount(high, currency)} to ${safeAmount(low, currency)}`;
  return `${range}${each}, by ${price.tier_behavior === "volume" ? "volume" : "tier"}`;
}

export function rolloverText(rule) {
  const cap =
    rule.max !== undefined
      ? `up to ${safeQuantity(rule.max)}`
      : rule.max_percentage !== undefined
        ? `up to ${safeQuantity(rule.max_percentage)}\u00a0%`
        : "what is left";
  const months = Number(rule.months) || 0;
  return `${cap} carries over${months ? ` for ${months === 1 ? "a month" : `${months} months`}` : ""}`;
}

/** The tiers of a price as rows: { from, to, amount, flat }. */
export function tierRows(price, included = 0) {
  let from = Number(included) || 0;
  return (price.tiers ?? []).map((tier) => {
    const row = {
      from,
      to: tier.up_to === undefined || tier.up_to === "" ? null : Number(tier.up_to),
      amount: tier.amount || "0",
      flat: tier.flat_amount || "",
    };
    from = row.to ?? from;
    return row;
  });
}

/** Whether the price can be read as numbers, as far as it is typed. */
export const isReady = (price) => readPrice(price) !== null;
