// Giving a customer a plan, or another one in place of one it has.

import { offered } from "../archived.js";
import { check, field, h, replace } from "../elements.js";
import { planPrice } from "../format.js";
import { packsHint } from "./customer-plans.js";
import { purchaseDialog } from "./purchase.js";
import { minorUnits } from "../money-input.js";

const instant = (control) => (control.control.value ? new Date(control.control.value).toISOString() : undefined);
const currencyOf = (view) => view.customer.currency || view.catalog.currency;

export function attachDialog(view, { replacing }) {
  const { catalog, customer } = view;
  const now = replacing && catalog.plan(replacing.plan_id);
  const plans = offered(catalog.plans).filter((
    plan,
  ) => (replacing ? plan.plan_id !== replacing.plan_id && !plan.add_on && plan.group === (now?.group ?? "") : true));
  const entity = field({
    label: "For one entity",
    optional: true,
    path: "entity_id",
    value: replacing?.entity_id ?? "",
    placeholder: "Entity’s id",
  });
  const plan = field({
    label: "Plan",
    type: "select",
    path: "plan_id",
    options: [
      { value: "", label: "Choose a plan", disabled: true },
      ...plans.map((each) => ({
        value: each.plan_id,
        label: `${each.name || each.plan_id}, ${planPrice(each, currencyOf(view))}${each.add_on ? " (add-on)" : ""}`,
      })),
    ],
    value: "",
    onInput: () => packs.show(catalog.plan(plan.control.value)),
  });
  const packs = quantityFields(view, replacing?.quantities ?? []);
  const more = attachOptions(view, entity);
  return purchaseDialog(view, {
    title: replacing ? `Change from ${catalog.planName(replacing.plan_id)}` : "Attach a plan",
    confirm: replacing ? "Change" : "Attach",
    fields: [plan, packs.element, more.element],
    method: "Attach",
    preview: ["PreviewAttach", "attach"],
    request: () =>
      plan.control.value &&
      {
        customer_id: customer.customer_id,
        plan_id: plan.control.value,
        entity_id: entity.control.value.trim(),
        ...packs.read(),
        ...more.read(catalog.plan(plan.control.value)),
      },
  });
}

// One field for each feature that the plan sells in packs.
export function quantityFields(view, bought) {
  const element = h("div", { class: "stack-s", hidden: true });
  let made = [];
  return {
    element,
    show(plan) {
      const items = (plan?.items ?? []).filter((item) => item.prepaid_price && !item.prepaid_price.per_seat);
      made = items.map((item, index) => {
        const has = bought.find((each) => each.feature_id === item.feature_id);
        return Object.assign(
          field({
            label: view.catalog.featureName(item.feature_id),
            type: "number",
            path: `quantities[${index}]`,
            value: has ? has.next_quantity ?? has.quantity : item.included || "",
            hint: packsHint(view, item),
            suffix: "units",
          }),
          { feature: item.feature_id },
        );
      });
      element.hidden = made.length === 0;
      replace(element, h("h3", { class: "sub" }, "How many"), made);
    },
    read() {
      const typed = made.filter((each) => each.control.value.trim() !== "");
      // Paths are of places in the list that is sent.
      typed.forEach((each, index) => {
        each.dataset.path = `quantities[${index}]`;
      });
      return typed.length
        ? {
          quantities: typed.map((each) => ({
            feature_id: each.feature,
            quantity: Number(each.control.value.trim().replace(",", ".")),
          })),
        }
        : {};
    },
  };
}

