// Open holds: reservations that nobody has settled yet.

import { ask, button, card, h, toast } from "../elements.js";
import { quantity } from "../format.js";
import { confirmed, intent } from "../acting.js";
import { part } from "../part.js";

export function holdsCard(view) {
  return part(() => view.customer.holds, () => {
    const { holds } = view.customer;
    return holds.length > 0 &&
      card(
        { title: `Holds (${holds.length})` },
        h(
          "ul",
          { class: "line-list" },
          holds.slice(0, 50).map((hold) =>
            h(
              "li",
              null,
              h(
                "div",
                { class: "row row-between" },
                h(
                  "span",
                  { class: "grow" },
                  h("strong", null, `${quantity(hold.value)} ${view.catalog.featureName(hold.feature_id)}`),
                  h(
                    "span",
                    { class: "soft small block" },
                    h("code", null, hold.hold_id),
                    hold.entity_id && [" of ", h("code", null, hold.entity_id)],
                    " · expires ",
                    view.time(hold.expire_time),
                  ),
                ),
                view.can("usage:write") &&
                  button("Release", {
                    small: true,
                    "aria-label": `Release hold ${hold.hold_id}`,
                    onClick: () => release(view, hold),
                  }),
              ),
            )
          ),
        ),
      );
  });
}

async function release(view, hold) {
  const send = intent();
  const sure = await ask({
    title: "Release the hold?",
    confirm: "Release",
    text: `Everything that ${hold.hold_id} holds is given back, as if none of it were used.`,
    run: async () => {
      if (!(await confirmed(view.context, "A hold of a real customer is given back.", "Release"))) return;
      await send("EntitlementService/SettleHold", { customer_id: view.id, hold_id: hold.hold_id, value: 0 });
    },
  });
  if (!sure) return;
  toast("Released");
  await view.refresh();
}
