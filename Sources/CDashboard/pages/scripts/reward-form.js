// The forms of rewards: coupons, feature grants, plan gifts, referral programmes.

import { choiceName, offered } from "./archived.js";
import { bound, boundCheck, boundChoice, choices } from "./bound.js";
import { card, check, field, h, replace } from "./elements.js";
import { entryRows } from "./feature-form.js";
import { nameFields } from "./name-fields.js";
import { referralRewards } from "./rewards.js";

/** @param editor { draft, catalog, changed() } */
export function rewardForm(editor, kind, isNew) {
  return { coupon, grant, gift, programme }[kind](editor, isNew);
}

const KINDS = [
  ["percentage", "Per cent of each line"],
  ["amount", "An amount off each invoice"],
  ["invoice_credits", "Credit, until it is used up"],
];

function coupon(editor, isNew) {
  const { draft, catalog, changed } = editor;
  const { name, id } = nameFields(draft, "coupon_id", { isNew, changed });
  const currency = catalog.currency.toUpperCase();
  const place = h("div", { class: "fields fields-wide" });
  const draw = () => {
    const present = KINDS.map(([key]) => key).find((key) => draft[key] !== undefined) ?? "percentage";
    const kind = field({
      label: "It gives",
      path: "kind",
      type: "select",
      value: present,
      options: choices(KINDS),
      onInput: (value) => {
        const figure = draft[present];
        for (const [key] of KINDS) delete draft[key];
        draft[value] = figure ?? "";
        changed();
        draw();
      },
    });
    const suffix = present === "percentage" ? "%" : currency;
    const duration = boundChoice(draft, "duration", {
      changed,
      label: "For",
      path: "duration",
      options: choices([
        ["once", "the first invoice that it lowers"],
        ["months", "so many months"],
        ["forever", "good"],
      ]),
      onChange: (value) => {
        value === "months" ? (draft.months = "3") : delete draft.months;
        draw();
      },
    });
    replace(
      place,
      kind,
      bound(draft, present, { changed, label: "How much", path: present, type: "number", required: true, suffix }),
      duration,
      draft.duration === "months" &&
        bound(draft, "months", { changed, label: "Months", path: "months", type: "number", required: true }),
    );
  };
  draw();
  return [
    card({ title: "Coupon" }, h("div", { class: "stack" }, h("div", { class: "fields fields-wide" }, name, id), place)),
    codesCard(editor),
    card(
      { title: "What it is for" },
      h(
        "div",
        { class: "stack" },
        planPicks(editor, "Only these plans", "None: it lowers whatever is charged."),
        bound(draft, "minimum_amount", {
          changed,
          label: "Only purchases from",
          path: "minimum_amount",
          type: "number",
          optional: true,
          suffix: currency,
          hint: "What they come to before discounts.",
        }),
        boundCheck(draft, "usage_only", {
          changed,
          label: "Only overage",
          path: "usage_only",
          hint: "It lowers only what was used beyond what plans include.",
        }),
      ),
    ),
  ];
}

function grant(editor, isNew) {
  const { draft, catalog, changed } = editor;
  const { name, id } = nameFields(draft, "feature_grant_id", { isNew, changed });
  const countable = catalog.catalog.features.filter((feature) => feature.type !== "boolean");
  const lapse = (entry, key, path, label) =>
    bound(entry, key, { changed, label, path: `${path}.${key}`, type: "number", placeholder: "never" });
  const units = entryRows(editor, "grants", {
    add: "Add a feature",
    make: () => ({ feature_id: offered(countable)[0]?.feature_id ?? "", quantity: "100" }),
    fields: (entry, path) => [
      boundChoice(entry, "feature_id", {
        changed,
        label: "Feature",
        path: `${path}.feature_id`,
        options: offered(countable, entry.feature_id).map((each) => ({
          value: each.feature_id,
          label: choiceName(each),
        })),
      }),
      bound(entry, "quantity", {
        changed,
        label: "Units",
        path: `${path}.quantity`,
        type: "number",
        required: true,
      }),
      lapse(entry, "expire_days", path, "Lapse after days"),
      lapse(entry, "expire_months", path, "or months"),
    ],
  });
  return [
    card(
      { title: "Feature grant" },
      h("div", { class: "stack" }, h("div", { class: "fields fields-wide" }, name, id)),
    ),
    card(
      { title: "What is given" },
      countable.length ? units : h("p", { class: "soft" }, "There are no features with units. Create one first."),
    ),
    codesCard(editor),
  ];
}

function gift(editor, isNew) {
  const { draft, catalog, changed } = editor;
  const { name, id } = nameFields(draft, "plan_gift_id", { isNew, changed });
  return card(
    { title: "Plan gift" },
    h(
      "div",
      { class: "stack" },
      h("div", { class: "fields fields-wide" }, name, id),
      planChoice(draft, catalog, changed),
    ),
  );
}

