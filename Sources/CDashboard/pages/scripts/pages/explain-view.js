// What a check looked at: the rules of each balance, the limits on it, and the parts it is drawn from.

import { badge, card, h, table } from "../elements.js";
import { dateTime, quantity } from "../format.js";
import { checkReason, excludedReason, intervalName, limitOwner, plainly, propertyText } from "../words.js";

const allows = new Set(["included", "unlimited", "overage", "flag", "nothing_required"]);

// What a rule compared, and what came of it. Only the last one that was tried decides: those before it left
// the question open.
const ruleTexts = {
  owned: { ask: "Has the customer something of it?", on: "Yes", off: "No" },
  flag: { ask: "Is the flag on?", on: "Yes", off: "No" },
  unlimited: { ask: "Is it unlimited?", on: "Yes", off: "No" },
  negative: { ask: "Is nothing asked for, or something given back?", on: "Yes", off: "No" },
  usage_limit: { ask: "Do usage limits leave room?", on: "Yes", off: "No", compare: "room" },
  remaining: { ask: "Is enough left?", on: "Yes", off: "No", compare: "left" },
  overage: { ask: "May it go beyond what was granted?", on: "Yes", off: "No" },
  spend_limit: { ask: "Does the spend limit leave room?", on: "Yes", off: "No", compare: "room" },
  max_purchase: { ask: "Does the most that may be bought leave room?", on: "Yes", off: "No", compare: "room" },
};
// Rules that must hold for the check to go on; the others end it by holding.
const gates = new Set(["owned", "usage_limit", "overage"]);

function ruleView(rule, last, reason, decides) {
  const text = ruleTexts[rule.rule] ?? { ask: plainly(rule.rule), on: "Yes", off: "No" };
  const holds = last ? allows.has(reason) : gates.has(rule.rule);
  const figures = text.compare &&
    (rule.available === undefined
      ? `${quantity(rule.required_quantity)} asked, without a bound`
      : `${quantity(rule.required_quantity)} asked, ${quantity(rule.available)} ${text.compare}`);
  return h(
    "li",
    { class: `rule ${last ? (holds ? "rule-yes" : "rule-no") : ""}` },
    h("span", { class: "rule-mark", "aria-hidden": "true" }, last ? (holds ? "✓" : "✕") : "→"),
    h(
      "span",
      { class: "grow" },
      text.ask,
      " ",
      h("strong", null, holds ? text.on : text.off),
      figures && h("span", { class: "soft" }, ` · ${figures}`),
    ),
    last && h("span", { class: "small strong" }, decides ? "decides" : "ends here"),
  );
}

export function poolView(catalog, pool, index, reply) {
  const flag = catalog.feature(pool.feature_id)?.type === "boolean";
  const name = catalog.featureName(pool.feature_id), concurrency = reply.answer.reason === "concurrency_limit";
  const rules = (list, reason) =>
    h("ol", { class: "rules" }, list.map((rule, at) => ruleView(rule, at === list.length - 1, reason, pool.decides)));
  return h(
    "li",
    { class: `pool ${pool.decides ? "pool-decides" : ""}` },
    h(
      "div",
      { class: "row row-between" },
      h(
        "h3",
        null,
        `${index + 1}. ${name}`,
        pool.credits && h("span", { class: "soft" }, ` at ${pool.credits} a unit`),
      ),
      h(
        "div",
        { class: "row" },
        pool.decides && badge("Its answer counts", reply.answer.allowed ? "good" : "wrong"),
        !pool.owned && badge("Has none"),
      ),
    ),
    !flag && h(
      "p",
      { class: "soft small" },
      `${quantity(pool.required_quantity)} asked of it · ${quantity(pool.remaining)} ${concurrency ? "free" : "left"}`,
      pool.overage > 0 && ` · ${quantity(pool.overage)} overage so far`,
    ),
    pool.choosing_rules.length > 0 &&
      h(
        "details",
        { class: "more small" },
        h("summary", null, "Why it was looked at"),
        h(
          "ol",
          { class: "rules" },
          pool.choosing_rules.map((rule, at) =>
            ruleView(
              rule,
              at === pool.choosing_rules.length - 1,
              pool.decides || allows.has(pool.reason) ? "included" : pool.reason,
            )
          ),
        ),
      ),
    pool.rules.length ? rules(pool.rules, pool.reason) : h("p", { class: "soft" }, "Another one was chosen before."),
    pool.rules.length > 0 &&
      h("p", { class: "small" }, h("span", { class: "soft" }, "It says: "), `${checkReason(pool.reason)}.`),
    pool.limits.length > 0 &&
      h("ul", { class: "limits small" }, pool.limits.map((limit) => h("li", null, limitText(catalog, limit)))),
  );
}

