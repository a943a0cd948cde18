// What migrations are made of: outcomes in words, calls some at a time and again where they failed.

import { badge, h, words } from "./elements.js";

const OUTCOMES = {
  migrated: ["Moves", "Moved", "good", ""],
  skipped_custom: [
    "Stays",
    "Stayed",
    "warn",
    "It was customized. Include customized plans to move it; what was customized is lost.",
  ],
  needs_quantities: [
    "Needs a hand",
    "Needs a hand",
    "wrong",
    "The new version sells other packs: change the subscription and say how many.",
  ],
  nothing: ["Nothing to do", "Nothing to do", "quiet", "It has this version already."],
};
const AT_ONCE = 4;

/** Whether a customer has something that moves. */
export const moves = (row) => row.outcomes.some((each) => each.outcome === "migrated");

/** What becomes of a customer, as elements. */
export function outcomeOf(row, done) {
  if (row.error) return [badge("Failed", "wrong"), h("span", { class: "small wrong" }, row.error.message)];
  return row.outcomes.map((each) => {
    const [before, after, tone, about] = OUTCOMES[each.outcome] ?? [
      words(each.outcome),
      words(each.outcome),
      "quiet",
      "",
    ];
    return h(
      "div",
      { class: "stack-s" },
      h(
        "div",
        null,
        badge(done ? after : before, tone),
        h("span", { class: "soft small" }, ` from version ${each.from_version}`),
      ),
      about && h("span", { class: "soft small" }, about),
    );
  });
}

/** Some at a time, until all are done or somebody stops. */
export async function each(run, list, work) {
  const queue = [...list];
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, queue.length) }, async () => {
      while (queue.length && !run.stopped) await work(queue.shift());
    }),
  );
}

/** With the same request id, so that it counts once. */
export async function retried(work) {
  for (let turn = 0; ; turn += 1) {
    try {
      return await work();
    } catch (error) {
      const passing = error.status === 0 || error.status === 503 || error.status === 429;
      if (!passing || turn === 4) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, (error.retryAfter || 2 ** turn * 0.3) * 1000);
      });
    }
  }
}
