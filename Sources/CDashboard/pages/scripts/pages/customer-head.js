// The head of a customer's page: who it is, and what can be done.

import { button, h, menu, pageHead, toast } from "../elements.js";
import { dateTime, duration } from "../format.js";
import { part } from "../part.js";
import { attachDialog } from "./act-attach.js";
import { advanceClock } from "./act-clock.js";
import { deleteCustomer, editCustomer, eraseCustomer } from "./act-customer.js";
import { grantBalance } from "./act-balance.js";
import { openPortal, setupPayment } from "./act-pages.js";
import { applyDiscount, redeemCode } from "./act-rewards.js";

export function customerHead(view) {
  const { context } = view;
  return part(() => [view.customer.name, view.customer.customer_id, Math.round(view.ahead / 3600e3)], () => {
    const { customer } = view;
    return h(
      "div",
      { class: "stack" },
      pageHead(customer.name || customer.customer_id, {
        crumbs: [{ label: "Customers", href: context.link("customers") }],
        lead: h(
          "span",
          { class: "row" },
          h("code", null, customer.customer_id),
          button("Copy id", {
            small: true,
            quiet: true,
            iconOnly: true,
            icon: "copy",
            onClick: async () => {
              await navigator.clipboard.writeText(customer.customer_id);
              toast("Id copied");
            },
          }),
        ),
        actions: actions(view),
      }),
      view.ahead > 0 &&
        h(
          "p",
          { class: "clock-note" },
          h(
            "span",
            null,
            `This customer’s clock is ${duration(view.ahead / 1000)} ahead: it is `,
            h("strong", null, dateTime(view.now())),
            ".",
          ),
        ),
    );
  });
}

function actions(view) {
  const { context } = view;
  const buys = view.can("attach:write"), changes = view.can("customers:write");
  const items = [
    changes && { label: "Edit details", icon: "edit", onClick: () => editCustomer(view) },
    changes && { label: "Grant a balance", icon: "plus", onClick: () => grantBalance(view) },
    buys && { label: "Apply a discount", icon: "gift", onClick: () => applyDiscount(view) },
    buys && { label: "Redeem a code", icon: "gift", onClick: () => redeemCode(view) },
    (buys || changes) && "-",
    buys && { label: "Open the customer portal", icon: "external", onClick: () => openPortal(view) },
    buys && { label: "Ask for a card", icon: "card", onClick: () => setupPayment(view) },
    context.environment === "sandbox" && changes &&
    { label: "Advance the test clock", icon: "clock", onClick: () => advanceClock(view) },
    view.can("entitlement:read") &&
    {
      label: "Explain a check",
      icon: "explain",
      href: `${context.link("explain")}?customer=${encodeURIComponent(view.id)}`,
    },
    view.can("customers:erase") && "-",
    view.can("customers:erase") &&
    { label: "Erase personal data", icon: "shield", danger: true, onClick: () => eraseCustomer(view) },
    view.can("customers:erase") &&
    { label: "Delete the customer", icon: "trash", danger: true, onClick: () => deleteCustomer(view) },
  ];
  return [
    items.some(Boolean) && menu(button("Actions", { icon: "more", "data-focus": "actions" }), items),
    buys &&
    button("Attach a plan", {
      primary: true,
      icon: "plus",
      "data-focus": "attach",
      onClick: () => void attachDialog(view, {}),
    }),
  ];
}
