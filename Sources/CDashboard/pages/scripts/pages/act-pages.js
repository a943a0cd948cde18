// Pages for the customer: where a card is asked for, and where they see to their own plans.

import { call } from "../api.js";
import { copyable, dialog, field, button, h, toast } from "../elements.js";
import { dateTime } from "../format.js";
import { actionDialog, confirmed } from "../acting.js";
import { options } from "../known.js";

// An address to be opened or handed on. Only what the web has is opened.
export function linkPanel(url, text) {
  return h("div", { class: "stack" }, text && h("p", null, text), copyable(url),
    /^https?:\/\//i.test(url) && h("div", { class: "row" }, button("Open the page", { primary: true, icon: "external", href: url, target: "_blank", rel: "noopener noreferrer" })));
}

export function linkDialog({ title, url, text, onClose }) {
  return dialog({ title, body: linkPanel(url, text), actions: (close) => [button("Done", { onClick: () => close() })], onClose });
}

export async function openPortal(view) {
  if (!(await confirmed(view.context, "Whoever has the address can cancel, pay and change the card of a real customer.", "Make an address"))) return;
  try {
    const { url, expire_time: until } = await call("AttachService/OpenCustomerPortal", { customer_id: view.id });
    linkDialog({ title: "Customer portal", url, text: `The customer’s own pages: plans, invoices, card. Whoever has this address may do all of that; it works until ${dateTime(until)}.` });
  } catch (error) {
    toast(error.message, { tone: "wrong" });
  }
}

export function setupPayment(view) {
  const plans = view.catalog.plans.filter((plan) => !view.customer.subscriptions.some((each) => each.plan_id === plan.plan_id && each.status !== "ended") || plan.add_on);
  const plan = field({ label: "Then attach", optional: true, path: "plan_id", type: "select", options: options(plans, "plan_id", "Nothing") });
  actionDialog(view.context, {
    title: "Ask for a card", submit: "Make the page", live: "A page for a real customer’s card is opened.",
    fields: [h("p", null, "A page on which the customer puts a card on file; it is charged nothing."), plan],
    run: async (send) => {
      const reply = await send("AttachService/SetupPayment", { customer_id: view.id, plan_id: plan.control.value });
      if (!reply.url) throw new Error("The page isn’t open yet. Press again in a moment.");
      setTimeout(() => linkDialog({ title: "Ask for a card", url: reply.url, text: "Send the customer there.", onClose: () => view.refresh() }));
    },
  });
}
