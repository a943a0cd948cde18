// Moving customers of older versions of a plan to the one that is sold: choose, look, do, see.

import { call, pages, requestId } from "../api.js";
import { countCustomers, readCatalog } from "../catalog.js";
import { ask, button, card, check, emptyState, field, h, notice, pageHead, replace, skeleton } from "../elements.js";
import { count, quantity } from "../format.js";
import { each, moves, outcomeOf } from "../migration.js";
import { migrate } from "./migration-progress.js";

let running = null;

export default {
  title: "Migrate customers",
  async load(context) {
    const [catalog, customers] = await Promise.all([
      readCatalog({ signal: context.signal }),
      countCustomers({ signal: context.signal }),
    ]);
    const plan = catalog.plan(context.path[0]);
    if (!plan)
      return h(
        "div",
        { class: "page" },
        emptyState({
          heading: "h1",
          title: "There is no such plan",
          icon: "plans",
          actions: button("All plans", { href: context.link("plans") }),
        }),
      );
    context.setTitle(`Migrate ${plan.name}`);
    return page(context, plan, customers);
  },
  leave() {
    if (running) running.stopped = true;
  },
};

function page(context, plan, customers) {
  const state = { from: "0", custom: false, rows: [], chosen: new Set() };
  const versions = [
    ...new Set(
      (customers?.rows ?? [])
        .filter((row) => row.plan_id === plan.plan_id && row.revision !== plan.revision)
        .map((row) => row.revision),
    ),
  ];
  const place = h("div", null);
  const options = h(
    "div",
    { class: "stack" },
    field({
      label: "Which",
      type: "select",
      value: "0",
      options: [
        { value: "0", label: "Every older version" },
        ...Array.from({ length: plan.version - 1 }, (_, index) => plan.version - 1 - index).map((version) => ({
          value: String(version),
          label: `Version ${version}`,
        })),
      ],
      onInput: (value) => {
        state.from = value;
        replace(place);
      },
    }),
    check({
      label: "Include customized plans",
      hint: "Their customers lose what was made for them.",
      onChange: (on) => {
        state.custom = on;
        replace(place);
      },
    }),
  );
  const older = customers ? customers.older(plan.plan_id, plan.revision) : null;
  return h(
    "div",
    { class: "page page-narrow" },
    pageHead(`Migrate ${plan.name}`, {
      crumbs: [
        { label: "Plans", href: context.link("plans") },
        { label: plan.name, href: context.link("plans", plan.plan_id) },
      ],
      lead: `Customers keep the version that they bought until they are moved to version ${plan.version}. What was used stays used. Nothing is charged before the next period, which costs what the new version costs.`,
    }),
    older === 0 && !versions.length
      ? notice("Everybody has the version that is sold.", "good")
      : older !== null && notice(`${count(older, "customer is", "customers are")} on an older version.`),
    card(
      { title: "1. Whom" },
      options,
      h(
        "div",
        { class: "row row-end" },
        button("Preview", { primary: true, icon: "search", onClick: () => look(context, plan, state, place) }),
      ),
    ),
    place,
  );
}

const request = (plan, state, customer) => ({
  customer_id: customer,
  plan_id: plan.plan_id,
  from_version: Number(state.from),
  include_custom: state.custom,
});

/** Asks for each customer of the plan what would become of it. */
async function look(context, plan, state, place) {
  if (running) running.stopped = true;
  const run = (running = { stopped: false });
  const told = h("p", { class: "soft" }, "Looking for customers");
  replace(place, card({ title: "2. What would be done" }, told, skeleton("lines", 4)));
  state.rows = [];
  const wanted = [];
  for await (const reply of pages(
    "CustomerService/ListCustomers",
    { plan_id: plan.plan_id, page_size: 200 },
    { signal: context.signal },
  )) {
    for (const customer of reply.customers) {
      const held = customer.subscriptions.filter((each) => each.plan_id === plan.plan_id && each.status !== "ended");
      if (held.some((each) => each.plan_version !== plan.version || each.custom_plan))
        wanted.push({
          id: customer.customer_id,
          name: customer.name || customer.customer_id,
          versions: [...new Set(held.map((each) => each.plan_version))],
        });
    }
    told.textContent = `${count(wanted.length, "customer")} found`;
    if (run.stopped) return;
  }
  await each(run, wanted, async (customer) => {
    try {
      const reply = await call(
        "AttachService/MigrateCustomer",
        { ...request(plan, state, customer.id), dry_run: true, request_id: requestId() },
        { signal: context.signal },
      );
      if (reply.subscriptions.length) state.rows.push({ ...customer, outcomes: reply.subscriptions });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      state.rows.push({ ...customer, outcomes: [], error });
    }
    told.textContent = `Looked at ${quantity(state.rows.length)} of ${quantity(wanted.length)}`;
  });
  if (run.stopped) return;
  state.rows.sort((a, b) => a.name.localeCompare(b.name));
  state.chosen = new Set(state.rows.filter(moves).map((row) => row.id));
  choose(context, plan, state, place);
}

function choose(context, plan, state, place) {
  if (!state.rows.length)
    return replace(
      place,
      card(
        { title: "2. What would be done" },
        emptyState({ title: "Nobody to move", text: "No customer has what you chose.", icon: "check" }),
      ),
    );
  const go = button("", { primary: true, icon: "history", onClick: () => confirm(context, plan, state, place) });
  const all = h("input", { type: "checkbox", "aria-label": "All that move" });
  const movable = state.rows.filter(moves);
  const boxes = new Map();
  const tell = () => {
    go.querySelector("span").textContent = `Migrate ${count(state.chosen.size, "customer")}`;
    go.disabled = !state.chosen.size;
    all.checked = movable.length > 0 && state.chosen.size === movable.length;
    all.indeterminate = state.chosen.size > 0 && !all.checked;
  };
  all.addEventListener("change", () => {
    for (const row of movable) {
      all.checked ? state.chosen.add(row.id) : state.chosen.delete(row.id);
      boxes.get(row.id).checked = all.checked;
    }
    tell();
  });
  const list = h(
    "ul",
    { class: "pick-list" },
    state.rows.map((row) => {
      const box = h("input", {
        type: "checkbox",
        checked: state.chosen.has(row.id),
        disabled: !moves(row),
        "aria-label": `Migrate ${row.name}`,
      });
      box.addEventListener("change", () => {
        box.checked ? state.chosen.add(row.id) : state.chosen.delete(row.id);
        tell();
      });
      boxes.set(row.id, box);
      return h(
        "li",
        null,
        box,
        h("a", { class: "grow", href: context.link("customers", row.id) }, row.name),
        h("div", { class: "pick-outcome" }, outcomeOf(row, false)),
      );
    }),
  );
  tell();
  return replace(
    place,
    card(
      { title: "2. What would be done" },
      h(
        "label",
        { class: "check" },
        all,
        `All that move (${quantity(movable.length)} of ${quantity(state.rows.length)})`,
      ),
      list,
      h("div", { class: "row row-end" }, go),
    ),
  );
}

async function confirm(context, plan, state, place) {
  const really = await ask({
    title: `Migrate ${count(state.chosen.size, "customer")} to version ${plan.version}?`,
    text: "They have what the new version gives from now on, and pay its price from their next period.",
    confirm: "Migrate",
    type: context.environment === "live" ? plan.name : null,
  });
  if (really) {
    running = { stopped: false };
    const rows = state.rows.filter((row) => state.chosen.has(row.id));
    await migrate(running, {
      context,
      plan,
      rows,
      place,
      request: (row) => request(plan, state, row.id),
      again: () => look(context, plan, state, place),
    });
  }
}
