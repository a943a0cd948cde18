// What a customer has of each feature: bars that move, the parts behind them, and flags.

import { badge, button, card, emptyState, h, menu, replace, table } from "../elements.js";
import { count, date, percent, quantity } from "../format.js";
import { part } from "../part.js";
import { every } from "../words.js";
import { correctBalance, grantBalance, recalculate, takeBalance } from "./act-balance.js";
import { lookBack } from "./look-back.js";

export function balancesCard(view) {
  const host = h("div", { class: "balance-list" });
  const rows = new Map();
  let order;
  const update = () => {
    const { balances } = view.customer, now = balances.map((each) => each.feature_id).join();
    if (now !== order) {
      order = now;
      rows.clear();
      for (const each of balances) rows.set(each.feature_id, balanceRow(view, each.feature_id));
      replace(
        host,
        balances.length ? [...rows.values()].map((row) => row.element) : emptyState({
          title: "No balances",
          text: "No plan of the customer grants a quantity of anything.",
          icon: "features",
        }),
      );
    }
    for (const each of balances) rows.get(each.feature_id).update(each);
    flags.update();
  };
  const flags = part(
    () => view.customer.flags,
    () =>
      view.customer.flags.length > 0 &&
      h(
        "div",
        { class: "flags" },
        h("h3", null, "Flags"),
        h(
          "ul",
          { class: "row" },
          view.customer.flags.map((flag) =>
            h(
              "li",
              null,
              badgeOf(view.catalog.featureName(flag.feature_id)),
              h("span", { class: "soft small" }, ` ${view.catalog.planName(flag.plan_id) || "given"} `),
              h("a", {
                class: "small",
                href: explain(view, flag.feature_id),
                "aria-label": `Why ${view.catalog.featureName(flag.feature_id)}?`,
              }, "Why?"),
            )
          ),
        ),
      ),
  );
  update();
  const grant = view.can("customers:write") &&
    button("Grant", { small: true, icon: "plus", onClick: () => grantBalance(view) });
  const back = button("Look back", { small: true, quiet: true, icon: "history", onClick: () => lookBack(view) });
  return { element: card({ title: "Balances", actions: [back, grant] }, host, flags.element), update };
}

function badgeOf(text) {
  const mark = badge("x", "good");
  mark.textContent = text;
  return mark;
}

export const explain = (view, feature, entity) =>
  `${view.context.link("explain")}?${new URLSearchParams({
    customer: view.id,
    feature,
    ...(entity ? { entity } : {}),
  })}`;

// The row stays and its figures change, so that the bar is seen to move.
function balanceRow(view, id) {
  const name = view.catalog.featureName(id);
  const bar = balanceBar(name);
  const figure = h("span", { class: "balance-figure" }), note = h("span", { class: "soft small" });
  const parts = h("div", null),
    details = h("details", { class: "more" }, h("summary", { class: "small" }, "Breakdown"), parts);
  const tools = h(
    "div",
    { class: "row" },
    view.can("entitlement:read") &&
      h("a", { class: "small", href: explain(view, id), "aria-label": `Why ${name}?` }, "Why?"),
    view.can("customers:write") && view.catalog.feature(id)?.type !== "concurrency" && menu(
      button(`Change ${name}`, { icon: "more", iconOnly: true, small: true, quiet: true }),
      () => [
        { label: "Correct it", icon: "edit", onClick: () => correctBalance(view, current) },
        { label: "Grant more", icon: "plus", onClick: () => grantBalance(view, id) },
        current.parts.some((each) => !each.plan_id) &&
        { label: "Take a grant away", icon: "trash", danger: true, onClick: () => takeBalance(view, current) },
        current.parts.length > 1 &&
        { label: "Settle parts against each other", icon: "refresh", onClick: () => recalculate(view, current) },
      ],
    ),
  );
  const element = h(
    "div",
    { class: "balance", "data-feature": id },
    h("div", { class: "row row-between" }, h("strong", null, name), figure),
    bar.element,
    h("div", { class: "row row-between" }, note, tools),
    details,
  );
  let current, shown;
  return {
    element,
    update(balance) {
      current = balance;
      const text = JSON.stringify(balance);
      if (text === shown) return;
      shown = text;
      bar.update(balance);
      replace(figure, figureOf(balance));
      replace(note, notes(view, balance));
      replace(parts, partsTable(view, balance));
      details.hidden = balance.parts.length === 0;
    },
  };
}

