// Giving units outside plans, correcting what is left, taking grants away.

import { isOffered } from "../archived.js";
import { ask, check, field, h, toast } from "../elements.js";
import { quantity } from "../format.js";
import { actionDialog, confirmed, intent } from "../acting.js";
import { options } from "../known.js";
import { featureType, intervalName } from "../words.js";

const intervals = ["minute", "hour", "day", "week", "month", "quarter", "semi_annual", "year"];

// A figure as it was typed; what is none goes to the server as it is, which says so beside the field.
const figure = (control) => {
  const text = control.control.value.trim().replace(",", ".");
  return text === "" ? undefined : Number.isFinite(Number(text)) ? Number(text) : text;
};
const instant = (control) => (control.control.value ? new Date(control.control.value).toISOString() : undefined);

const has = (view, id) => view.customer.balances.some((each) => each.feature_id === id);

export function grantBalance(view, featureId) {
  const { catalog } = view;
  const features = catalog.features.filter((each) =>
    each.type !== "concurrency" && (isOffered(each, featureId) || has(view, each.feature_id))
  );
  const feature = field({
    label: "Feature",
    type: "select",
    path: "feature_id",
    value: featureId ?? options(features, "feature_id")[0]?.value,
    options: options(features, "feature_id"),
    onInput: () => show(),
  });
  const kind = h("p", { class: "hint" });
  const granted = field({ label: "Units", type: "number", path: "granted" });
  const unlimited = check({ label: "Unlimited", path: "unlimited", onChange: () => show() });
  const reset = field({
    label: "Granted anew",
    type: "select",
    path: "reset",
    options: [
      { value: "", label: "Never" },
      ...intervals.map((each) => ({ value: each, label: `Every ${intervalName(each)}` })),
    ],
    value: "",
  });
  const expire = field({ label: "Lapses", optional: true, type: "datetime-local", path: "expire_time" });
  const entity = field({
    label: "For one entity",
    optional: true,
    path: "entity_id",
    placeholder: "Entity’s id",
    hint: "Empty: for the customer as a whole.",
  });
  const id = field({ label: "Your name for it", optional: true, path: "balance_id", placeholder: "goodwill-2027" });
  const show = () => {
    const type = catalog.feature(feature.control.value)?.type;
    const flag = type === "boolean";
    kind.textContent = flag ? "A flag: it is switched on." : featureType(type);
    granted.hidden = flag || unlimited.control.checked;
    unlimited.hidden = flag;
    reset.hidden = flag || unlimited.control.checked;
  };
  show();
  actionDialog(view.context, {
    title: "Grant a balance",
    submit: "Grant",
    live: "A real customer gets units outside plans.",
    fields: [
      h("div", { class: "stack-s" }, feature, kind),
      h("div", { class: "fields" }, granted, reset, expire),
      unlimited,
      h("details", { class: "more" }, h("summary", null, "More"), h("div", { class: "fields" }, entity, id)),
    ],
    run: async (send) => {
      const { customer } = await send("CustomerService/CreateBalance", {
        customer_id: view.id,
        feature_id: feature.control.value,
        entity_id: entity.control.value.trim(),
        balance_id: id.control.value.trim(),
        ...(granted.hidden ? {} : { granted: figure(granted) }),
        ...(!unlimited.hidden && unlimited.control.checked ? { unlimited: true } : {}),
        ...(!reset.hidden && reset.control.value
          ? { reset: { interval: reset.control.value, interval_count: 1 } }
          : {}),
        expire_time: instant(expire),
      });
      view.show(customer);
      toast("Granted");
    },
  });
}

export function correctBalance(view, balance) {
  const name = view.catalog.featureName(balance.feature_id);
  const how = field({
    label: "Change",
    type: "select",
    options: [
      { value: "add", label: "Give or take units" },
      { value: "remaining", label: "Set what is left" },
      { value: "usage", label: "Set what was used" },
      { value: "granted", label: "Set what is granted until the next reset" },
      { value: "", label: "Only dates" },
    ],
    onInput: () => show(),
  });
  const amount = field({ label: "Units", type: "number", path: "add", required: true });
  const part = field({
    label: "Of",
    type: "select",
    path: "filter",
    options: [
      { value: "", label: "All parts together" },
      ...balance.parts.map((each) => ({
        value: each.balance_id,
        label: `${each.plan_id ? view.catalog.planName(each.plan_id) : "Outside plans"} (${each.balance_id})`,
      })),
    ],
  });
  const reset = field({ label: "Next reset", optional: true, type: "datetime-local", path: "next_reset_time" });
  const expire = field({
    label: "Lapses",
    optional: true,
    type: "datetime-local",
    path: "expire_time",
    hint: "Not of what a plan grants.",
  });
  const show = () => {
    amount.hidden = how.control.value === "";
    amount.dataset.path = how.control.value || "amount";
    amount.querySelector("label").textContent = how.control.value === "add"
      ? "Units to give; below 0: to take"
      : "Units";
  };
  show();
  actionDialog(view.context, {
    title: `Correct ${name}`,
    submit: "Correct",
    live: "What a real customer has changes at once.",
    fields: [
      h(
        "p",
        { class: "soft" },
        balance.unlimited
          ? "Unlimited."
          : `${quantity(balance.remaining)} of ${quantity(balance.granted)} left, ${quantity(balance.usage)} used.`,
      ),
      how,
      amount,
      part,
      h("details", { class: "more" }, h("summary", null, "Dates"), h("div", { class: "fields" }, reset, expire)),
    ],
    run: async (send) => {
      const { customer } = await send("CustomerService/UpdateBalance", {
        customer_id: view.id,
        filter: { feature_id: balance.feature_id, balance_id: part.control.value },
        ...(how.control.value ? { [how.control.value]: figure(amount) } : {}),
        next_reset_time: instant(reset),
        expire_time: instant(expire),
      });
      view.show(customer);
      toast("Corrected");
    },
  });
}

export function takeBalance(view, balance) {
  const own = balance.parts.filter((each) => !each.plan_id);
  const part = field({
    label: "Which",
    type: "select",
    path: "filter",
    options: own.map((each) => ({
      value: each.balance_id,
      label: `${each.balance_id}: ${
        each.unlimited ? "unlimited" : `${quantity(each.remaining)} of ${quantity(each.granted)} left`
      }`,
    })),
  });
  const keep = check({
    label: "Draw what was used of it from what is left",
    path: "keep_usage",
    hint: "Otherwise its usage goes with it.",
  });
  actionDialog(view.context, {
    title: `Take away ${view.catalog.featureName(balance.feature_id)}`,
    submit: "Take away",
    danger: true,
    fields: [part, keep],
    live: "A real customer has less at once.",
    run: async (send) => {
      const { customer } = await send("CustomerService/DeleteBalance", {
        customer_id: view.id,
        filter: { feature_id: balance.feature_id, balance_id: part.control.value },
        keep_usage: keep.control.checked,
      });
      view.show(customer);
      toast("Taken away");
    },
  });
}

export async function recalculate(view, balance) {
  const send = intent();
  const sure = await ask({
    title: "Settle parts against each other?",
    confirm: "Settle",
    text:
      "All parts are granted anew and the same usage is drawn again, so that none is overdrawn while another has something left.",
    run: async () => {
      if (!(await confirmed(view.context, "Balances of a real customer are worked out anew.", "Settle"))) return;
      view.show(
        (await send("CustomerService/RecalculateBalances", {
          customer_id: view.id,
          filter: { feature_id: balance.feature_id },
        })).customer,
      );
    },
  });
  if (sure) toast("Settled");
}
