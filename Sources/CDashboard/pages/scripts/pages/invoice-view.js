// Invoices as documents: lines, discounts, tax, and how the total comes about. Also of previews, which are
// invoices that don't exist yet.

import { badge, button, facts, h, table } from "../elements.js";
import { date, dateTime, money, quantity } from "../format.js";
import { invoiceStatus, invoiceTone } from "../words.js";

export function invoiceBadge(invoice) {
  const mark = badge("x", invoiceTone(invoice.status));
  mark.textContent = invoiceStatus(invoice.status);
  return mark;
}

const period = (line) =>
  line.period_start_time && line.period_end_time && `${date(line.period_start_time)} – ${date(line.period_end_time)}`;

export function linesTable(invoice, catalog) {
  return table({
    caption: "Lines",
    rows: invoice.lines,
    columns: [
      {
        label: "For",
        cell: (line) =>
          h(
            "span",
            null,
            line.description,
            period(line) && h("span", { class: "soft small block" }, period(line)),
            line.discounts.map((each) =>
              h(
                "span",
                { class: "soft small block" },
                `${catalog.coupon(each.coupon_id)?.name || each.coupon_id}: −${money(each.amount)}`,
              )
            ),
            line.tax &&
              h(
                "span",
                { class: "soft small block" },
                `${line.tax.name} ${line.tax.percentage} %${line.tax.inclusive ? " included" : ""}: ${
                  money(line.tax.amount)
                }`,
              ),
          ),
      },
      { label: "Quantity", numeric: true, cell: (line) => (line.quantity ? quantity(line.quantity) : "") },
      {
        label: "Amount",
        numeric: true,
        cell: (line) =>
          h(
            "span",
            null,
            line.discounts.length > 0 && line.subtotal && h("s", { class: "soft small" }, money(line.subtotal), " "),
            money(line.amount),
          ),
      },
    ],
  });
}

export function totals(invoice) {
  const zero = (value) => !value || value.minor_units === 0;
  const excluded = invoice.taxes.filter((each) => !each.inclusive),
    included = invoice.taxes.filter((each) => each.inclusive);
  const rate = (
    each,
    word,
  ) => [
    `${each.name} ${each.percentage} %${each.jurisdiction ? ` (${each.jurisdiction})` : ""}${word}`,
    money(each.amount),
  ];
  return facts([
    invoice.subtotal && ["Without tax", money(invoice.subtotal)],
    ...excluded.map((each) => rate(each, "")),
    ...included.map((each) => rate(each, ", included")),
    ["Total", h("strong", null, money(invoice.total))],
    !zero(invoice.credit_applied) &&
    [
      invoice.credit_applied.minor_units > 0 ? "Paid by credit" : "Left from before",
      money({ ...invoice.credit_applied, minor_units: -invoice.credit_applied.minor_units }),
    ],
    [
      invoice.status === "paid" ? "Charged" : invoice.total.minor_units < 0 ? "Becomes credit" : "Due",
      h(
        "strong",
        null,
        money(
          invoice.total.minor_units < 0
            ? { ...invoice.total, minor_units: -invoice.total.minor_units }
            : invoice.amount_due,
        ),
      ),
    ],
    !zero(invoice.amount_refunded) && ["Refunded", money(invoice.amount_refunded)],
    !zero(invoice.amount_disputed) && ["Disputed", money(invoice.amount_disputed)],
  ], "pairs invoice-totals");
}

// The invoice alone on a sheet of paper. It stands in the page only while it is printed.
export function printInvoice(invoice, customer, catalog) {
  const sheet = h(
    "section",
    { class: "sheet" },
    h("h1", null, `Invoice ${invoice.invoice_id}`),
    h(
      "p",
      null,
      `${invoiceStatus(invoice.status)} · ${dateTime(invoice.create_time)}`,
      invoice.due_time && ` · due ${date(invoice.due_time)}`,
    ),
    h(
      "p",
      null,
      h("strong", null, customer.name || customer.customer_id),
      customer.email && h("span", { class: "block" }, customer.email),
      customer.address &&
        [
          customer.address.line1,
          customer.address.line2,
          [customer.address.postal_code, customer.address.city].filter(Boolean).join(" "),
          customer.address.state,
          customer.address.country,
        ]
          .filter(Boolean).map((line) => h("span", { class: "block" }, line)),
    ),
    linesTable(invoice, catalog),
    totals(invoice),
  );
  document.body.append(sheet);
  document.body.classList.add("printing");
  const clean = () => {
    sheet.remove();
    document.body.classList.remove("printing");
  };
  addEventListener("afterprint", clean, { once: true });
  print();
}

export const printButton = (invoice, customer, catalog) =>
  button("Print", { small: true, icon: "receipt", onClick: () => printInvoice(invoice, customer, catalog) });
