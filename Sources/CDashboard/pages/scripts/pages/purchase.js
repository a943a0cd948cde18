// A change of plans, with what it costs shown first: the preview is made from the same decision as the change
// itself, and its quote is kept, so that what was shown is what is charged.

import { call } from "../api.js";
import { button, checkRequired, clearErrors, dialog, h, notice, replace, showViolations, toast } from "../elements.js";
import { date, dateTime, money, quantity } from "../format.js";
import { confirmed, intent, renamed } from "../acting.js";
import { attachOutcome } from "../words.js";
import { keepPage, linkPanel } from "./act-pages.js";
import { linesTable, totals } from "./invoice-view.js";

// `request()`: what is asked for, as the change's own method takes it; `preview`: [method, the field it goes into].
export function purchaseDialog(view, { title, fields, request, preview, method, confirm, danger }) {
  const send = intent();
  const shown = h("div", { class: "purchase-preview", "aria-live": "polite" });
  const problem = h("div", null);
  const form = h("form", { class: "form purchase-form", novalidate: true }, fields);
  const go = button(confirm, { primary: !danger, danger, solid: danger, disabled: true, onClick: () => apply() });
  let quote, current, timer, about, looked;

  async function look() {
    clearTimeout(timer);
    current?.abort();
    const { signal } = (current = new AbortController());
    const asked = request();
    looked = JSON.stringify(asked ?? null);
    go.disabled = true;
    go.querySelector("span:last-child").textContent = confirm;
    quote = undefined;
    clearErrors(form);
    problem.replaceChildren();
    if (!asked) {
      return replace(
        shown,
        h("p", { class: "soft" }, "Choose a plan: what it costs is shown here before anything is charged."),
      );
    }
    shown.classList.add("is-old");
    try {
      const reply = await call(`AttachService/${preview[0]}`, { [preview[1]]: asked }, { signal });
      quote = reply.preview;
      about = asked;
      replace(shown, previewView(quote, view));
      go.querySelector("span:last-child").textContent = label(quote, confirm, asked);
      go.disabled = false;
    } catch (error) {
      if (error.name === "AbortError") return;
      fail(error);
      replace(shown, h("p", { class: "soft" }, "There is nothing to be shown yet."));
    } finally {
      if (!signal.aborted) shown.classList.remove("is-old");
    }
  }
  // A field that is left says that it was changed once more: what is asked about already stays, and the
  // button with it, which the very click may be on.
  const later = (delay) => {
    const text = JSON.stringify(request() ?? null);
    if (text === looked) return;
    looked = undefined;
    go.disabled = true;
    clearTimeout(timer);
    timer = setTimeout(look, delay);
  };
  form.addEventListener("input", () => later(350));
  form.addEventListener("change", () => later(50));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!go.disabled) go.click();
    else look();
  });

  function fail(error) {
    const rest = showViolations(form, renamed(error, (path) => path.replace(/^(attach|update)\./, "")));
    replace(problem, rest && notice(rest, "wrong"));
  }

  async function apply() {
    if (!quote || !checkRequired(form)) return;
    const cost = quote.invoice?.amount_due.minor_units > 0
      ? `${money(quote.invoice.amount_due)} is charged or asked for.`
      : "Nothing is charged now.";
    if (!(await confirmed(view.context, `${title} for a real customer. ${cost}`, confirm))) return;
    problem.replaceChildren();
    try {
      const reply = await send(`AttachService/${method}`, { ...about, quote_time: quote.quote_time }, { about });
      await outcome(reply);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.reason === "QUOTE_EXPIRED") {
        await look();
        return void replace(
          problem,
          notice("The prices were computed anew, as the moment they were for is over. Look at them once more.", "warn"),
        );
      }
      fail(error);
    }
  }

  async function outcome(reply) {
    if (reply.outcome === "declined") {
      return void replace(
        problem,
        notice(`The payment was declined (${reply.decline_code || "no reason given"}). Nothing has changed.`, "wrong"),
      );
    }
    await view.refresh();
    if (!reply.payment_url) {
      box.close();
      const name = reply.subscription && view.catalog.planName(reply.subscription.plan_id);
      return toast(
        { scheduled: `${name ?? "The plan"} starts later`, processing: "The payment is under way" }[reply.outcome] ??
          (reply.invoice?.amount_due.minor_units > 0 && reply.invoice.status === "paid"
            ? `Done: ${money(reply.invoice.amount_due)} charged`
            : "Done"),
      );
    }
    // It waits for the customer: the address is to be opened, or sent to them.
    if (reply.outcome === "payment_required") {
      keepPage(view.id, { url: reply.payment_url, what: title, subscriptions: view.customer.subscriptions.length });
      view.show(view.customer);
    }
    const text = reply.outcome === "payment_required"
      ? "The customer has to pay first. The plan starts when they have."
      : "It is in use, and paid by invoice. This is the invoice’s page.";
    replace(box.element.querySelector(".dialog-body"), linkPanel(reply.payment_url, text));
    replace(box.element.querySelector(".dialog-foot"), button("Done", { primary: true, onClick: () => box.close() }));
    box.element.querySelector(".dialog-body a.button")?.focus();
  }

  const box = dialog({
    title,
    wide: true,
    body: h(
      "div",
      { class: "purchase" },
      h("div", { class: "stack" }, form, problem),
      h("div", { class: "stack-s" }, h("h3", null, "What it does"), shown),
    ),
    actions: (close) => [button("Close", { onClick: () => close() }), go],
    onClose: () => {
      clearTimeout(timer);
      current?.abort();
      view.refresh().catch(() => {});
    },
  });
  look();
  return box;
}

