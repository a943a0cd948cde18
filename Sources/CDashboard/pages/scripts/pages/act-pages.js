// Pages for the customer: where a card is asked for, and where they see to their own plans.

import { call } from "../api.js";
import { offered } from "../archived.js";
import { button, copyable, dialog, field, h, toast } from "../elements.js";
import { dateTime } from "../format.js";
import { actionDialog, confirmed } from "../acting.js";
import { options } from "../known.js";

// Payment pages that wait for a customer, as long as this tab is open: the API shows an address only once.
const waiting = new Map();
export const keepPage = (id, page) => waiting.set(id, { ...page, made: Date.now() });
export const dropPage = (id) => waiting.delete(id);
export function waitingPage(view) {
  const page = waiting.get(view.id);
  // It was paid, or something else has taken its place.
  if (page?.subscriptions !== undefined && view.customer.subscriptions.length > page.subscriptions) {
    waiting.delete(view.id);
  }
  return waiting.get(view.id);
}

// An address to be opened or handed on. Only what the web has is opened.
export function linkPanel(url, text) {
  return h(
    "div",
    { class: "stack" },
    text && h("p", null, text),
    copyable(url),
    /^https?:\/\//i.test(url) &&
      h(
        "div",
        { class: "row" },
        button("Open the page", {
          primary: true,
          icon: "external",
          href: url,
          target: "_blank",
          rel: "noopener noreferrer",
        }),
      ),
  );
}

export function linkDialog({ title, url, text, onClose }) {
  return dialog({
    title,
    body: linkPanel(url, text),
    actions: (close) => [button("Done", { onClick: () => close() })],
    onClose,
  });
}

export async function openPortal(view) {
  if (
    !(await confirmed(
      view.context,
      "Whoever has the address can cancel, pay and change the card of a real customer.",
      "Make an address",
    ))
  ) return;
  try {
    const { url, expire_time: until } = await call("AttachService/OpenCustomerPortal", { customer_id: view.id });
    linkDialog({
      title: "Customer portal",
      url,
      text:
        `The customer’s own pages: plans, invoices, card. Whoever has this address may do all of that; it works until ${
          dateTime(until)
        }.`,
    });
  } catch (error) {
    toast(error.message, { tone: "wrong" });
  }
}

export function setupPayment(view) {
  const plans = offered(view.catalog.plans).filter((plan) =>
    !view.customer.subscriptions.some((each) => each.plan_id === plan.plan_id && each.status !== "ended") || plan.add_on
  );
  const plan = field({
    label: "Then attach",
    optional: true,
    path: "plan_id",
    type: "select",
    options: options(plans, "plan_id", "Nothing"),
  });
  actionDialog(view.context, {
    title: "Ask for a card",
    submit: "Make the page",
    live: "A page for a real customer’s card is opened.",
    fields: [h("p", null, "A page on which the customer puts a card on file; it is charged nothing."), plan],
    run: async (send) => {
      const reply = await send("AttachService/SetupPayment", { customer_id: view.id, plan_id: plan.control.value });
      if (!reply.url) throw new Error("The page isn’t open yet. Press again in a moment.");
      setTimeout(() =>
        linkDialog({
          title: "Ask for a card",
          url: reply.url,
          text: "Send the customer there.",
          onClose: () => view.refresh(),
        })
      );
    },
  });
}
