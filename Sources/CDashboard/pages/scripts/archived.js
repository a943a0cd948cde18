// What is archived isn't offered where something new is chosen, and keeps its name everywhere else.

import { badge } from "./elements.js";

/** Whether it can be chosen. `present`: the id of what is chosen there already, which stays a choice. */
export const isOffered = (entry, present) =>
  !entry.archived || (present !== undefined && (entry.plan_id ?? entry.feature_id) === present);

/** Those of a list of plans or features that can be chosen. */
export const offered = (list, present) => list.filter((entry) => isOffered(entry, present));

/** Its name, in a list to choose from. */
export const choiceName = (entry) => (entry.archived ? `${entry.name} (archived)` : entry.name);

export const archivedBadge = (entry) => (entry?.archived ? badge("Archived", "warn") : null);