function attachOptions(view, entity) {
  const { catalog } = view;
  const schedule = field({
    label: "When",
    type: "select",
    path: "plan_schedule",
    options: [{ value: "", label: "Dearer at once, cheaper at the period’s end" }, {
      value: "immediate",
      label: "At once",
    }, { value: "end_of_cycle", label: "When what is paid for is over" }],
    value: "",
  });
  const redirect = field({
    label: "Payment page",
    type: "select",
    path: "redirect_mode",
    options: [{ value: "", label: "Only if there is no card" }, { value: "always", label: "Always" }, {
      value: "never",
      label: "Never",
    }],
    value: "",
  });
  const start = field({ label: "Starts", optional: true, type: "datetime-local", path: "start_time" });
  const end = field({ label: "Ends by itself", optional: true, type: "datetime-local", path: "end_time" });
  const code = field({ label: "Promotion code", optional: true, path: "discounts" });
  const tax = catalog.taxRates.length > 0 &&
    field({
      label: "Tax rate",
      type: "select",
      path: "tax_rate_id",
      value: "",
      options: [
        { value: "", label: "As the customer’s" },
        ...catalog.taxRates.map((each) => ({
          value: each.tax_rate_id,
          label: `${each.name} ${each.percentage} % (${each.tax_rate_id})`,
        })),
      ],
    });
  const price = field({
    label: "A price of this customer’s own",
    optional: true,
    type: "number",
    path: "customize",
    suffix: currencyOf(view).toUpperCase(),
    hint: "In place of the plan’s base price, each period.",
  });
  const currencies = [
    ...new Set(catalog.plans.flatMap((each) => (each.price?.additional_currencies ?? []).map((one) => one.currency))),
  ];
  const currency = currencies.length > 0 &&
    field({
      label: "Pays in",
      type: "select",
      path: "currency",
      value: "",
      options: [
        { value: "", label: `As before (${currencyOf(view).toUpperCase()})` },
        ...[catalog.currency, ...currencies].map((each) => ({ value: each, label: each.toUpperCase() })),
      ],
    });
  const noTrial = check({ label: "Without the trial", path: "customize.remove_free_trial" });
  const reset = check({
    label: "Begin billing periods anew",
    hint: "The new plan’s is charged in full.",
    path: "reset_billing_cycle",
  });
  const invoice = check({
    label: "Pay by invoice",
    hint: "No card is charged.",
    path: "invoice_mode",
    onChange: () => {
      terms.hidden = !invoice.control.checked;
    },
  });
  const days = field({
    label: "Due after",
    type: "number",
    suffix: "days",
    value: "30",
    path: "invoice_mode.net_terms_days",
  });
  const atOnce = check({ label: "In use at once", hint: "Otherwise once it is paid.", checked: true });
  const draft = check({ label: "Leave it a draft", hint: "It is sent when you finalize it." });
  const terms = h("div", { class: "stack-s inset", hidden: true }, days, atOnce, draft);
  const customize = (plan) => {
    const minor = price.control.value.trim() && minorUnits(price.control.value, currencyOf(view));
    const base = minor === "" || minor === undefined ? undefined : {
      amount: price.control.value.trim().replace(",", "."),
      interval: plan?.price?.interval ?? "month",
      interval_count: plan?.price?.interval_count ?? 1,
    };
    return base || noTrial.control.checked
      ? {
        customize: {
          ...(base ? { price: base } : {}),
          ...(noTrial.control.checked ? { remove_free_trial: true } : {}),
        },
      }
      : {};
  };
  return {
    element: h(
      "details",
      { class: "more" },
      h("summary", null, "Options"),
      h(
        "div",
        { class: "stack" },
        h("div", { class: "fields" }, schedule, redirect, start, end, code, tax, entity, price, currency),
        noTrial,
        reset,
        invoice,
        terms,
      ),
    ),
    read: (plan) => ({
      plan_schedule: schedule.control.value || undefined,
      redirect_mode: redirect.control.value || undefined,
      start_time: instant(start),
      end_time: instant(end),
      ...(code.control.value.trim() ? { discounts: [{ promotion_code: code.control.value.trim() }] } : {}),
      ...(tax && tax.control.value ? { tax_rate_id: tax.control.value } : {}),
      ...(currency && currency.control.value ? { currency: currency.control.value } : {}),
      ...(reset.control.checked ? { reset_billing_cycle: true } : {}),
      ...customize(plan),
      ...(invoice.control.checked
        ? {
          invoice_mode: {
            enabled: true,
            enable_plan_immediately: atOnce.control.checked,
            finalize: !draft.control.checked,
            net_terms_days: Number(days.control.value) || 30,
          },
        }
        : {}),
    }),
  };
}
