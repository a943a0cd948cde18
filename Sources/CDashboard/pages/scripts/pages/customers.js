// The list of customers: found as one types, filtered, page by page. /customers/<id> is one of them.

import { call } from "../api.js";
import {
  badge,
  button,
  card,
  emptyState,
  errorState,
  field,
  h,
  pageHead,
  replace,
  searchBox,
  skeleton,
  table,
} from "../elements.js";
import { timeElement } from "../format.js";
import { knownCatalog, options } from "../known.js";
import { plainly, subscriptionStatus, subscriptionTone } from "../words.js";
import { newCustomer } from "./customer-new.js";

const pageSize = 50;
const statuses = ["active", "canceling", "scheduled", "renewing", "past_due", "paused", "ended"];

export default {
  title: "Customers",
  // One customer's page is many modules, which the list doesn't wait for.
  load: async (context) =>
    context.path.length ? (await import("./customer.js")).customerPage(context) : listPage(context),
};

async function listPage(context) {
  const catalog = await knownCatalog();
  const filter = {
    search: context.query.get("search") ?? "",
    plan: context.query.get("plan") ?? "",
    status: context.query.get("status") ?? "",
  };
  const results = h("div", { class: "customers-results" });
  const said = h("p", { class: "visually-hidden", role: "status" });
  const lookUp = listing(context, catalog, results, said);
  const change = (name, value) => {
    filter[name] = value;
    context.setQuery({ [name]: value });
    lookUp(filter);
  };
  const search = searchBox({
    label: "Search customers",
    placeholder: "Search by name, email or id",
    value: filter.search,
    delay: 120,
    onSearch: (value) => change("search", value),
  });
  const plan = field({
    label: "Plan",
    type: "select",
    hideLabel: true,
    value: filter.plan,
    options: options(catalog.plans, "plan_id", "Any plan"),
    onInput: (value) => change("plan", value),
  });
  const status = field({
    label: "Status",
    type: "select",
    hideLabel: true,
    value: filter.status,
    onInput: (value) => change("status", value),
    options: [
      { value: "", label: "Any status" },
      ...statuses.map((each) => ({ value: each, label: subscriptionStatus(each) })),
    ],
  });
  // While somebody reads the list, what one customer's page needs is fetched.
  lookUp(filter).then(() => setTimeout(() => import("./customer.js").catch(() => {}), 300));
  return h(
    "div",
    { class: "page" },
    pageHead("Customers", {
      lead: "Who buys from you: newest first.",
      actions: context.can("customers:write") &&
        button("New customer", { primary: true, icon: "plus", onClick: () => newCustomer(context) }),
    }),
    h("div", { class: "filters", role: "search" }, search, plan, status),
    said,
    card({ flush: true }, results),
  );
}

// Looks up by the latest filter only: what was asked before is cancelled, so that answers are shown in order.
function listing(context, catalog, results, said) {
  let current;
  context.signal.addEventListener("abort", () => current?.abort());
  return async function lookUp(filter) {
    current?.abort();
    const asked = (current = new AbortController());
    const body = {
      page_size: pageSize,
      search: filter.search,
      plan_id: filter.plan,
      subscription_status: filter.status || undefined,
    };
    const waiting = setTimeout(
      () => replace(results, h("div", { class: "pad" }, skeleton("lines", 8))),
      results.childElementCount ? 300 : 0,
    );
    try {
      const reply = await call("CustomerService/ListCustomers", body, { signal: asked.signal });
      clearTimeout(waiting);
      if (asked.signal.aborted) return;
      show(reply, body, asked.signal, filter);
    } catch (error) {
      clearTimeout(waiting);
      if (error.name !== "AbortError") {
        replace(
          results,
          h(
            "div",
            { class: "pad" },
            errorState(error, () => lookUp(filter)),
          ),
        );
      }
    }
  };

  function show({ customers, next_page_token: token }, body, signal, filter) {
    said.textContent = customers.length
      ? `${customers.length}${token ? " or more" : ""} customers found`
      : "No customer found";
    if (!customers.length && !token) return replace(results, nobody(filter));
    const list = table({
      caption: "Customers",
      rows: customers,
      columns: columns(catalog),
      href: (customer) => context.link("customers", customer.customer_id),
    });
    replace(results, list, token && further(list, token, body, signal));
  }

  // The next page comes by itself when its button is nearly in sight, and by the button otherwise.
  function further(list, token, body, signal) {
    const place = h("div", { class: "further" });
    let next = token, going = false;
    const more = async () => {
      if (going || !next) return;
      going = true;
      try {
        const reply = await call("CustomerService/ListCustomers", { ...body, page_token: next }, { signal });
        list.addRows(reply.customers);
        next = reply.next_page_token;
        if (!next) {
          watcher.disconnect();
          place.remove();
        }
      } catch (error) {
        if (error.name === "AbortError") return;
        watcher.disconnect();
        replace(
          place,
          errorState(error, () => {
            replace(place, press);
            return more();
          }),
        );
      } finally {
        going = false;
      }
    };
    const press = button("Show more", { small: true, onClick: more });
    const watcher = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && more(), {
      rootMargin: "400px",
    });
    watcher.observe(place);
    signal.addEventListener("abort", () => watcher.disconnect());
    replace(place, press);
    return place;
  }

  function nobody(filter) {
    if (filter.search || filter.plan || filter.status) {
      return emptyState({
        title: "Nobody matches",
        text: "No customer’s id, name or email contains that, with the chosen plan and status.",
        icon: "search",
      });
    }
    return emptyState({
      title: "No customers yet",
      icon: "customers",
      text: "Your application makes them by GetOrCreateCustomer when somebody signs up. You can also make one here.",
    });
  }
}

function columns(catalog) {
  return [
    {
      label: "Customer",
      cell: (customer) =>
        h(
          "span",
          { class: "who-cell" },
          h("span", null, customer.name || customer.customer_id),
          h("span", { class: "soft small mono" }, customer.customer_id),
        ),
    },
    { label: "Email", cell: (customer) => customer.email && h("span", { class: "soft" }, customer.email) },
    { label: "Plans", cell: (customer) => planBadges(customer, catalog) },
    {
      label: "Payment",
      cell: (customer) =>
        customer.payment_method &&
        h(
          "span",
          { class: "soft small nowrap" },
          `${plainly(customer.payment_method.brand)} ···· ${customer.payment_method.last4}`,
        ),
    },
    {
      label: "Created",
      numeric: true,
      cell: (customer) => h("span", { class: "soft small" }, timeElement(customer.create_time)),
    },
  ];
}

function planBadges(customer, catalog) {
  const running = customer.subscriptions.filter((each) => each.status !== "ended");
  if (!running.length) return h("span", { class: "soft small" }, "No plan");
  const shown = running.slice(0, 3);
  return h(
    "span",
    { class: "row badges" },
    shown.map(({ plan_id: plan, status }) => {
      const mark = badge("x", status === "active" ? "accent" : subscriptionTone(status));
      mark.textContent = status === "active"
        ? catalog.planName(plan)
        : `${catalog.planName(plan)} · ${subscriptionStatus(status)}`;
      return mark;
    }),
    running.length > 3 && h("span", { class: "soft small" }, `+${running.length - 3}`),
  );
}
