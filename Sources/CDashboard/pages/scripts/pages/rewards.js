// Coupons, grants by code, plans as gifts, and what customers get for bringing others.

import { readCatalog } from "../catalog.js";
import { button, card, emptyState, h, menu, pageHead, table } from "../elements.js";
import { couponRules, couponText, grantText, programmeText, referralRewards, REWARDS, rewardsOf } from "../rewards.js";

export default {
  title: "Rewards",
  async load(context) {
    if (context.path.length) return (await import("./reward-editor.js")).default.load(context);
    const catalog = await readCatalog({ signal: context.signal });
    const kinds = Object.keys(REWARDS);
    const filled = kinds.filter((kind) => rewardsOf(catalog, kind).length);
    const choices = kinds.map((kind) => ({ label: REWARDS[kind].label, href: context.link("rewards", kind, "~new") }));
    const mayWrite = context.can("catalog:write");
    return h(
      "div",
      { class: "page" },
      pageHead("Rewards", {
        lead: "What is given: discounts, units by code, and something for bringing others.",
        actions: mayWrite && menu(button("New reward", { primary: true, icon: "plus" }), choices),
      }),
      filled.length
        ? filled.map((kind) => list(context, catalog, kind))
        : card(
            {},
            emptyState({
              icon: "gift",
              title: "No rewards yet",
              text: "A coupon takes something off what is charged; a code gives units; a programme rewards referrals.",
              actions: mayWrite && button("New coupon", { primary: true, icon: "plus", href: choices[0].href }),
            }),
          ),
    );
  },
};

function list(context, catalog, kind) {
  const { key, label, part } = REWARDS[kind];
  const title = `${label}s`;
  return card(
    { title, flush: true },
    table({
      caption: title,
      rows: catalog.catalog[part],
      href: (row) => context.link("rewards", kind, row[key]),
      columns: [
        {
          label: "Name",
          cell: (row) =>
            row.name
              ? h("span", null, row.name, h("br"), h("code", { class: "soft small" }, row[key]))
              : h("code", null, row[key]),
        },
        ...COLUMNS[kind](catalog),
      ],
    }),
  );
}

const nothing = () => h("span", { class: "soft" }, "–");
const codes = {
  label: "Codes",
  cell: (row) =>
    row.promotion_codes.length
      ? h(
          "span",
          null,
          row.promotion_codes.map((each, index) => [index ? ", " : "", h("code", null, each.code)]),
        )
      : nothing(),
};

const COLUMNS = {
  coupon: (catalog) => [
    { label: "It gives", cell: (row) => couponText(row, catalog.currency) },
    { label: "What it is for", cell: (row) => couponRules(row, catalog) || nothing() },
    codes,
  ],
  grant: (catalog) => [{ label: "It gives", cell: (row) => grantText(row, catalog) || nothing() }, codes],
  gift: (catalog) => [{ label: "Plan", cell: (row) => catalog.plan(row.plan_id)?.name ?? row.plan_id }],
  programme: (catalog) => [
    {
      label: "It gives",
      cell: (row) => referralRewards(catalog).find((each) => each.id === row.reward_id)?.name ?? row.reward_id,
    },
    { label: "When, and to whom", cell: (row) => programmeText(row, catalog) },
  ],
};
