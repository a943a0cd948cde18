// What a plan would have earned: recorded usage replayed on it, customer by customer, beside what was invoiced.

import { call } from "../api.js";
import { clockAhead } from "../clock.js";
import { button, card, field, form, h, pageHead, replace } from "../elements.js";
import { count } from "../format.js";
import { customerField } from "../customer-field.js";
import { knownCatalog, options } from "../known.js";
import { rangeField } from "../range-field.js";
import { draftFields } from "./simulate-draft.js";
import { makeResults } from "./simulate-results.js";

const pageSize = 50;

export default {
  title: "Simulate",
  async load(context) {
    const [catalog, ahead] = await Promise.all([knownCatalog(), clockAhead(context)]), { query, signal } = context;
    const draft = draftFields({ catalog, planId: query.get("plan") ?? undefined });
    const range = rangeField({ value: { preset: "quarter" }, clock: () => new Date(Date.now() + ahead) });
    const who = field({
      label: "Customers",
      type: "select",
      path: "having_plan_id",
      value: "",
      options: [
        { value: "", label: "Everybody" },
        ...options(catalog.plans, "plan_id").map((each) => ({ value: each.value, label: `Who have ${each.label}` })),
        { value: "*", label: "One customer" },
      ],
      onInput: () => show(),
    });
    const one = customerField({
      signal,
      path: "customer_id",
      label: "Customer",
      required: true,
      value: query.get("customer") ?? "",
      placeholder: "Id, or search by name",
    });
    const results = h("div", { class: "stack-l" });
    const show = () => {
      one.hidden = who.control.value !== "*";
    };
    if (query.get("customer")) who.control.value = "*";
    show();
    let running;
    signal.addEventListener("abort", () => running?.abort());

    async function simulate() {
      running?.abort();
      const mine = (running = new AbortController());
      const { start, end } = range.range(), plan = draft.read();
      const asked = {
        ...plan,
        start_time: start.toISOString(),
        // The server refuses a future end, and its clock may be a little behind.
        end_time: new Date(Math.min(end, Date.now() + ahead - 3000)).toISOString(),
        page_size: pageSize,
        ...(who.control.value === "*"
          ? { customer_id: one.control.value.trim() }
          : { having_plan_id: who.control.value }),
      };
      // The first page tells whether it can be done at all, beside the fields.
      const first = await call("CatalogService/SimulatePlan", asked, { signal: mine.signal });
      // Where the server says how many customers there are, progress has an end.
      const total = asked.customer_id ? 1 : asked.having_plan_id ? undefined : await customerCount(mine.signal);
      const shown = makeResults({
        context,
        catalog,
        asked,
        planName: asked.catalog ? `${plan.plan_id} (draft)` : catalog.planName(plan.plan_id),
      });
      const progress = h("progress", { "aria-label": "Progress", ...(total ? { max: String(total) } : {}) });
      const said = h("span", { class: "soft", role: "status" });
      const stop = button("Stop", { small: true, icon: "close", onClick: () => mine.abort() });
      const bar = h("div", { class: "row simulate-progress" }, progress, said, stop);
      replace(results, bar, shown.element);
      results.scrollIntoView({ block: "start", behavior: "smooth" });
      goOn({ mine, asked, first, shown, progress, said, bar, total, stop });
    }

    // Page by page, until there is no more, or somebody stops it; then it can go on where it was.
    async function goOn({ mine, asked, first, shown, progress, said, bar, total, stop, before = 0 }) {
      let page = first, done = before;
      try {
        for (;;) {
          shown.add(page);
          done += page.customers.length;
          if (total) progress.value = Math.min(done, total);
          said.textContent = `${count(done, "customer")}${total && done < total ? ` of ${total}` : ""}`;
          if (!page.next_page_token) break;
          page = await call("CatalogService/SimulatePlan", { ...asked, page_token: page.next_page_token }, {
            signal: mine.signal,
          });
        }
        bar.remove();
        shown.finish();
      } catch (error) {
        progress.remove();
        const again = button(error.name === "AbortError" ? "Go on" : "Try again", {
          small: true,
          icon: "refresh",
          onClick: () => {
            running = new AbortController();
            again.remove();
            stop.hidden = false;
            bar.prepend(progress);
            stop.addEventListener("click", () => running.abort(), { once: true });
            goOn({
              mine: running,
              asked,
              first: { ...page, customers: [], summary: undefined },
              shown,
              progress,
              said,
              bar,
              total,
              stop,
              before: done,
            });
          },
        });
        if (signal.aborted) return;
        said.textContent = error.name === "AbortError"
          ? `Stopped after ${count(done, "customer")}: the sums are of these.`
          : `${error.message} The sums are of ${count(done, "customer")}.`;
        stop.hidden = true;
        bar.append(again);
        shown.finish();
      }
    }

    return h(
      "div",
      { class: "page" },
      pageHead("Simulate", {
        lead:
          "What a plan would have earned: recorded usage, replayed through the rules that bill. Nothing is written.",
      }),
      card(
        {},
        form({
          submit: "Simulate",
          onSubmit: simulate,
          fields: [h("div", { class: "fields usage-filters" }, draft.plan, draft.how, range, who, one), draft.host],
        }),
      ),
      results,
    );
  },
};

async function customerCount(signal) {
  try {
    return (await call("SystemService/GetStatus", {}, { signal })).customer_count || undefined;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return undefined;
  }
}
