// Changing what is known of a customer; erasing what is personal; deleting.

import { button, field, h, toast } from "../elements.js";
import { actionDialog, confirmed, intent } from "../acting.js";
import { ask } from "../overlays.js";
import { count } from "../format.js";
import { options } from "../known.js";
import { zone } from "../ranges.js";

const addressParts = [
  ["line1", "Street and number"],
  ["line2", "Apartment, floor"],
  ["postal_code", "Postal code"],
  ["city", "City"],
  ["state", "State or region"],
  ["country", "Country"],
];

export function editCustomer(view) {
  const { customer, catalog } = view;
  const name = field({ label: "Name", path: "name", value: customer.name });
  const email = field({ label: "Email", path: "email", value: customer.email });
  const timeZone = field({
    label: "Time zone",
    path: "time_zone",
    value: customer.time_zone,
    placeholder: "UTC",
    hint: "Periods begin and end by its clocks. It stays while a plan is paid for.",
  });
  const zones = h(
    "datalist",
    { id: "time-zones" },
    (Intl.supportedValuesOf?.("timeZone") ?? [zone]).map((each) => h("option", { value: each })),
  );
  timeZone.control.setAttribute("list", "time-zones");
  const tax = catalog.taxRates.length > 0 &&
    field({
      label: "Tax rate",
      path: "tax_rate_id",
      type: "select",
      value: customer.tax_rate_id,
      options: options(catalog.taxRates, "tax_rate_id", "As the settings say"),
    });
  const address = addressParts.map(([part, label]) =>
    field({
      label,
      path: `address.${part}`,
      value: customer.address?.[part] ?? "",
      ...(part === "country" ? { placeholder: "DE", hint: "Two letters." } : {}),
    })
  );
  const metadata = metadataEditor(customer.metadata);
  actionDialog(view.context, {
    title: "Edit details",
    submit: "Save",
    wide: true,
    live: "The details of a real customer change.",
    fields: [
      h("div", { class: "fields" }, name, email, timeZone, tax),
      zones,
      h(
        "details",
        { class: "more", open: Boolean(customer.address) },
        h("summary", null, "Billing address"),
        h("div", { class: "fields" }, address),
      ),
      h("div", { "data-path": "metadata" }, h("h3", null, "Metadata"), metadata.element),
    ],
    run: async (send) => {
      const now = Object.fromEntries(address.map((each, index) => [addressParts[index][0], each.control.value.trim()]));
      const before = Object.fromEntries(addressParts.map(([part]) => [part, customer.address?.[part] ?? ""]));
      const { customer: changed } = await send("CustomerService/UpdateCustomer", {
        customer_id: view.id,
        ...only("name", name.control.value.trim(), customer.name),
        ...only("email", email.control.value.trim(), customer.email),
        ...only("time_zone", timeZone.control.value.trim(), customer.time_zone),
        ...(tax ? only("tax_rate_id", tax.control.value, customer.tax_rate_id) : {}),
        ...(JSON.stringify(now) === JSON.stringify(before) ? {} : { address: now }),
        ...metadata.changes(),
      });
      view.show(changed);
      toast("Saved");
    },
  });
}

// Only what was changed is sent: what somebody else has changed meanwhile stays.
const only = (field_, now, before) => (now === before ? {} : { [field_]: now });

function metadataEditor(before) {
  const rows = h("div", { class: "stack-s" });
  const add = (key = "", value = "") => {
    const one = h("input", { class: "input", value: key, "aria-label": "Key", placeholder: "Key", maxlength: "40" });
    const other = h("input", { class: "input", value, "aria-label": "Value", placeholder: "Value", maxlength: "500" });
    const row = h(
      "div",
      { class: "metadata-row" },
      one,
      other,
      button("Take out", { iconOnly: true, icon: "trash", small: true, quiet: true, onClick: () => row.remove() }),
    );
    row.read = () => [one.value.trim(), other.value];
    rows.append(row);
    return one;
  };
  for (const [key, value] of Object.entries(before).sort(([one], [other]) => one.localeCompare(other))) add(key, value);
  return {
    element: h(
      "div",
      { class: "stack-s" },
      rows,
      h("div", null, button("Add", { small: true, icon: "plus", onClick: () => add().focus() })),
    ),
    changes() {
      const now = new Map([...rows.children].map((row) => row.read()).filter(([key]) => key));
      const changed = [...now].filter(([key, value]) => before[key] !== value),
        gone = Object.keys(before).filter((key) => !now.has(key));
      return {
        ...(changed.length ? { metadata: Object.fromEntries(changed) } : {}),
        ...(gone.length ? { remove_metadata_keys: gone } : {}),
      };
    },
  };
}

export function eraseCustomer(view) {
  return gone(view, {
    title: "Erase personal data?",
    confirm: "Erase",
    method: "CustomerService/EraseCustomer",
    text:
      "The name, email, address, metadata and the properties of usage events are destroyed, in every copy, for good. Balances, plans, invoices and the id stay.",
    after: () => view.refresh(),
    done: "Erased",
  });
}

export function deleteCustomer(view) {
  return gone(view, {
    title: "Delete the customer?",
    confirm: "Delete",
    method: "CustomerService/DeleteCustomer",
    text:
      "From then on there is none of this id: personal data is destroyed, subscriptions end unbilled, an open payment page is closed. There is no way back.",
    after: () => view.context.navigate(view.context.link("customers")),
    done: "Deleted",
  });
}

// What can't be undone is typed, in sandboxes too.
async function gone(view, { title, confirm, method, text, after, done }) {
  const send = intent();
  let reply;
  const sure = await ask({
    title,
    text,
    confirm,
    danger: true,
    type: view.id,
    run: async () => {
      if (!(await confirmed(view.context, `${title} This is a real customer.`, confirm))) {
        throw new Error("Nothing was done.");
      }
      reply = await send(method, { customer_id: view.id });
    },
  });
  if (!sure) return;
  toast(
    reply.state === "running" ? `${done}; ${count(reply.day_files_left, "file")} of usage left to be rewritten` : done,
  );
  await after();
}
