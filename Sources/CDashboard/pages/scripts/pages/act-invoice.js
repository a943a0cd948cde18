// What is done about an invoice: money sent back, a draft sent, paid elsewhere, taken back.

import { ask, field, h, toast } from "../elements.js";
import { majorUnits, money } from "../format.js";
import { actionDialog, confirmed, intent } from "../acting.js";
import { minorUnits } from "../money-input.js";

export function refundDialog(view, invoice) {
  const { currency } = invoice.total;
  const left = { currency, minor_units: invoice.amount_due.minor_units - (invoice.amount_refunded?.minor_units ?? 0) };
  const amount = field({
    label: "Amount",
    path: "amount",
    type: "number",
    required: true,
    value: majorUnits(left.minor_units, currency),
    suffix: currency.toUpperCase(),
    hint: `At most ${money(left)}; less where something of it became credit since.`,
  });
  actionDialog(view.context, {
    title: `Refund ${invoice.invoice_id}`,
    submit: "Refund",
    danger: true,
    live: "Real money goes back to a real card.",
    fields: [h("p", null, "It goes back to the card that paid. What the card can’t take becomes credit."), amount],
    run: async (send) => {
      const minor = minorUnits(amount.control.value, currency);
      if (minor === undefined) {
        amount.setError(`That is no amount of ${currency.toUpperCase()}.`);
        amount.control.focus();
        return false;
      }
      // All that is left is asked for without an amount: the server knows best how much that is by now.
      const { refund } = await send("AttachService/RefundInvoice", {
        customer_id: view.id,
        invoice_id: invoice.invoice_id,
        ...(minor === left.minor_units ? {} : { amount: { currency, minor_units: minor } }),
      });
      toast(`${money(refund.amount)} goes back`);
      await view.refresh();
      // Its outcome comes a moment later.
      setTimeout(() => !view.context.signal.aborted && view.refresh().catch(() => {}), 1500);
    },
  });
}

export const finalizeInvoice = (view, invoice) =>
  change(view, invoice, {
    method: "FinalizeInvoice",
    title: "Finalize and send it?",
    confirm: "Send",
    done: "Sent",
    text: "It is open from then on, and due as many days later as it was made for.",
  });
export const markPaid = (view, invoice) =>
  change(view, invoice, {
    method: "MarkInvoicePaid",
    title: "Mark it as paid?",
    confirm: "Mark as paid",
    done: "Marked as paid",
    text:
      "It was paid where no card is involved, as by bank transfer. What waited for it is carried out. It can’t be refunded to a card.",
  });
export const voidInvoice = (view, invoice) =>
  change(view, invoice, {
    method: "VoidInvoice",
    title: "Take it back?",
    confirm: "Void",
    done: "Voided",
    danger: true,
    text:
      "What waited for it is never carried out; a plan that it gave at once goes the way of one whose renewal stays unpaid.",
  });

async function change(view, invoice, { method, title, text, confirm, danger, done }) {
  const send = intent();
  const sure = await ask({
    title,
    confirm,
    danger,
    text: `${invoice.invoice_id}, ${money(invoice.total)}. ${text}`,
    run: async () => {
      if (!(await confirmed(view.context, `An invoice of a real customer: ${money(invoice.total)}.`, confirm))) {
        throw new Error("Nothing was done.");
      }
      await send(`AttachService/${method}`, { customer_id: view.id, invoice_id: invoice.invoice_id });
    },
  });
  if (!sure) return;
  toast(done);
  await view.refresh();
}
