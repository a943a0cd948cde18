// Before something is published: what changes, and for whom. And what to do when somebody else
// published meanwhile.

import { publish } from "./catalog.js";
import { append, ask, badge, button, dialog, h, notice, table, words } from "./elements.js";
import { count } from "./format.js";

/** What differs, as a table. */
export function differenceTable(list) {
  const shown = (value) =>
    value === undefined ? h("span", { class: "soft" }, "–") : h("span", { class: "break" }, value);
  return table({
    caption: "What changes",
    rows: list,
    empty: h("p", { class: "soft" }, "Nothing differs."),
    columns: [
      { label: "What", cell: (row) => h("span", null, row.label) },
      { label: "Before", cell: (row) => shown(row.before) },
      { label: "After", cell: (row) => h("strong", null, shown(row.after)) },
    ],
  });
}

/** The server's list of changes. `states`: "Archived" or "Unarchived" of some, by "plan/pro". */
export function changeList(changes, states = new Map()) {
  return h(
    "ul",
    { class: "stack-s" },
    changes.map((change) =>
      h(
        "li",
        { class: "row" },
        badge(
          change.deleted ? "Deleted" : change.created ? "New" : "Changed",
          change.deleted ? "wrong" : change.created ? "good" : "accent",
        ),
        states.has(`${change.kind}/${change.id}`) && badge(states.get(`${change.kind}/${change.id}`), "warn"),
        h(
          "span",
          null,
          `${words(change.kind)} `,
          change.id && h("strong", null, change.id),
          change.revision ? h("span", { class: "soft" }, `, revision ${change.revision}`) : null,
        ),
      ),
    ),
  );
}

/**
 * Shows what would change, asks, and publishes. In live a word has to be typed.
 * @param {{title, part, options, changes, states?, details, effect?, word, confirm?}} what
 *   `part`, `options`: of publish(); `states`: of changeList(); `details`: elements; `word`: what is typed in live.
 * @returns {Promise<object | null>} the reply, or null when it wasn't done.
 */
export async function review({
  title,
  part,
  options,
  changes,
  states,
  details,
  effect,
  word,
  environment,
  confirm = "Publish",
}) {
  let reply = null;
  let failure = null;
  const done = await ask({
    title,
    confirm: `${confirm} to ${environment}`,
    type: environment === "live" ? word : null,
    body: [effect && notice(effect, environment === "live" ? "warn" : null), changeList(changes, states), details],
    run: async () => {
      try {
        reply = await publish(part, options);
      } catch (error) {
        if (error.reason !== "CATALOG_CHANGED") throw error;
        failure = error;
      }
    },
  });
  if (failure) throw failure;
  return done ? reply : null;
}

/**
 * The catalog moved on. `differing`: what the other one changed in the same thing, as differences().
 * @returns {Promise<"keep" | "theirs" | undefined>}
 */
export function conflict({ name, differing }) {
  return dialog({
    title: "Somebody published meanwhile",
    wide: true,
    body: [
      notice(
        differing.length
          ? append(
              h("p"),
              "The published version of ",
              h("strong", null, name),
              " has changed since you began. Yours isn’t lost.",
            )
          : append(
              h("p"),
              "Other parts of the catalog have changed since you began, not ",
              h("strong", null, name),
              ".",
            ),
        differing.length ? "warn" : null,
      ),
      differing.length ? [h("h3", null, "What they changed"), differenceTable(differing)] : null,
    ],
    actions: (close) => [
      differing.length ? button("Take their version", { onClick: () => close("theirs") }) : null,
      button("Go on with mine", { primary: true, onClick: () => close("keep") }),
    ],
  }).closed;
}

/** What a new version means for those who have an older one. */
export function effectOnCustomers({ plan, before, customers, next }) {
  if (!before)
    return plan.auto_enable && !plan.archived
      ? "New customers start with it. Those that there are don’t get it by themselves."
      : "Nobody has it yet.";
  const present = customers?.total(plan.plan_id);
  if (!next) return "Only the name, the group or the like changes: that shows for everyone at once.";
  if (!present) return `Version ${next} is sold from now on. Nobody has an older one.`;
  return `Version ${next} is sold from now on. ${count(present, "customer keeps", "customers keep")} the version that they have; you can migrate them afterwards.`;
}
