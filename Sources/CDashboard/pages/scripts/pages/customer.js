// A customer's page: everything of one customer, and what can be done about it.

import { call } from "../api.js";
import { h } from "../elements.js";
import { knownCatalog } from "../known.js";
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
  const [catalog, customer, ahead] = await Promise.all([knownCatalog(), read(context, id), clockAhead(context, id)]);
  context.setTitle(customer.name || customer.customer_id);
  const view = makeView(context, catalog, customer, ahead);
  const make = (card) => view.add(card(view));
  const element = h("div", { class: "page customer" },
    make(customerHead),
    h("div", { class: "sides" },
      h("div", { class: "stack-l" }, [plansCard, balancesCard, usageCard, invoicesCard, entitiesCard, paymentsCard].map(make)),
      h("div", { class: "stack-l" }, [feedCard, detailsCard, controlsCard, holdsCard, rewardsCard].map(make))));
  return element;
}

const read = (context, id) => call("CustomerService/GetCustomer", { customer_id: id }, { signal: context.signal }).then((reply) => reply.customer);

// By how many milliseconds the customer's clock is ahead of ours: only in sandboxes can it be.
async function clockAhead(context, id) {
  if (context.environment !== "sandbox") return 0;
  try {
    const { time } = await call("TestClockService/GetTestClock", { customer_id: id }, { signal: context.signal });
    const ahead = new Date(time) - Date.now();
    return Math.abs(ahead) < 60e3 ? 0 : ahead;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return 0;
  }
}

// What the cards share. `view.show(customer)` shows it as it is after a change, `view.refresh()` asks for it.
function makeView(context, catalog, customer, ahead) {
  const parts = [];
  const view = {
    context, catalog, customer, ahead, id: customer.customer_id,
    can: (scope) => context.can(scope),
    now: () => new Date(Date.now() + view.ahead),
    add(part) { parts.push(part); return part.element; },
    show(changed) {
      view.customer = changed;
      for (const part of parts) part.update?.();
    },
    async refresh() { view.show(await read(context, view.id)); },
    // After the clock was moved, with all that fell due.
    async clockMoved() {
      view.ahead = await clockAhead(context, view.id);
      await view.refresh();
      for (const part of parts) part.clockMoved?.();
    },
  };
  return view;
}
