// A customer's page: everything of one customer, and what can be done about it.

import { call } from "../api.js";
import { clockAhead } from "../clock.js";
import { button, emptyState, h } from "../elements.js";
import { timeElement } from "../format.js";
import { knownCatalog } from "../known.js";
import { focusKey } from "../part.js";
import { balancesCard } from "./customer-balances.js";
import { controlsCard } from "./customer-controls.js";
import { detailsCard } from "./customer-details.js";
import { entitiesCard } from "./customer-entities.js";
import { feedCard } from "./customer-feed.js";
import { customerHead } from "./customer-head.js";
import { holdsCard } from "./customer-holds.js";
import { invoicesCard } from "./customer-invoices.js";
import { paymentsCard } from "./customer-payments.js";
import { plansCard } from "./customer-plans.js";
import { rewardsCard } from "./customer-rewards.js";
import { usageCard } from "./customer-usage.js";

export async function customerPage(context) {
  const id = context.path[0];
  let known;
  try {
    known = await Promise.all([knownCatalog(), read(context, id), clockAhead(context, id)]);
  } catch (error) {
    if (error.reason !== "CUSTOMER_NOT_FOUND" && error.code !== "invalid_argument") throw error;
    return h(
      "div",
      { class: "page" },
      emptyState({
        title: "There is no such customer",
        icon: "customers",
        text: `Nobody has the id ${id} here. It may be in the other environment, or deleted.`,
        actions: button("All customers", { href: context.link("customers") }),
      }),
    );
  }
  const [catalog, customer, ahead] = known;
  context.setTitle(customer.name || customer.customer_id);
  const view = makeView(context, catalog, customer, ahead);
  const cards = {
    plans: plansCard,
    balances: balancesCard,
    usage: view.can("usage:read") && usageCard,
    invoices: invoicesCard,
    entities: entitiesCard,
    payments: paymentsCard,
    feed: view.can("usage:read") && feedCard,
    details: detailsCard,
    controls: controlsCard,
    holds: holdsCard,
    rewards: rewardsCard,
  };
  // Where there is one column, the order is another one: see the styles.
  const make = (name) => {
    if (!cards[name]) return null;
    const element = view.add(cards[name](view));
    element.dataset.card = name;
    return element;
  };
  const element = h(
    "div",
    { class: "page customer" },
    view.add(customerHead(view)),
    h(
      "div",
      { class: "sides" },
      h("div", { class: "stack-l" }, ["plans", "balances", "usage", "invoices", "entities", "payments"].map(make)),
      h("div", { class: "stack-l" }, ["feed", "details", "controls", "holds", "rewards"].map(make)),
    ),
  );
  keepFocus(element, context.signal);
  return element;
}

// What opened a dialog may have been drawn anew when it closes: the focus goes to what took its place.
function keepFocus(element, signal) {
  let last;
  element.addEventListener("focusin", ({ target }) => {
    last = focusKey(target);
  });
  document.addEventListener("close", (event) =>
    event.target.tagName === "DIALOG" && setTimeout(() => {
      if (document.activeElement !== document.body || document.querySelector("dialog[open]")) return;
      (last && element.querySelector(`[data-focus="${CSS.escape(last)}"]`) || element.querySelector("h1"))?.focus({
        preventScroll: true,
      });
    }), { capture: true, signal });
}

const read = (context, id) =>
  call("CustomerService/GetCustomer", { customer_id: id }, { signal: context.signal }).then((reply) => reply.customer);

// What the cards share. `view.show(customer)` shows it as it is after a change, `view.refresh()` asks for it.
function makeView(context, catalog, customer, ahead) {
  const parts = [];
  const view = {
    context,
    catalog,
    customer,
    ahead,
    id: customer.customer_id,
    can: (scope) => context.can(scope),
    now: () => new Date(Date.now() + view.ahead),
    // Relative to the customer's clock.
    time: (value, options) => timeElement(value, { ...options, now: Date.now() + view.ahead }),
    add(part) {
      parts.push(part);
      return part.element;
    },
    show(changed) {
      view.customer = changed;
      for (const part of parts) part.update?.();
    },
    async refresh() {
      view.show(await read(context, view.id));
    },
    // After the clock was moved, with all that fell due.
    async clockMoved() {
      view.ahead = await clockAhead(context, view.id);
      await view.refresh();
      for (const part of parts) part.clockMoved?.();
    },
  };
  return view;
}
