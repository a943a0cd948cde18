// A customer's plans: what they are, until when, on one axis of time, and what can be changed of each.

import { archivedBadge } from "../archived.js";
import { badge, button, card, emptyState, h, menu, notice } from "../elements.js";
import { amount, date, planPrice, quantity } from "../format.js";
import { part } from "../part.js";
import { intervalName, subscriptionStatus, subscriptionTone } from "../words.js";
import { attachDialog } from "./act-attach.js";
import { dropPage, linkDialog, waitingPage } from "./act-pages.js";
import { cancelDialog, giveUpSchedule, quantitiesDialog, uncancelDialog } from "./act-subscription.js";
import { timelineView } from "./customer-timeline.js";
import { discountText } from "./customer-rewards.js";

export function plansCard(view) {
  const made = part(() => [waitingPage(view)?.url, view.customer.subscriptions, Math.round(view.ahead / 60e3)], () => {
    const running = view.customer.subscriptions.filter((each) => each.status !== "ended");
    const over = view.customer.subscriptions.filter((each) => each.status === "ended");
    const attach = view.can("attach:write") &&
      button("Attach", { small: true, icon: "plus", onClick: () => void attachDialog(view, {}) });
    return card(
      { title: "Plans", actions: [attach] },
      waitingNotice(view, () => made.update()),
      running.length
        ? h(
          "div",
          { class: "stack" },
          h("ul", { class: "plan-list" }, running.map((each) => planRow(view, each))),
          timelineView(view, running),
        )
        : emptyState({ title: "No plan", text: "Attach one: what it costs is shown first.", icon: "plans" }),
      over.length > 0 &&
        h(
          "details",
          { class: "more", "data-key": "over" },
          h("summary", null, `Earlier plans (${over.length})`),
          h("ul", { class: "plan-list" }, over.map((each) => overRow(view, each))),
        ),
    );
  });
  return { ...made, clockMoved: made.update };
}

function waitingNotice(view, update) {
  const page = waitingPage(view);
  return page &&
    h(
      "div",
      { class: "waiting" },
      notice(
        h(
          "span",
          null,
          h("strong", null, "Waiting for payment. "),
          "The customer has to pay on the page that was made.",
        ),
        "warn",
        [
          button("Show", {
            small: true,
            onClick: () =>
              void linkDialog({ title: "Payment page", url: page.url, text: "Send the customer there, or open it." }),
          }),
          button("Dismiss", {
            small: true,
            quiet: true,
            onClick: () => {
              dropPage(view.id);
              update();
            },
          }),
        ],
      ),
    );
}

const planOf = (view, subscription) => subscription.custom_plan ?? view.catalog.plan(subscription.plan_id);

function planRow(view, subscription) {
  const plan = planOf(view, subscription);
  const mark = badge("x", subscriptionTone(subscription.status));
  mark.textContent = subscriptionStatus(subscription.status);
  return h(
    "li",
    { class: "plan-row" },
    h(
      "div",
      { class: "row row-between" },
      h(
        "div",
        { class: "row" },
        h("strong", null, view.catalog.planName(subscription.plan_id)),
        mark,
        trialing(view, subscription) && badge("On trial", "accent"),
        subscription.add_on && badge("Add-on"),
        subscription.custom_plan && badge("Customized"),
        archivedBadge(view.catalog.plan(subscription.plan_id)),
      ),
      h(
        "div",
        { class: "row" },
        plan && h("span", { class: "nowrap" }, planPrice(plan, view.customer.currency || view.catalog.currency)),
        view.can("attach:write") && actions(view, subscription, plan),
      ),
    ),
    h(
      "ul",
      { class: "plan-facts" },
      factsOf(view, subscription, plan).filter(Boolean).map((fact) => h("li", null, fact)),
    ),
  );
}

const trialing = (view, subscription) =>
  subscription.trial_end_time && new Date(subscription.trial_end_time) > view.now() &&
  subscription.status !== "scheduled";

