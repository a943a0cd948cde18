// Discounts that lower what a customer is charged, and referrals.

import { ask, badge, button, card, h, toast } from "../elements.js";
import { date, money, percent } from "../format.js";
import { confirmed, intent } from "../acting.js";
import { part } from "../part.js";
import { applyDiscount, createReferralCode } from "./act-rewards.js";

export function discountText(view, discount) {
  const name = view.catalog.coupon(discount.coupon_id)?.name || discount.coupon_id;
  const what = discount.percentage !== undefined
    ? `${percent(discount.percentage / 100, 2)} off`
    : discount.amount
    ? `${money(discount.amount)} off each invoice`
    : discount.credits_remaining
    ? `${money(discount.credits_remaining)} left`
    : "";
  const until = discount.once
    ? "the next invoice"
    : discount.end_time
    ? `until ${date(discount.end_time)}`
    : "for good";
  return `${name}: ${[what, until].filter(Boolean).join(", ")}`;
}

export function rewardsCard(view) {
  return part(
    () => [
      view.customer.discounts,
      view.customer.subscriptions.map((each) => each.discounts),
      view.customer.referral_codes,
      view.customer.referrals,
    ],
    () => {
      const { discounts, subscriptions, referral_codes: codes, referrals } = view.customer;
      const own = subscriptions.filter((each) => each.status !== "ended" && each.discounts.length);
      const buys = view.can("attach:write");
      const programmes = view.catalog.programmes.filter((each) =>
        !codes.some((code) => code.programme_id === each.programme_id)
      );
      if (
        !discounts.length && !own.length && !codes.length && !referrals.length && !view.catalog.coupons.length &&
        !programmes.length
      ) return null;
      const rows = [
        ...discounts.map((each) => discountRow(view, each)),
        ...own.flatMap((each) => each.discounts.map((discount) => discountRow(view, discount, each))),
      ];
      return card(
        {
          title: "Discounts and referrals",
          actions: [
            buys && view.catalog.coupons.length > 0 && button("Apply", {
              small: true,
              icon: "plus",
              onClick: () => applyDiscount(view),
            }),
          ],
        },
        rows.length ? h("ul", { class: "line-list" }, rows) : h("p", { class: "soft" }, "No discount."),
        codes.length > 0 &&
          [
            h("h3", { class: "sub" }, "Refers others with"),
            h(
              "ul",
              { class: "line-list" },
              codes.map((each) =>
                h(
                  "li",
                  { class: "row row-between" },
                  h("code", { class: "strong" }, each.code),
                  h("span", { class: "soft small" }, each.programme_id),
                )
              ),
            ),
          ],
        buys && programmes.length > 0 && h(
          "div",
          { class: "row" },
          programmes.map((each) =>
            button(`Make a code for ${each.programme_id}`, {
              small: true,
              onClick: () => createReferralCode(view, each.programme_id),
            })
          ),
        ),
        referrals.length > 0 &&
          [
            h("h3", { class: "sub" }, "Referrals"),
            h(
              "ul",
              { class: "line-list" },
              referrals.map((each) => referralRow(view, each)),
            ),
          ],
      );
    },
  );
}

function discountRow(view, discount, subscription) {
  return h(
    "li",
    null,
    h(
      "div",
      { class: "row row-between" },
      h(
        "span",
        { class: "grow" },
        discountText(view, discount),
        h(
          "span",
          { class: "soft small block" },
          subscription ? `of ${view.catalog.planName(subscription.plan_id)}` : "of the customer",
          discount.promotion_code && [", by ", h("code", null, discount.promotion_code)],
          discount.usage_only && ", of overage only",
          discount.plan_ids.length > 0 && `, on ${discount.plan_ids.map(view.catalog.planName).join(", ")}`,
        ),
      ),
      view.can("attach:write") &&
        button("Remove", {
          small: true,
          quiet: true,
          "aria-label": `Remove ${discount.coupon_id}`,
          onClick: () => remove(view, discount, subscription),
        }),
    ),
  );
}

function referralRow(view, referral) {
  const brought = referral.referrer_id === view.id, other = brought ? referral.redeemer_id : referral.referrer_id;
  return h(
    "li",
    { class: "row row-between" },
    h(
      "span",
      { class: "grow" },
      brought ? "Brought " : "Was brought by ",
      h("a", { href: view.context.link("customers", other) }, other),
      h("span", { class: "soft small block" }, `${referral.programme_id} · ${date(referral.create_time)}`),
    ),
    badge(referral.reward, referral.reward === "given" ? "good" : referral.reward === "dropped" ? "wrong" : "quiet"),
  );
}

async function remove(view, discount, subscription) {
  const send = intent();
  const sure = await ask({
    title: "Remove the discount?",
    confirm: "Remove",
    text: "It lowers nothing from now on. What it lowered stays so.",
    run: async () => {
      if (!(await confirmed(view.context, "A real customer pays more from now on.", "Remove"))) return;
      const { customer } = await send("RewardService/RemoveDiscount", {
        customer_id: view.id,
        subscription_id: subscription?.subscription_id ?? "",
        coupon_id: discount.coupon_id,
      });
      view.show(customer);
    },
  });
  if (sure) toast("Removed");
}
