// What is known of a customer: who it is, where it is billed, what it pays with, and notes of one's own.

import { button, card, facts, h } from "../elements.js";
import { money } from "../format.js";
import { part } from "../part.js";
import { plainly } from "../words.js";
import { editCustomer } from "./act-customer.js";
import { taxText } from "./customer-plans.js";

export function detailsCard(view) {
  const slice = () => {
    const { balances, subscriptions, invoices, holds, ...rest } = view.customer;
    return rest;
  };
  return part(slice, () => {
    const { customer } = view;
    const method = customer.payment_method;
    const metadata = Object.entries(customer.metadata).sort(([one], [other]) => one.localeCompare(other));
    const edit = view.can("customers:write") &&
      button("Edit", { small: true, icon: "edit", onClick: () => editCustomer(view) });
    return card(
      { title: "Details", actions: [edit] },
      h(
        "div",
        { class: "stack" },
        facts([
          ["Name", customer.name || null],
          ["Email", customer.email ? h("a", { href: `mailto:${customer.email}` }, customer.email) : null],
          ["Created", view.time(customer.create_time, { full: true })],
          [
            "Payment method",
            method
              ? h(
                "span",
                null,
                `${plainly(method.brand)} ···· ${method.last4}`,
                method.expiry_year > 0 &&
                  h(
                    "span",
                    { class: "soft" },
                    ` ${String(method.expiry_month).padStart(2, "0")}/${method.expiry_year}`,
                  ),
              )
              : "None on file",
          ],
          ["Credit", customer.credit_balance ? creditText(customer.credit_balance) : "None"],
          ["Time zone", customer.time_zone || "UTC"],
          ["Currency", (customer.currency || view.catalog.currency).toUpperCase()],
          (customer.tax_rate_id || customer.found_tax) && ["Tax", taxOf(view, customer)],
          customer.address && ["Address", addressView(customer.address)],
          customer.has_fingerprint && ["Fingerprint", "Known"],
        ], "facts details-facts"),
        metadata.length > 0 &&
          h(
            "details",
            { class: "more", "data-key": "metadata", open: metadata.length <= 6 },
            h("summary", null, `Metadata (${metadata.length})`),
            facts(metadata.map(([key, value]) => [h("code", null, key), value]), "pairs metadata"),
          ),
      ),
    );
  });
}

// Below zero it is what was too little to be charged, and comes on top.
function creditText(credit) {
  if (credit.minor_units >= 0) return money(credit);
  return h("span", null, money(credit), h("span", { class: "soft small block" }, "comes on top of the next invoice"));
}

function taxOf(view, customer) {
  if (customer.tax_rate_id) return taxText(view, customer.tax_rate_id);
  const found = customer.found_tax;
  if (found.status === "due") return `${found.name} ${found.percentage} % (${found.jurisdiction})`;
  return {
    none: "None is due",
    address_insufficient: "The address says too little",
    failed: "Couldn’t be found out",
  }[found.status] ?? plainly(found.status);
}

export function addressView(address) {
  const lines = [
    address.line1,
    address.line2,
    [address.postal_code, address.city].filter(Boolean).join(" "),
    address.state,
    countryName(address.country),
  ];
  return h("address", null, lines.filter(Boolean).map((line) => h("span", { class: "block" }, line)));
}

function countryName(code) {
  try {
    return new Intl.DisplayNames(undefined, { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
