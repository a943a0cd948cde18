// Two catalogs side by side: what one would add to, change in, or lacks of the other.

import { differences, tidy } from "./catalog.js";
import { badge, h, words } from "./elements.js";
import { count } from "./format.js";
import { differenceTable } from "./publish-review.js";

/** Parts of a catalog, their ids, and what they are called. */
export const PARTS = [
  ["features", "feature_id", "feature"],
  ["plans", "plan_id", "plan"],
  ["coupons", "coupon_id", "coupon"],
  ["feature_grants", "feature_grant_id", "feature grant"],
  ["plan_gifts", "plan_gift_id", "plan gift"],
  ["referral_programmes", "programme_id", "referral programme"],
  ["tax_rates", "tax_rate_id", "tax rate"],
];

const identifier = (entry, key) =>
  entry[key] ?? entry[Object.keys(entry).find((name) => name.endsWith("_id"))] ?? entry.id;

/**
 * What publishing `from` would do to `to`.
 * @returns {{part, kind, id, name, state: "new" | "changed" | "same" | "only", archived, list, entry}[]}
 *   "only": `to` alone has it; archived: "Archived" or "Unarchived", where it would become so.
 */
export function compareCatalogs(from, to) {
  const names = new Map(
    [...(to.features ?? []), ...(from.features ?? [])].map((feature) => [feature.feature_id, feature.name]),
  );
  const nameOf = (id) => names.get(id) ?? id;
  const rows = [];
  for (const [part, key, kind] of PARTS) {
    const theirs = new Map((to[part] ?? []).map((entry) => [identifier(entry, key), entry]));
    for (const entry of from[part] ?? []) {
      const id = identifier(entry, key);
      const other = theirs.get(id);
      theirs.delete(id);
      const list = other ? differences(tidy(other), tidy(entry), nameOf) : [];
      rows.push({
        part,
        kind,
        id,
        name: entry.name || id,
        state: !other ? "new" : list.length ? "changed" : "same",
        archived: archivedWord(other, entry),
        list,
        entry,
      });
    }
    for (const [id, entry] of theirs)
      rows.push({ part, kind, id, name: entry.name || id, state: "only", list: [], entry });
  }
  const settings = differences(tidy(to.settings ?? {}), tidy(from.settings ?? {}), nameOf);
  if (from.settings)
    rows.push({
      part: "settings",
      kind: "settings",
      id: "",
      name: "Settings",
      state: settings.length ? "changed" : "same",
      list: settings,
      entry: from.settings,
    });
  return rows;
}

const archivedWord = (before, after) =>
  Boolean(before?.archived) === Boolean(after.archived) ? null : after.archived ? "Archived" : "Unarchived";

/** Of chosen rows, what review() says beside the server's list of changes. */
export const archivedStates = (chosen) =>
  new Map([...chosen].filter((row) => row.archived).map((row) => [`${row.kind}/${row.id}`, row.archived]));

/** What a row would be; where nothing else changes, that it is archived says it all. */
function rowBadges(row) {
  const tones = { new: ["New", "good"], changed: ["Changed", "accent"] };
  return [
    !(row.archived && row.state === "changed" && row.list.length === 1) && badge(...tones[row.state]),
    row.archived && badge(row.archived, "warn"),
  ];
}

/** A list to choose from. `chosen`: a Set of rows, which the boxes change; `onChange` is called then. */
export function comparisonList(rows, chosen, onChange, only) {
  const shown = rows.filter((row) => row.state === "new" || row.state === "changed");
  const alone = rows.filter((row) => row.state === "only");
  const same = rows.length - shown.length - alone.length;
  return h(
    "div",
    { class: "stack" },
    h(
      "ul",
      { class: "pick-list" },
      shown.map((row) => {
        const box = h("input", {
          type: "checkbox",
          checked: chosen.has(row),
          "aria-label": `${row.name}`,
          onchange: (event) => {
            event.target.checked ? chosen.add(row) : chosen.delete(row);
            onChange();
          },
        });
        return h(
          "li",
          null,
          box,
          h(
            "div",
            { class: "grow" },
            h("strong", null, row.name),
            h(
              "span",
              { class: "soft small" },
              `  ${words(row.kind)}${row.id && row.id !== row.name ? ` ${row.id}` : ""}`,
            ),
          ),
          rowBadges(row),
          row.list.length > 0 &&
            h(
              "details",
              { class: "more pick-note" },
              h("summary", null, count(row.list.length, "difference")),
              differenceTable(row.list),
            ),
        );
      }),
    ),
    alone.length > 0 &&
      h(
        "details",
        { class: "more" },
        h("summary", null, `${count(alone.length, "other")}: ${only}`),
        h(
          "ul",
          { class: "stack-s" },
          alone.map((row) =>
            h("li", null, row.name, h("span", { class: "soft small" }, `  ${words(row.kind)} ${row.id}`)),
          ),
        ),
      ),
    same > 0 && h("p", { class: "soft small" }, `${count(same, "thing is", "things are")} the same on both sides.`),
  );
}

/** "catalog.plans[0].items[1].reset" as "Pro › items[1].reset", of what was sent. */
export function namedPath(path, part) {
  const found = /^(?:catalog\.)?(\w+)\[(\d+)\]\.?(.*)$/.exec(path);
  const entry = found && part[found[1]]?.[Number(found[2])];
  return entry ? [entry.name || Object.values(entry)[0], found[3]].filter(Boolean).join(" › ") : path;
}

/** The chosen rows as a catalog to be published. */
export function chosenPart(chosen) {
  const part = {};
  for (const row of chosen)
    row.part === "settings" ? (part.settings = tidy(row.entry)) : (part[row.part] ??= []).push(tidy(row.entry));
  return part;
}
