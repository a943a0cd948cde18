// Why may a customer, or not: the answer in words, the rules that led to it in order, and what it would be drawn from.

import { call } from "../api.js";
import { button, card, emptyState, field, form, h, pageHead, replace, skeleton } from "../elements.js";
import { planPrice, quantity } from "../format.js";
import { customerField } from "../customer-field.js";
import { knownCatalog, options } from "../known.js";
import { checkReason } from "../words.js";
import { parseProperties } from "./control-editors.js";
import { bucketsView, poolView } from "./explain-view.js";

export default {
  title: "Explain",
  async load(context) {
    const catalog = await knownCatalog();
    const { query, signal } = context;
    const customer = customerField({
      signal,
      path: "customer_id",
      required: true,
      value: query.get("customer") ?? "",
      placeholder: "Id, or search by name",
    });
    const feature = field({
      label: "Feature",
      type: "select",
      path: "feature_id",
      options: options(catalog.features, "feature_id"),
      value: query.get("feature") ?? options(catalog.features, "feature_id")[0]?.value,
    });
    const amount = field({
      label: "Amount",
      type: "number",
      path: "required_quantity",
      value: query.get("amount") ?? "1",
    });
    const entity = field({ label: "Entity", optional: true, path: "entity_id", value: query.get("entity") ?? "" });
    const properties = field({
      label: "Properties",
      optional: true,
      path: "properties",
      value: query.get("properties") ?? "",
      placeholder: "model=large",
    });
    const host = h("div", { class: "stack-l", "aria-live": "polite" });

    async function explain() {
      const typed = {
        customer: customer.control.value.trim(),
        feature: feature.control.value,
        amount: amount.control.value.trim(),
        entity: entity.control.value.trim(),
        properties: properties.control.value.trim(),
      };
      context.setQuery(typed);
      const figure = typed.amount.replace(",", ".");
      const asked = {
        customer_id: typed.customer,
        feature_id: typed.feature,
        entity_id: typed.entity,
        properties: parseProperties(typed.properties),
        ...(figure === "" ? {} : { required_quantity: Number.isFinite(Number(figure)) ? Number(figure) : figure }),
      };
      replace(host, skeleton("lines", 5));
      try {
        const reply = await call("EntitlementService/ExplainCheck", asked, { signal });
        replace(host, answer(context, catalog, asked, reply));
        if (!reply.answer.allowed) help(context, catalog, asked, host, reply);
      } catch (error) {
        // The form says what is wrong, beside the field that it is about.
        replace(host);
        throw error;
      }
    }

    const asking = form({
      fields: h("div", { class: "fields explain-fields" }, customer, feature, amount, entity, properties),
      submit: "Explain",
      onSubmit: explain,
    });
    if (query.get("customer") && feature.control.value) {
      setTimeout(() => asking.isConnected && asking.requestSubmit(), 0);
    } else {replace(
        host,
        card(
          {},
          emptyState({
            title: "Why was I blocked?",
            icon: "explain",
            text:
              "Choose a customer, a feature and an amount. You see whether it is allowed, which rule says so, and from which balances it would be drawn, in order.",
          }),
        ),
      );}
    return h(
      "div",
      { class: "page" },
      pageHead("Explain", {
        lead: "The check itself, run now, with everything that it looked at. Nothing is used up.",
      }),
      card({}, asking),
      host,
    );
  },
};

function answer(context, catalog, asked, reply) {
  const { allowed, reason, shadow } = reply.answer;
  const name = catalog.featureName(asked.feature_id), decider = reply.pools.find((pool) => pool.decides);
  const sentence = shadow
    ? "It would be denied, but the feature is in shadow mode and lets everything pass"
    : checkReason(reason);
  const flag = catalog.feature(asked.feature_id)?.type === "boolean";
  const what = flag ? name : `${quantity(asked.required_quantity ?? 1)} ${name}`;
  return h(
    "div",
    { class: "stack-l" },
    h(
      "section",
      { class: `verdict ${allowed ? "verdict-yes" : "verdict-no"}` },
      h("p", { class: "verdict-word" }, allowed ? "Allowed" : "Denied"),
      h(
        "div",
        { class: "grow" },
        h("h2", null, `${sentence}.`),
        h(
          "p",
          null,
          h("a", { href: context.link("customers", asked.customer_id) }, asked.customer_id),
          asked.entity_id && [" / ", h("code", null, asked.entity_id)],
          ` asks for ${what}`,
          decider && decider.feature_id !== asked.feature_id &&
            `, which is ${quantity(decider.required_quantity)} ${catalog.featureName(decider.feature_id)}`,
          ".",
        ),
        shadow && h("p", { class: "small" }, `The denial: ${checkReason(reason)}.`),
      ),
    ),
    card(
      { title: "Rules, in the order they were tried" },
      reply.pools.length
        ? h("ol", { class: "pools" }, reply.pools.map((pool, index) => poolView(catalog, pool, index, reply)))
        : h("p", { class: "soft" }, "There is nothing of the feature to be looked at."),
    ),
    !flag && bucketsView(catalog, reply, asked),
  );
}

// A limit that the customer or entity has set, where it is what denies.
function limitInTheWay(reply) {
  const kind = { usage_limit: "usage_limit", spend_limit: "spend_limit" }[reply.answer.reason],
    pool = reply.pools.find((each) => each.decides);
  return kind &&
    pool?.limits.find((limit) => limit[kind] && limit.owner !== "plan" && limit[kind].headroom < pool.required_quantity)
      ?.owner;
}

// What a denied customer could be offered; a help that may be missing.
async function help(context, catalog, asked, host, reply) {
  const own = limitInTheWay(reply);
  if (own) {
    return void host.append(
      card(
        { title: "What would help" },
        h(
          "p",
          null,
          `The limit is ${
            own === "entity" ? "the entity’s" : "the customer’s"
          } own: another plan doesn’t change it. Raise it, or take it out, under “Limits and alerts” on `,
          h("a", { href: context.link("customers", asked.customer_id) }, "the customer’s page"),
          ".",
        ),
      ),
    );
  }
  try {
    const { required_quantity: amount, ...rest } = asked;
    const { preview } = await call("EntitlementService/Check", {
      ...rest,
      ...(amount === undefined ? {} : { required_quantity: amount }),
      with_preview: true,
    }, { signal: context.signal });
    if (!preview?.plans.length) return;
    host.append(
      card(
        { title: "What would help" },
        h(
          "ul",
          { class: "line-list" },
          preview.plans.map((plan) =>
            h(
              "li",
              { class: "row row-between" },
              h(
                "span",
                { class: "grow" },
                h("strong", null, plan.name || plan.plan_id),
                plan.add_on && h("span", { class: "soft" }, " add-on"),
                h(
                  "span",
                  { class: "soft small block" },
                  plan.items.map((item) =>
                    item.unlimited
                      ? `unlimited ${catalog.featureName(item.feature_id)}`
                      : `${quantity(item.included)} ${catalog.featureName(item.feature_id)}`
                  ).join(", "),
                ),
              ),
              h("span", { class: "nowrap" }, planPrice(plan, catalog.currency)),
            )
          ),
        ),
        h(
          "div",
          { class: "row row-end" },
          button("To the customer", { small: true, href: context.link("customers", asked.customer_id) }),
        ),
      ),
    );
  } catch {
    // The explanation stands without it.
  }
}