function planChoice(draft, catalog, changed) {
  const plans = offered(catalog.catalog.plans, draft.plan_id);
  if (!plans.length) return h("p", { class: "soft" }, "There are no plans yet. Create one first.");
  draft.plan_id ??= plans[0].plan_id;
  return boundChoice(draft, "plan_id", {
    changed,
    label: "Plan",
    path: "plan_id",
    hint: "Without its prices and its trial, for good.",
    options: plans.map((plan) => ({ value: plan.plan_id, label: choiceName(plan) })),
  });
}

function programme(editor, isNew) {
  const { draft, catalog, changed } = editor;
  const rewards = referralRewards(catalog);
  if (!rewards.length)
    return card(
      { title: "Referral programme" },
      h("p", { class: "soft" }, "It needs something to give: create a coupon, a feature grant or a plan gift first."),
    );
  draft.reward_id ??= rewards[0].id;
  const place = h("div", { class: "stack" });
  const draw = () =>
    replace(
      place,
      draft.redeem_on === "checkout" && [
        planPicks(editor, "Only these plans count", "None: a payment for any plan counts."),
        boundCheck(draft, "exclude_trial", {
          changed,
          label: "Trials don’t count",
          path: "exclude_trial",
          hint: "They count when they become a payment.",
        }),
      ],
    );
  const moment = boundChoice(draft, "redeem_on", {
    changed,
    label: "Rewarded",
    path: "redeem_on",
    options: choices([
      ["customer_creation", "as soon as a code is redeemed"],
      ["checkout", "when the redeemer pays for a plan"],
    ]),
    onChange: (value) => {
      if (value !== "checkout") {
        delete draft.plan_ids;
        delete draft.exclude_trial;
      }
      draw();
    },
  });
  draw();
  return card(
    { title: "Referral programme" },
    h(
      "div",
      { class: "stack" },
      bound(draft, "programme_id", {
        changed,
        label: "Id",
        path: "programme_id",
        required: isNew,
        readonly: !isNew,
        autofocus: isNew,
        maxlength: "63",
        hint: "It never changes.",
      }),
      h(
        "div",
        { class: "fields fields-wide" },
        boundChoice(draft, "reward_id", {
          changed,
          label: "It gives",
          path: "reward_id",
          options: rewards.map((each) => ({ value: each.id, label: `${each.name} (${each.kind})` })),
        }),
        boundChoice(draft, "received_by", {
          changed,
          label: "To",
          path: "received_by",
          options: choices([
            ["referrer", "who has brought somebody"],
            ["all", "both"],
          ]),
        }),
        moment,
        bound(draft, "max_redemptions", {
          changed,
          label: "How often a customer’s code is redeemed",
          path: "max_redemptions",
          type: "number",
          placeholder: "1000",
          optional: true,
        }),
      ),
      place,
    ),
  );
}

function codesCard(editor) {
  const { changed } = editor;
  const rows = entryRows(editor, "promotion_codes", {
    add: "Add a code",
    make: () => ({ code: "" }),
    fields: (entry, path) => [
      bound(entry, "code", {
        changed,
        label: "Code",
        path: `${path}.code`,
        required: true,
        maxlength: "63",
        placeholder: "SUMMER",
      }),
      bound(entry, "max_redemptions", {
        changed,
        label: "At most",
        path: `${path}.max_redemptions`,
        type: "number",
        placeholder: "any",
        suffix: "times",
      }),
      field({
        label: "Until",
        path: `${path}.expire_time`,
        type: "datetime-local",
        value: localTime(entry.expire_time),
        onInput: (value) => {
          value ? (entry.expire_time = new Date(value).toISOString()) : delete entry.expire_time;
          changed();
        },
      }),
      boundCheck(entry, "first_purchase_only", {
        changed,
        label: "Only who hasn’t paid for anything yet",
        path: `${path}.first_purchase_only`,
      }),
    ],
  });
  return card({ title: "Codes" }, rows);
}

/** A time as a field for times has it: in the viewer's zone. */
function localTime(text) {
  if (!text) return "";
  const time = new Date(text);
  return new Date(time - time.getTimezoneOffset() * 60e3).toISOString().slice(0, 16);
}

/** Plans as boxes to be ticked. */
function planPicks({ draft, catalog, changed }, label, hint) {
  const chosen = new Set(draft.plan_ids ?? []);
  const plans = catalog.catalog.plans.filter((plan) => !plan.archived || chosen.has(plan.plan_id));
  const fault = h("p", { class: "fault", hidden: true });
  const element = h(
    "fieldset",
    { class: "stack-s", "data-path": "plan_ids" },
    h("legend", { class: "strong" }, label),
    h("p", { class: "hint" }, hint),
    plans.map((plan) =>
      check({
        label: choiceName(plan),
        checked: chosen.has(plan.plan_id),
        onChange: (on) => {
          on ? chosen.add(plan.plan_id) : chosen.delete(plan.plan_id);
          chosen.size ? (draft.plan_ids = [...chosen]) : delete draft.plan_ids;
          changed();
        },
      }),
    ),
    fault,
  );
  return Object.assign(element, {
    setError(message) {
      fault.hidden = !message;
      fault.textContent = message ?? "";
    },
  });
}
