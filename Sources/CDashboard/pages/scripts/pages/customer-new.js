// A new customer.

import { check, field, h } from "../elements.js";
import { actionDialog } from "../acting.js";
import { zone } from "../ranges.js";

export function newCustomer(context) {
  const id = field({
    label: "Id",
    path: "customer_id",
    required: true,
    hint: "Yours to choose: letters, digits, “_”, “:” and “-”, at most 63. It stays.",
    autofocus: true,
  });
  const name = field({ label: "Name", path: "name", optional: true });
  const email = field({ label: "Email", path: "email", type: "email", optional: true, hint: "Where receipts go." });
  const own = check({
    label: `Periods begin and end by my clocks (${zone})`,
    hint: "Otherwise by UTC.",
    path: "time_zone",
  });
  return actionDialog(context, {
    title: "New customer",
    submit: "Create",
    fields: [id, name, email, zone !== "UTC" ? own : h("span")],
    live: "A customer is created in live.",
    run: async (send) => {
      const { customer, created } = await send("CustomerService/GetOrCreateCustomer", {
        customer_id: id.control.value.trim(),
        name: name.control.value.trim(),
        email: email.control.value.trim(),
        time_zone: own.control.checked ? zone : "",
      });
      if (!created) {
        id.setError("There is a customer of this id already.");
        return false;
      }
      context.navigate(context.link("customers", customer.customer_id));
    },
  });
}
