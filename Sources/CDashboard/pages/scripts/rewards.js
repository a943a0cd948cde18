// Rewards of the catalog: what there is, and what they are in words.

import { amount, count, percent, quantity } from "./format.js";

/** By the name that they have in addresses. */
export const REWARDS = {
  coupon: { part: "coupons", key: "coupon_id", label: "Coupon", about: "Takes something off what is charged." },
  grant: {
    part: "feature_grants",
    key: "feature_grant_id",
    label: "Feature grant",
    about: "Gives units of features to whoever redeems a code.",
  },
  gift: { part: "plan_gifts", key: "plan_gift_id", label: "Plan gift", about: "A plan free of charge, for a referral." },
  programme: {
    part: "referral_programmes",
    key: "programme_id",
    label: "Referral programme",
    about: "What customers get for bringing others.",
  },
};

/** Of one kind, those of a catalog. */
export const rewardsOf = (catalog, kind) => catalog.catalog[REWARDS[kind].part] ?? [];

/** What can be given for a referral: [{ id, name, kind }]. */
export const referralRewards = (catalog) =>
  ["coupon", "grant", "gift"].flatMap((kind) =>
    rewardsOf(catalog, kind).map((each) => {
      const id = each[REWARDS[kind].key];
      return { id, name: each.name || id, kind: REWARDS[kind].label.toLowerCase() };
    }),
  );

const planNames = (ids, catalog) => ids.map((id) => catalog.plan(id)?.name ?? id).join(", ");
const DURATIONS = { once: "for one invoice", forever: "for good" };

/** "20 % off, for 3 months" */
export function couponText(coupon, currency) {
  const what =
    coupon.percentage !== undefined
      ? `${percent(coupon.percentage / 100, 2)} off`
      : coupon.amount
        ? `${amount(coupon.amount, currency)} off each invoice`
        : `${amount(coupon.invoice_credits ?? "0", currency)} of credit`;
  return `${what}, ${DURATIONS[coupon.duration] ?? `for ${count(coupon.months, "month")}`}`;
}

/** What narrows a coupon: "only Pro, only overage, from $10 on"; nothing: "". */
export function couponRules(coupon, catalog) {
  return [
    coupon.plan_ids.length > 0 && `only ${planNames(coupon.plan_ids, catalog)}`,
    coupon.usage_only && "only what goes beyond grants",
    coupon.minimum_amount && `from ${amount(coupon.minimum_amount, catalog.currency)} on`,
  ]
    .filter(Boolean)
    .join("; ");
}

export function grantText(grant, catalog) {
  return grant.grants
    .map((each) => {
      const lapses = each.expire_days
        ? ` for ${count(each.expire_days, "day")}`
        : each.expire_months
          ? ` for ${count(each.expire_months, "month")}`
          : "";
      return `${quantity(each.quantity)} ${catalog.feature(each.feature_id)?.name ?? each.feature_id}${lapses}`;
    })
    .join(", ");
}

export function programmeText(programme, catalog) {
  const plans = programme.plan_ids.length ? planNames(programme.plan_ids, catalog) : "a plan";
  const when =
    programme.redeem_on === "customer_creation"
      ? "as soon as a code is redeemed"
      : `when the redeemer ${programme.exclude_trial ? "pays for" : "pays for, or tries,"} ${plans}`;
  return `${programme.received_by === "all" ? "To both" : "To who has brought somebody"}, ${when}`;
}
