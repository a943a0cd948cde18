// Archiving a plan or a feature, taking that back, and deleting one; in their pages and in the lists.

import { publish, readCatalog, tidy } from "./catalog.js";
import { ask, check, errorState, h, sentence, toast } from "./elements.js";
import { usesOf } from "./feature-text.js";
import { count, quantity } from "./format.js";

const KINDS = {
  plan: { part: "plans", id: "plan_id", gone: "deleted_plan_ids" },
  feature: { part: "features", id: "feature_id", gone: "deleted_feature_ids" },
};
const nameOf = (kind, entry) => entry.name || entry[KINDS[kind].id];

/**
 * What a menu offers: archive or unarchive, and delete.
 * @param {"plan" | "feature"} kind
 * @param {{entry, catalog, customers?, done?: () => any}} what
 *   customers: of countCustomers(); `done`: when it was archived or taken back.
 */
export const archiveEntry = (context, kind, what) => ({
  label: what.entry.archived ? "Unarchive" : "Archive",
  icon: what.entry.archived ? "refresh" : "archive",
  onClick: () => archive(context, kind, what),
});
export const deleteEntry = (context, kind, what) => ({
  label: "Delete",
  icon: "trash",
  danger: true,
  onClick: () => remove(context, kind, what),
});

/** A choice, kept in the address, of whether a list shows what is archived; nothing where there is none. */
export function archivedToggle(context, number, shown, onChange) {
  if (!number) return null;
  return check({
    label: `Show archived (${quantity(number)})`,
    checked: shown,
    onChange: (on) => {
      context.setQuery({ archived: on ? "1" : null });
      onChange(on);
    },
  });
}

/** Asks, saying what it does to whom, and does it. */
export async function archive(context, kind, { entry, catalog, customers, done = context.reload }) {
  const name = nameOf(kind, entry);
  const verb = entry.archived ? "Unarchive" : "Archive";
  const told = { plan: planEffects, feature: featureEffects }[kind](entry, { catalog, customers });
  const sure = await ask({
    title: `${verb} ${name}?`,
    confirm: context.environment === "live" ? `${verb} in live` : verb,
    type: context.environment === "live" ? name : null,
    body: h(
      "ul",
      { class: "effects" },
      told.filter(Boolean).map((text) => h("li", null, text)),
    ),
    run: () => setArchived(kind, entry[KINDS[kind].id], !entry.archived),
  });
  if (!sure) return;
  toast(entry.archived ? `${name} is offered again.` : `${name} is archived.`);
  await done();
}

function planEffects(plan, { customers }) {
  if (plan.archived)
    return [
      "It is offered again: in lists of plans, by checks that say what would help, and where plans are chosen.",
      plan.auto_enable && "It is a default: new customers start with it again.",
      "Nothing changes for customers that there are.",
    ];
  const number = customers?.total(plan.plan_id);
  return [
    "It isn’t offered any more: not in lists of plans, not by checks that say what would help, not where plans are chosen here.",
    "Code can still attach it by its id.",
    number
      ? `${count(number, "customer has it and keeps", "customers have it and keep")} it, with renewals, balances and all that it gives.`
      : number === 0
        ? "Nobody has it now."
        : "Customers who have it keep it, with renewals, balances and all that it gives.",
    plan.auto_enable && "It is a default: as long as it is archived, new customers don’t start with it, and nobody falls back on it.",
    "All its versions are archived. It can be unarchived at any time.",
  ];
}

function featureEffects(feature, { catalog }) {
  if (feature.archived)
    return [
      "It is offered again where features are chosen for plans, credits and limits.",
      "Nothing changes for customers.",
    ];
  const uses = [...new Set(usesOf(feature.feature_id, catalog).map((use) => use.name))];
  const more = uses.length > 3 ? ` and ${quantity(uses.length - 3)} more` : "";
  return [
    "It isn’t offered any more where features are chosen for plans, credits and limits.",
    uses.length > 0 && `It stays in ${uses.slice(0, 3).join(", ")}${more}.`,
    "Customers who have it go on using it: what is allowed, counted and charged is as before.",
    "It can be unarchived at any time.",
  ];
}

/** Changes that alone: whatever else somebody has published of it meanwhile stays. */
async function setArchived(kind, id, archived) {
  const { part, id: key } = KINDS[kind];
  for (let again = 3; ; again--) {
    const now = await readCatalog();
    const entry = now.catalog[part].find((each) => each[key] === id);
    if (!entry) throw new Error(`Somebody has deleted it meanwhile: there is no ${kind} ${id} any more.`);
    if (Boolean(entry.archived) === archived) return;
    try {
      await publish(
        { [part]: [{ ...tidy(entry), archived }] },
        { currency: now.currency, expectedSequence: now.sequence },
      );
      return;
    } catch (error) {
      if (error.reason === "CATALOG_CHANGED" && again) continue;
      // Of paths that nobody typed here: what is wrong stands for itself.
      if (error.violations?.length) error.message = error.violations.map((each) => sentence(each.message)).join(" ");
      throw error;
    }
  }
}

const REFUSED = {
  plan: "A plan that somebody has, had, or is about to get stays.",
  feature: "A feature that plans, credit systems, grants or customers have stays.",
};
const DELETED = {
  plan: "With all its versions. It can’t be bought any more. What was invoiced stays on record.",
  feature: "Versions of plans that had it can’t be bought any more. What was used stays on record.",
};

/** Asks, and deletes it; where it is in use, archiving it is suggested. `gone`: when it was deleted. */
async function remove(context, kind, what) {
  const { entry, catalog, gone } = what;
  const name = nameOf(kind, entry);
  const part = { [KINDS[kind].gone]: [entry[KINDS[kind].id]] };
  const options = { currency: catalog.currency, expectedSequence: catalog.sequence };
  try {
    await publish(part, { ...options, validateOnly: true });
  } catch (error) {
    const archivable = error.reason === "IN_USE" && !entry.archived;
    const advice = entry.archived
      ? "It is archived already, so that it isn’t offered any more."
      : "Archive it instead: then it isn’t offered any more, and who has it keeps it.";
    const agreed = await ask({
      title: `${name} can’t be deleted`,
      text: error.reason === "IN_USE" ? `${REFUSED[kind]} ${advice}` : null,
      body: errorState(error),
      confirm: archivable ? "Archive it instead" : "Understood",
    });
    return agreed && archivable ? archive(context, kind, what) : undefined;
  }
  const sure = await ask({
    title: `Delete ${name}?`,
    text: DELETED[kind],
    confirm: "Delete",
    danger: true,
    type: context.environment === "live" ? name : null,
    run: () => publish(part, options),
  });
  if (!sure) return undefined;
  toast(`${name} is deleted.`);
  return gone();
}
