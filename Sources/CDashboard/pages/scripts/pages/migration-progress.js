// A migration under way: how far it is, what became of each customer, and a way to stop.

import { call, requestId } from "../api.js";
import { append, badge, bar, button, card, h, replace, toast } from "../elements.js";
import { count, quantity } from "../format.js";
import { each, outcomeOf, retried } from "../migration.js";

/**
 * Moves the chosen customers and shows how far it is.
 * @param {{stopped: boolean}} run which can be stopped from outside.
 * @param {{context, plan, rows, request: (row) => object, place: HTMLElement, again: () => void}} what
 */
export async function migrate(run, { context, plan, rows: chosen, request, place, again }) {
  const done = [];
  const meter = h("div", { "aria-live": "polite" });
  const results = h("ul", { class: "pick-list" });
  const stop = button("Stop", {
    onClick: () => {
      run.stopped = true;
    },
  });
  const tell = () =>
    replace(
      meter,
      bar({
        value: done.length,
        max: chosen.length,
        label: "Migrated",
        tone: "",
        text: [
          h("span", null, `${quantity(done.length)} of ${quantity(chosen.length)}`),
          h("span", { class: "soft" }, run.stopped ? "Stopped" : done.length === chosen.length ? "Done" : ""),
        ],
      }),
    );
  replace(
    place,
    card(
      { title: "3. Progress" },
      h("div", { class: "stack" }, meter, h("div", { class: "row row-end" }, stop), results),
    ),
  );
  tell();
  await each(run, chosen, async (row) => {
    let result;
    try {
      const reply = await retried(() =>
        call("AttachService/MigrateCustomer", {
          ...request(row),
          request_id: (row.request ??= requestId()),
        }),
      );
      result = { ...row, outcomes: reply.subscriptions, error: null };
    } catch (error) {
      result = { ...row, error };
    }
    done.push(result);
    append(
      results,
      h(
        "li",
        null,
        h("a", { class: "grow", href: context.link("customers", row.id) }, row.name),
        h(
          "div",
          { class: "pick-outcome" },
          result.outcomes.length || result.error ? outcomeOf(result, true) : badge("Nothing to do", "quiet"),
        ),
      ),
    );
    tell();
  });
  const failed = done.filter((row) => row.error).length;
  const left = chosen.length - done.length;
  replace(
    stop.parentElement,
    failed || left ? button("Preview again", { icon: "refresh", onClick: again }) : null,
    button("Back to the plan", { primary: true, href: context.link("plans", plan.plan_id) }),
  );
  toast(
    failed || left
      ? `${count(done.length - failed, "customer")} migrated, ${quantity(failed)} failed, ${quantity(left)} left.`
      : `${count(done.length, "customer")} migrated.`,
    { tone: failed ? "wrong" : "good" },
  );
}