function factsOf(view, subscription, plan) {
  const { status } = subscription;
  const billed = plan?.price && Number(plan.price.amount) > 0 && plan.price.interval !== "one_off";
  const when = (time) => h("strong", { title: time }, date(time));
  return [
    status === "scheduled" && ["Starts ", when(subscription.start_time)],
    trialing(view, subscription) && ["Trial until ", when(subscription.trial_end_time)],
    status !== "scheduled" && !subscription.end_time && subscription.period_end_time && [
      status === "past_due"
        ? "Unpaid; period until "
        : trialing(view, subscription)
        ? "First charge "
        : billed || subscription.quantities.length
        ? "Renews "
        : "Period until ",
      when(subscription.period_end_time),
    ],
    subscription.end_time && ["Ends ", when(subscription.end_time)],
    subscription.cancel_time && ["Canceled ", view.time(subscription.cancel_time)],
    status === "paused" && "Paused while another plan is tried",
    subscription.entity_id && ["Of ", h("code", null, subscription.entity_id)],
    ...subscription.quantities.map((each) => [
      h("strong", null, quantity(each.quantity)),
      ` ${view.catalog.featureName(each.feature_id)}`,
      each.next_quantity !== undefined && each.next_quantity !== each.quantity &&
      `, ${quantity(each.next_quantity)} from the next renewal`,
    ]),
    ...subscription.discounts.map((each) => discountText(view, each)),
    subscription.net_terms_days > 0 && `By invoice, ${subscription.net_terms_days} days`,
    subscription.tax_rate_id && taxText(view, subscription.tax_rate_id),
    `Version ${subscription.plan_version || subscription.plan_revision}`,
    status !== "scheduled" && ["Since ", date(subscription.start_time)],
  ];
}

export function taxText(view, id) {
  const rate = view.catalog.taxRates.find((each) => each.tax_rate_id === id);
  return rate ? `${rate.name} ${rate.percentage} %${rate.inclusive ? " included" : ""}` : `Tax: ${id}`;
}

function actions(view, subscription, plan) {
  const { status } = subscription;
  const packs = (plan?.items ?? []).some((item) => item.prepaid_price && !item.prepaid_price.per_seat);
  const ending = status === "canceling" || (subscription.end_time && status !== "ended");
  return menu(
    button(`Change ${view.catalog.planName(subscription.plan_id)}`, {
      icon: "more",
      iconOnly: true,
      small: true,
      quiet: true,
      "data-focus": `plan-${subscription.subscription_id}`,
    }),
    [
      !subscription.add_on && status !== "scheduled" &&
      {
        label: "Change to another plan",
        icon: "compare",
        onClick: () => void attachDialog(view, { replacing: subscription }),
      },
      packs && status !== "scheduled" &&
      { label: "Change quantities", icon: "edit", onClick: () => quantitiesDialog(view, subscription, plan) },
      ending && status !== "scheduled" &&
      { label: "Let it go on (uncancel)", icon: "refresh", onClick: () => uncancelDialog(view, subscription) },
      status === "scheduled" && {
        label: "Give up what is planned",
        icon: "close",
        danger: true,
        onClick: () => giveUpSchedule(view, subscription),
      },
      status !== "scheduled" && {
        label: ending ? "End it now" : "Cancel",
        icon: "close",
        danger: true,
        onClick: () => cancelDialog(view, subscription),
      },
    ],
  );
}

function overRow(view, subscription) {
  return h(
    "li",
    { class: "plan-row" },
    h(
      "div",
      { class: "row row-between" },
      h("span", null, view.catalog.planName(subscription.plan_id)),
      h("span", { class: "soft small" }, `${date(subscription.start_time)} – ${date(subscription.end_time)}`),
    ),
  );
}

// What a plan's packs are sold at, beside the field where somebody says how many.
export function packsHint(view, item) {
  const price = item.prepaid_price,
    units = price.billing_units || 1,
    currency = view.customer.currency || view.catalog.currency;
  const each = price.tiers.length
    ? "by tiers"
    : `${amount(price.amount, currency)} for ${units === 1 ? "each" : quantity(units)}`;
  const often = price.interval === "one_off" ? "once" : `a ${intervalName(price.interval, price.interval_count || 1)}`;
  return `${each}, ${often}${item.included ? `; ${quantity(item.included)} included` : ""}`;
}