function limitText(catalog, limit) {
  const owner = limit.owner === "plan" && limit.plan_id ? catalog.planName(limit.plan_id) : limitOwner(limit.owner);
  if (limit.usage_limit) {
    const { limit: of, used, headroom, start_time: from, end_time: until } = limit.usage_limit;
    const filter = Object.entries(of.filter ?? {}).map(([key, value]) => `${key} ${propertyText(value)}`).join(", ");
    return [
      h("strong", null, "Usage limit"),
      ` of ${owner}: ${quantity(of.limit)} in each ${intervalName(of.interval)}${filter ? ` with ${filter}` : ""}; ${
        quantity(used)
      } used, ${quantity(headroom)} may still be`,
      from && until && h("span", { class: "soft" }, ` (${dateTime(from)} – ${dateTime(until)})`),
    ];
  }
  if (limit.spend_limit) {
    const { overage_limit: most, overage, headroom } = limit.spend_limit;
    return [
      h("strong", null, "Spend limit"),
      ` of ${owner}: ${quantity(most)} of overage; ${quantity(overage)} there is, ${quantity(headroom)} more may be`,
    ];
  }
  return [h("strong", null, "Overage"), ` is ${limit.overage_allowed ? "allowed" : "not allowed"} by ${owner}`];
}

export function bucketsView(catalog, reply, asked) {
  const several = new Set(reply.parts.map((part) => part.feature_id)).size > 1 ||
    reply.parts.some((part) => part.credits);
  const from = (part) =>
    h(
      "span",
      null,
      part.plan_id ? catalog.planName(part.plan_id) : "Granted outside plans",
      " ",
      h("span", { class: "soft small mono" }, part.balance_id),
      part.rollover && [" ", badge("Rolled over")],
      part.entity_id && h("span", { class: "soft small block" }, "of entity ", h("code", null, part.entity_id)),
    );
  const columns = [
    { label: "Order", cell: (part) => String(reply.parts.indexOf(part) + 1) },
    { label: "From", cell: from },
    several && { label: "Balance", cell: (part) => catalog.featureName(part.feature_id) },
    { label: "Has", numeric: true, cell: (part) => (part.unlimited ? "Unlimited" : quantity(part.balance)) },
    {
      label: "Would give",
      numeric: true,
      cell: (part) => h("strong", { class: part.gives ? "" : "soft" }, quantity(part.gives)),
    },
    several &&
    {
      label: "Which is",
      numeric: true,
      cell: (part) => (part.gives ? `${quantity(part.covers)} ${catalog.featureName(asked.feature_id)}` : ""),
    },
  ].filter(Boolean);
  return card(
    { title: "Drawn from, in this order", flush: true },
    reply.parts.length
      ? table({ caption: "Parts, in the order they are drawn from", rows: reply.parts, columns })
      : h("p", { class: "soft pad" }, "There is nothing to be drawn from."),
    reply.part_count > reply.parts.length &&
      h(
        "p",
        { class: "soft small pad" },
        `${quantity(reply.part_count)} in all; the first ${quantity(reply.parts.length)} are shown.`,
      ),
    reply.missing > 0 && h("p", { class: "pad wrong strong" }, `${quantity(reply.missing)} would be missing.`),
    reply.excluded.length > 0 &&
      h(
        "div",
        { class: "pad" },
        h("h3", { class: "sub" }, `Don’t count (${quantity(reply.excluded_count)})`),
        h(
          "ul",
          { class: "line-list" },
          reply.excluded.map((part) =>
            h(
              "li",
              { class: "row row-between" },
              h(
                "span",
                { class: "grow" },
                from(part),
                h("span", { class: "soft small block" }, excludedReason(part.reason)),
              ),
              h("span", null, quantity(part.balance)),
            )
          ),
        ),
      ),
  );
}
