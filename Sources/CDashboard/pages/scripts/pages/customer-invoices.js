// A customer's invoices, each to be opened, and what can be done about each; and those of other systems.

import { badge, button, card, emptyState, h } from "../elements.js";
import { date, money } from "../format.js";
import { part } from "../part.js";
import { invoiceStatus, invoiceTone, processorName } from "../words.js";
import { finalizeInvoice, markPaid, refundDialog, voidInvoice } from "./act-invoice.js";
import { invoiceBadge, linesTable, printButton, totals } from "./invoice-view.js";

export function invoicesCard(view) {
  return part(() => [view.customer.invoices, view.customer.external_invoices], () => {
    const { invoices, external_invoices: others } = view.customer;
    return card(
      { title: "Invoices", flush: true },
      invoices.length ? h("div", { class: "invoice-list" }, invoices.map((each) => invoiceRow(view, each))) : h(
        "div",
        { class: "pad" },
        emptyState({
          title: "No invoices yet",
          text: "The first one is made when something is paid for.",
          icon: "receipt",
        }),
      ),
      invoices.length >= 12 && h("p", { class: "soft small pad" }, "The latest twelve are shown."),
      others.length > 0 &&
        h(
          "details",
          { class: "more pad", "data-key": "others" },
          h("summary", null, `Billed by other systems (${others.length})`),
          h("ul", { class: "line-list" }, others.map((each) => externalRow(view, each))),
        ),
    );
  });
}

function invoiceRow(view, invoice) {
  return h(
    "details",
    { class: "invoice", "data-key": invoice.invoice_id },
    h(
      "summary",
      { "data-focus": invoice.invoice_id },
      h(
        "span",
        { class: "grow" },
        h("strong", { class: "mono" }, invoice.invoice_id),
        h("span", { class: "soft small block" }, date(invoice.create_time), note(view, invoice)),
      ),
      marks(invoice),
      h("strong", { class: "nowrap" }, money(invoice.total)),
    ),
    h(
      "div",
      { class: "invoice-body stack" },
      linesTable(invoice, view.catalog),
      totals(invoice),
      h("div", { class: "row row-end" }, actions(view, invoice)),
    ),
  );
}

function note(view, invoice) {
  if (invoice.status === "open" && invoice.next_attempt_time) {
    return [" · tried again ", view.time(invoice.next_attempt_time)];
  }
  if (invoice.status === "open" && invoice.due_time) return [" · due ", view.time(invoice.due_time)];
  return null;
}

function marks(invoice) {
  const some = (value) => value && value.minor_units !== 0;
  return h(
    "span",
    { class: "row" },
    some(invoice.amount_refunded) && badge(
      invoice.amount_refunded.minor_units >= invoice.total.minor_units ? "Refunded" : "Partly refunded",
      "accent",
    ),
    some(invoice.amount_disputed) && badge("Disputed", "wrong"),
    invoiceBadge(invoice),
  );
}

function actions(view, invoice) {
  const buys = view.can("attach:write"), sent = Boolean(invoice.due_time) || invoice.status === "draft";
  const left = invoice.amount_due.minor_units - (invoice.amount_refunded?.minor_units ?? 0);
  return [
    invoice.url &&
    button("Open its page", { small: true, icon: "external", href: invoice.url, target: "_blank", rel: "noopener" }),
    printButton(invoice, view.customer, view.catalog),
    buys && invoice.status === "draft" &&
    button("Finalize and send", { small: true, onClick: () => finalizeInvoice(view, invoice) }),
    buys && invoice.status === "open" && sent &&
    button("Mark as paid", { small: true, onClick: () => markPaid(view, invoice) }),
    buys && (invoice.status === "open" || invoice.status === "draft") && sent &&
    button("Void", { small: true, danger: true, onClick: () => voidInvoice(view, invoice) }),
    buys && invoice.status === "paid" && left > 0 &&
    button("Refund", { small: true, onClick: () => refundDialog(view, invoice) }),
  ];
}

function externalRow(view, invoice) {
  const mark = badge("x", invoiceTone(invoice.status));
  mark.textContent = invoiceStatus(invoice.status);
  return h(
    "li",
    null,
    h(
      "div",
      { class: "row row-between" },
      h(
        "span",
        { class: "grow" },
        safeLink(invoice.url, invoice.external_id),
        h(
          "span",
          { class: "soft small block" },
          `${processorName(invoice.processor)} · ${date(invoice.create_time)}`,
          invoice.plan_ids.length > 0 && ` · ${invoice.plan_ids.map(view.catalog.planName).join(", ")}`,
        ),
      ),
      mark,
      h("strong", null, money(invoice.total)),
    ),
    (invoice.amount_paid || invoice.amount_refunded) &&
      h(
        "p",
        { class: "soft small" },
        invoice.amount_paid && `${money(invoice.amount_paid)} paid`,
        invoice.amount_refunded && `, ${money(invoice.amount_refunded)} given back`,
      ),
  );
}

// Others said the address: only what the web has is a link.
function safeLink(url, text) {
  return /^https?:\/\//i.test(url)
    ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text)
    : h("span", { class: "mono" }, text);
}
