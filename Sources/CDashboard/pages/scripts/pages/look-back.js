// What a customer had at a moment in the past: "why was I blocked yesterday?".

import { call } from "../api.js";
import { badge, button, dialog, errorState, field, h, replace, skeleton } from "../elements.js";
import { dateTime } from "../format.js";
import { subscriptionStatus } from "../words.js";
import { balanceBar, figureOf, partsTable } from "./customer-balances.js";

const day = 24 * 3600e3;

export function lookBack(view) {
  const local = (time) => new Date(time.getTime() - time.getTimezoneOffset() * 60e3).toISOString().slice(0, 19);
  const created = new Date(view.customer.create_time),
    start = new Date(Math.max(created.getTime() + 1000, view.now() - day));
  const when = field({
    label: "Moment, by your clocks",
    type: "datetime-local",
    step: "1",
    value: local(start),
    max: local(view.now()),
    path: "as_of_time",
  });
  const host = h("div", { "aria-live": "polite" });
  let current;
  async function look() {
    current?.abort();
    current = new AbortController();
    const time = new Date(when.control.value);
    if (Number.isNaN(time.getTime())) return when.setError("Choose a moment.");
    replace(host, skeleton("lines", 5));
    try {
      const { customer } = await call("CustomerService/GetCustomerAsOf", {
        customer_id: view.id,
        as_of_time: time.toISOString(),
      }, { signal: current.signal });
      replace(host, past(view, customer, time));
    } catch (error) {
      if (error.name === "AbortError") return;
      const own = error.violations.find((each) => each.field === "as_of_time");
      if (own) when.setError(own.message);
      replace(host, own ? null : errorState(error));
    }
  }
  const form = h(
    "form",
    {
      class: "row look-back",
      onsubmit: (event) => {
        event.preventDefault();
        look();
      },
    },
    when,
    button("Look", { primary: true, type: "submit" }),
  );
  dialog({ title: "Look back", wide: true, body: [form, host], onClose: () => current?.abort() });
  look();
}

function past(view, customer, time) {
  const running = customer.subscriptions.filter((each) => each.status !== "ended");
  return h(
    "div",
    { class: "stack" },
    h("p", null, "As it stood on ", h("strong", null, dateTime(time)), ":"),
    h(
      "ul",
      { class: "row" },
      running.map((each) =>
        h(
          "li",
          null,
          h("strong", null, view.catalog.planName(each.plan_id)),
          " ",
          badge(subscriptionStatus(each.status)),
        )
      ),
    ),
    customer.balances.map((balance) => {
      const name = view.catalog.featureName(balance.feature_id), bar = balanceBar(name);
      bar.update(balance);
      return h(
        "div",
        { class: "balance" },
        h("div", { class: "row row-between" }, h("strong", null, name), h("span", null, figureOf(balance))),
        bar.element,
        h("details", { class: "more" }, h("summary", { class: "small" }, "Breakdown"), partsTable(view, balance)),
      );
    }),
    customer.flags.length > 0 &&
      h(
        "p",
        { class: "soft small" },
        `Flags: ${customer.flags.map((flag) => view.catalog.featureName(flag.feature_id)).join(", ")}`,
      ),
  );
}