// One stretch for each part of what was granted, each as full as it is used; what goes beyond is a stretch of its own.
export function balanceBar(name) {
  const track = h("div", {
    class: "bar-track parts",
    role: "meter",
    "aria-label": `${name}, used`,
    "aria-valuemin": "0",
    "aria-valuemax": "100",
    "aria-valuenow": "0",
  });
  let kept = 0;
  const update = (balance) => {
    const parts = balance.parts.filter((each) => each.granted > 0 && !each.unlimited);
    const stretches = balance.unlimited || !parts.length ? [{ granted: 1, usage: 0 }] : parts;
    const used = balance.granted > 0 ? balance.usage / balance.granted : balance.overage > 0 ? 1 : 0;
    if (kept !== stretches.length) {
      replace(
        track,
        stretches.map(() => h("div", { class: "bar-part" }, h("div", { class: "bar-fill" }))),
      );
    }
    kept = stretches.length;
    stretches.forEach((each, index) => {
      const box = track.children[index];
      box.style.flexGrow = String(Math.max(each.granted, balance.granted * 0.04));
      box.firstChild.style.width = `${Math.min(100, Math.max(0, (each.usage / each.granted) * 100))}%`;
    });
    track.className = `bar-track parts ${
      balance.unlimited ? "bar-unlimited" : used >= 1 ? "bar-full" : used >= 0.8 ? "bar-high" : ""
    }`;
    track.setAttribute("aria-valuenow", String(Math.round(Math.min(1, Math.max(0, used)) * 100)));
    track.setAttribute(
      "aria-valuetext",
      balance.unlimited ? "Unlimited" : `${quantity(balance.usage)} of ${quantity(balance.granted)} used`,
    );
  };
  return { element: track, update };
}

export function figureOf(balance) {
  if (balance.unlimited) {
    return [h("strong", null, "Unlimited"), h("span", { class: "soft" }, ` · ${quantity(balance.usage)} used`)];
  }
  return [
    h("strong", null, quantity(balance.remaining)),
    h("span", { class: "soft" }, ` of ${quantity(balance.granted)} left`),
  ];
}

export function notes(view, balance) {
  const share = balance.granted > 0 ? balance.usage / balance.granted : 0;
  const texts = [
    !balance.unlimited && balance.granted > 0 && `${quantity(balance.usage)} used (${percent(share)})`,
    balance.overage > 0 && h("span", { class: "wrong strong" }, `${quantity(balance.overage)} overage`),
    balance.overage_allowed &&
    (balance.max_purchase === undefined ? "overage allowed" : `overage up to ${quantity(balance.max_purchase)}`),
    balance.next_reset_time && h("span", null, "resets ", view.time(balance.next_reset_time)),
  ].filter(Boolean);
  return texts.flatMap((text, index) => (index ? [" · ", text] : [text]));
}

export function partsTable(view, balance) {
  return table({
    caption: `Parts of ${view.catalog.featureName(balance.feature_id)}`,
    rows: balance.parts,
    columns: [
      {
        label: "From",
        cell: (each) =>
          h(
            "span",
            null,
            each.plan_id ? view.catalog.planName(each.plan_id) : "Granted outside plans",
            " ",
            h("span", { class: "soft small mono" }, each.balance_id),
            each.rollover && [" ", badge("Rolled over")],
            each.entity_level && [" ", badge("Of entities")],
            each.prepaid > 0 &&
              [" ", h("span", { class: "soft small" }, `${count(each.prepaid, "unit", "units")} bought`)],
          ),
      },
      { label: "Granted", numeric: true, cell: (each) => (each.unlimited ? "Unlimited" : quantity(each.granted)) },
      { label: "Used", numeric: true, cell: (each) => quantity(each.usage) },
      { label: "Left", numeric: true, cell: (each) => (each.unlimited ? "–" : quantity(each.remaining)) },
      {
        label: "Reset",
        cell: (each) =>
          h(
            "span",
            { class: "small" },
            each.reset_time
              ? ["Resets ", view.time(each.reset_time)]
              : every(each.reset_interval, each.reset_interval_count),
            each.expire_time && [", lapses ", date(each.expire_time)],
          ),
      },
    ],
  });
}
