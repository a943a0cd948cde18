// Giving a customer a coupon, what a code promises, or a code to bring others with.

import { field, h, toast } from "../elements.js";
import { actionDialog, confirmed } from "../acting.js";
import { call, requestId } from "../api.js";
import { count } from "../format.js";
import { options } from "../known.js";

export function applyDiscount(view) {
  const running = view.customer.subscriptions.filter((each) => each.status !== "ended");
  const coupon = field({
    label: "Coupon",
    type: "select",
    path: "discount.coupon_id",
    options: options(view.catalog.coupons, "coupon_id", "By a code"),
  });
  const code = field({
    label: "Promotion code",
    path: "discount.promotion_code",
    hint: "Its rules are held: how often, until when, by whom.",
  });
  const target = field({
    label: "It lowers",
    type: "select",
    path: "subscription_id",
    options: [
      { value: "", label: "All of the customer’s plans" },
      ...running.map((each) => ({ value: each.subscription_id, label: `Only ${view.catalog.planName(each.plan_id)}` })),
    ],
  });
  const show = () => {
    code.hidden = coupon.control.value !== "";
  };
  coupon.control.addEventListener("change", show);
  if (view.catalog.coupons.length) coupon.control.value = view.catalog.coupons[0].coupon_id;
  show();
  actionDialog(view.context, {
    title: "Apply a discount",
    submit: "Apply",
    fields: [h("p", { class: "soft" }, "It counts from the next invoice on."), coupon, code, target],
    live: "A real customer is charged less.",
    run: async (send) => {
      const discount = coupon.control.value
        ? { coupon_id: coupon.control.value }
        : { promotion_code: code.control.value.trim() };
      const { customer } = await send("RewardService/ApplyDiscount", {
        customer_id: view.id,
        subscription_id: target.control.value,
        discount,
      });
      view.show(customer);
      toast("Applied");
    },
  });
}

export function redeemCode(view) {
  const code = field({ label: "Code", path: "code", required: true });
  const kind = field({
    label: "It is",
    type: "select",
    options: [{ value: "grant", label: "A code that gives units" }, {
      value: "referral",
      label: "Another customer’s referral code",
    }],
  });
  actionDialog(view.context, {
    title: "Redeem a code",
    submit: "Redeem",
    fields: [kind, code],
    live: "A code is redeemed for a real customer.",
    run: async (send) => {
      const body = { customer_id: view.id, code: code.control.value.trim() };
      if (kind.control.value === "referral") {
        await send("RewardService/RedeemReferralCode", body);
        toast("Redeemed");
      } else {
        const reply = await send("RewardService/RedeemCode", body);
        toast(
          `Redeemed: ${
            reply.granted.map((each) =>
              `${count(each.quantity, "unit")} of ${view.catalog.featureName(each.feature_id)}`
            ).join(", ")
          }`,
        );
      }
      await view.refresh();
    },
  });
}

export async function createReferralCode(view, programme) {
  if (!(await confirmed(view.context, "A real customer gets a referral code.", "Make it"))) return;
  try {
    await call("RewardService/CreateReferralCode", {
      customer_id: view.id,
      programme_id: programme,
      request_id: requestId(),
    });
    await view.refresh();
  } catch (error) {
    toast(error.message, { tone: "wrong" });
  }
}
