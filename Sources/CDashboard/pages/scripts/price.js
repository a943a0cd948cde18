// What a number of units costs, exactly as the server computes it (Sources/Billing/Pricing/Price.swift):
// packs that were begun count whole, boundaries of tiers count what is included, each line is rounded
// once, half away from zero. Whole numbers only: amounts with 12 decimals, quantities with 10.

import { currencyDigits } from "./format.js";

const AMOUNT = 10n ** 12n;
const QUANTITY = 10n ** 10n;

/** A decimal as a whole number of 10^-places; null: it is none, or finer than that. */
export function fixed(text, places) {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(String(text ?? "").trim());
  if (!found || !(found[2] || found[3])) return null;
  const shift = places + Number(found[4] ?? 0) - (found[3] ?? "").length;
  const digits = BigInt((found[2] ?? "") + (found[3] ?? "") || "0");
  const size =
    shift >= 0
      ? digits * 10n ** BigInt(shift)
      : digits % 10n ** BigInt(-shift) === 0n
        ? digits / 10n ** BigInt(-shift)
        : null;
  return size === null ? null : found[1] === "-" ? -size : size;
}
export const fixedAmount = (text) => fixed(text, 12);
export const fixedQuantity = (text) => fixed(text, 10);

const away = (a, b) => {
  const half = (2n * (a < 0n ? -a : a) + b) / (2n * b);
  return a < 0n ? -half : half;
};
const roundUp = (units, pack) => ((units + pack - 1n) / pack) * pack;
const least = (a, b) => (a < b ? a : b);

/**
 * A usage_price or prepaid_price of the API made ready; null while something in it is no number yet.
 * @param {string} [currency] another one than the catalog's
 */
export function readPrice(price, currency) {
  const other = currency && price.additional_currencies?.find((entry) => entry.currency === currency);
  const source = other || price;
  const given = source.tiers?.length ? source.tiers : [{ amount: source.amount || "0" }];
  const tiers = given.map((tier) => ({
    upTo: tier.up_to === undefined || tier.up_to === null || tier.up_to === "" ? null : fixedQuantity(tier.up_to),
    open: tier.up_to === undefined || tier.up_to === null || tier.up_to === "",
    amount: fixedAmount(tier.amount || "0"),
    flat: fixedAmount(tier.flat_amount || "0"),
  }));
  const pack = Number(price.billing_units) ? fixedQuantity(price.billing_units) : QUANTITY;
  if (
    !pack ||
    pack < 0n ||
    tiers.some((tier) => tier.amount === null || tier.flat === null || (!tier.open && tier.upTo === null))
  )
    return null;
  return { tiers, pack, volume: price.tier_behavior === "volume" };
}

/** What so many units cost, of which some are included: major units with 12 decimals, not rounded. */
export function cost(price, units, included = 0n) {
  if (units <= included) return 0n;
  const billable = roundUp(units - included, price.pack);
  const of = (count, amount) => away(amount * count, price.pack);
  if (price.volume) {
    const total = included + billable;
    const tier = price.tiers.find((each) => each.open || total <= each.upTo) ?? price.tiers.at(-1);
    return of(total, tier.amount) + tier.flat;
  }
  let sum = 0n;
  let done = 0n;
  for (const tier of price.tiers) {
    if (done >= billable) break;
    const end = tier.open ? billable : least(tier.upTo > included ? tier.upTo - included : 0n, billable);
    if (end <= done) continue;
    sum += of(end - done, tier.amount);
    done = end;
  }
  return sum;
}

/** Rounded to what can be charged: minor units. */
export function toMinor(amount, currency) {
  const digits = currencyDigits(currency);
  const units = away(amount * 10n ** BigInt(Math.min(digits, 2)), AMOUNT);
  return digits === 3 ? units * 10n : units;
}

/** One line of an invoice: minor units; null while something isn't a number yet. */
export function lineCost(price, units, included, currency) {
  const ready = price && readPrice(price);
  const count = fixedQuantity(units === "" ? "0" : units);
  const free = fixedQuantity(included || "0");
  if (!ready || count === null || free === null) return null;
  return toMinor(cost(ready, count, free), currency);
}

/** The same as a number, for drawing. */
export function drawnCost(price, units, included) {
  return Number(cost(price, BigInt(Math.round(units * 1e6)) * 10000n, included)) / 1e12;
}