function label(quote, confirm, asked) {
  if (asked.invoice_mode && quote.invoice) return `${confirm}, invoice of ${money(quote.invoice.amount_due)}`;
  if (quote.outcome === "payment_required") return quote.invoice ? `${confirm}: make the payment page` : confirm;
  if (quote.invoice && quote.invoice.amount_due.minor_units > 0) {
    return `${confirm} and charge ${money(quote.invoice.amount_due)}`;
  }
  return confirm;
}

export function previewView(preview, view) {
  const { catalog } = view;
  // What goes before it has come was only planned.
  const planned = (each) =>
    view.customer.subscriptions.some((one) =>
      one.plan_id === each.plan_id && one.status === "scheduled" &&
      new Date(one.start_time) > new Date(each.effective_time)
    );
  const change = (each, word) =>
    word === "out" && planned(each)
      ? h(
        "li",
        null,
        h("span", { class: "change-out" }, "−"),
        " ",
        h("strong", null, catalog.planName(each.plan_id)),
        " is no longer planned",
      )
      : h(
        "li",
        null,
        h("span", { class: `change-${word}` }, word === "in" ? "+" : "−"),
        " ",
        h("strong", null, catalog.planName(each.plan_id)),
        ` ${word === "in" ? "from" : "until"} ${dateTime(each.effective_time)}`,
        each.quantities.map((one) => `, ${quantity(one.quantity)} ${catalog.featureName(one.feature_id)}`),
        each.trial_end_time && `, trial until ${date(each.trial_end_time)}`,
      );
  return h(
    "div",
    { class: "stack" },
    h("p", null, h("strong", null, attachOutcome(preview.outcome))),
    h(
      "ul",
      { class: "stack-s" },
      preview.incoming.map((each) => change(each, "in")),
      preview.outgoing.map((each) => change(each, "out")),
    ),
    preview.invoice
      ? h(
        "section",
        { class: "preview-invoice" },
        h("h4", null, "Charged now"),
        linesTable(preview.invoice, catalog),
        totals(preview.invoice),
      )
      : h("p", { class: "soft" }, "Nothing is charged now."),
    preview.refund && h("p", null, h("strong", null, money(preview.refund)), " goes back to the card."),
    preview.next_invoice &&
      h(
        "details",
        { class: "more" },
        h("summary", null, `Next invoice: ${money(preview.next_invoice.total)}, ${date(preview.next_invoice_time)}`),
        h("div", { class: "preview-invoice" }, linesTable(preview.next_invoice, catalog), totals(preview.next_invoice)),
      ),
  );
}
