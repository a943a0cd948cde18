// Money that went back, or that a cardholder's bank wants back.

import { badge, card, h } from "../elements.js";
import { money } from "../format.js";
import { part } from "../part.js";
import { outcomeTone, plainly, refundReason } from "../words.js";

export function paymentsCard(view) {
  return part(() => [view.customer.refunds, view.customer.disputes], () => {
    const { refunds, disputes } = view.customer;
    if (!refunds.length && !disputes.length) return null;
    return card(
      { title: "Refunds and disputes" },
      h(
        "ul",
        { class: "line-list" },
        disputes.map((each) =>
          line(view, {
            title: "Dispute",
            what: each.dispute_id,
            status: each.status,
            amount: each.amount,
            time: each.create_time,
            invoice: each.invoice_id,
          })
        ),
        refunds.map((each) =>
          line(view, {
            title: `Refund: ${refundReason(each.reason).toLowerCase()}`,
            what: each.refund_id,
            status: each.status,
            amount: each.amount,
            time: each.create_time,
            invoice: each.invoice_id,
            more: [
              each.tax_amount?.minor_units ? `${money(each.tax_amount)} of it tax` : null,
              each.failure_code && `${plainly(each.failure_code)}: it became credit`,
            ],
          })
        ),
      ),
    );
  });
}

function line(view, { title, what, status, amount, time, invoice, more = [] }) {
  return h(
    "li",
    null,
    h(
      "div",
      { class: "row row-between" },
      h(
        "span",
        { class: "grow" },
        h("strong", null, title),
        h(
          "span",
          { class: "soft small block break" },
          invoice && [h("code", null, invoice), " · "],
          view.time(time),
          more.filter(Boolean).map((each) => ` · ${each}`),
          " · ",
          h("code", null, what),
        ),
      ),
      badge(status, outcomeTone(status)),
      h("strong", { class: "nowrap" }, money(amount)),
    ),
  );
}
