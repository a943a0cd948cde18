// Changing a plan that a customer has: how many packs, whether it goes on.

import { ask, field, h, toast } from "../elements.js";
import { confirmed, intent } from "../acting.js";
import { date } from "../format.js";
import { quantityFields } from "./act-attach.js";
import { purchaseDialog } from "./purchase.js";

const change = (view, subscription, parts) =>
  purchaseDialog(view, {
    method: "UpdateSubscription",
    preview: ["PreviewUpdateSubscription", "update"],
    ...parts,
    request: () => ({
      customer_id: view.id,
      subscription_id: subscription.subscription_id,
      entity_id: subscription.entity_id,
      ...parts.request(),
    }),
  });

const proration = () =>
  field({
    label: "The rest of the period",
    type: "select",
    path: "proration_behavior",
    value: "",
    options: [{ value: "", label: "Is charged or given back" }, {
      value: "none",
      label: "Nothing is charged or given back",
    }],
  });

export function quantitiesDialog(view, subscription, plan) {
  const packs = quantityFields(view, subscription.quantities), rest = proration();
  packs.show(plan);
  const forGood = plan.items.some((item) => item.prepaid_price?.interval === "one_off");
  return change(view, subscription, {
    title: `Quantities of ${view.catalog.planName(subscription.plan_id)}`,
    confirm: "Change",
    fields: [
      forGood && h("p", { class: "soft" }, "What is bought for good is added to what there is: say how many more."),
      packs.element,
      rest,
    ],
    request: () => ({ ...packs.read(), proration_behavior: rest.control.value || undefined }),
  });
}

export function cancelDialog(view, subscription) {
  const paidUntil = subscription.period_end_time && subscription.status !== "canceling";
  const when = field({
    label: "It ends",
    type: "select",
    path: "cancel_action",
    options: [
      ...(paidUntil
        ? [{ value: "end_of_cycle", label: `When what is paid for is over, ${date(subscription.period_end_time)}` }]
        : []),
      { value: "immediately", label: "Now" },
    ],
    onInput: () => show(),
  });
  const back = field({
    label: "What is left of what was paid",
    type: "select",
    path: "refund_last_payment",
    value: "",
    options: [{ value: "", label: "Becomes credit" }, { value: "prorated", label: "Goes back to the card" }, {
      value: "full",
      label: "All of the last payment goes back to the card",
    }, { value: "none", label: "Is kept" }],
  });
  const show = () => {
    back.hidden = when.control.value !== "immediately";
  };
  show();
  return change(view, subscription, {
    title: `Cancel ${view.catalog.planName(subscription.plan_id)}`,
    confirm: "Cancel the plan",
    danger: true,
    fields: [when, back],
    request: () => {
      const now = when.control.value === "immediately", choice = back.control.value;
      return {
        cancel_action: when.control.value,
        ...(now && choice === "none" ? { proration_behavior: "none" } : {}),
        ...(now && choice && choice !== "none" ? { refund_last_payment: choice } : {}),
      };
    },
  });
}

export function uncancelDialog(view, subscription) {
  return change(view, subscription, {
    title: `Let ${view.catalog.planName(subscription.plan_id)} go on`,
    confirm: "Let it go on",
    fields: [h("p", null, "It goes on as if it had not been canceled, and what would have followed it doesn’t.")],
    request: () => ({ cancel_action: "uncancel" }),
  });
}

// A plan that is to come: cancelling it lets the one before it go on.
export async function giveUpSchedule(view, subscription) {
  const send = intent();
  const sure = await ask({
    title: `Give up ${view.catalog.planName(subscription.plan_id)}?`,
    confirm: "Give it up",
    danger: true,
    text: "It doesn’t start, and the plan before it goes on. Nothing is charged or given back.",
    run: async () => {
      if (!(await confirmed(view.context, "What is planned for a real customer is given up.", "Give it up"))) {
        throw new Error("Nothing was done.");
      }
      await send("AttachService/UpdateSubscription", {
        customer_id: view.id,
        subscription_id: subscription.subscription_id,
        entity_id: subscription.entity_id,
        cancel_action: "immediately",
      });
    },
  });
  if (!sure) return;
  toast("Given up");
  await view.refresh();
}
