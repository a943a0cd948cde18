// The one way to publish: tried first, looked at, published. What is refused stands beside its field, and
// who comes second is told, without losing what was typed or chosen.

import { ApiError } from "./api.js";
import { differences, publish, readCatalog, tidy } from "./catalog.js";
import {
  button,
  checkRequired,
  clearErrors,
  errorState,
  h,
  notice,
  replace,
  showViolations,
  toast,
} from "./elements.js";
import { count } from "./format.js";
import { archivedStates, chosenPart, comparisonList, namedPath } from "./catalog-diff.js";
import { toPlan } from "./plan-draft.js";
import { conflict, review } from "./publish-review.js";

/**
 * @param {{part, options, looks, unchanged?, done, moved, tell}} what
 *   part, options: of publish(); `looks`: what review() shows; `unchanged()`: it would change nothing;
 *   `done(reply)`; `moved()`: the catalog is another one by now; `tell(error)`.
 */
async function publishReviewed({ part, options, looks, unchanged, done, moved, tell }) {
  try {
    const { changes } = await publish(part, { ...options, validateOnly: true });
    if (!changes.length && unchanged) return await unchanged();
    const reply = await review({ part, options, changes, ...looks });
    return reply ? await done(reply) : undefined;
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    return error.reason === "CATALOG_CHANGED" ? moved() : tell(error);
  }
}

/**
 * What an editor holds.
 * @param {{part, options, looks, form, problem, strip, store, draft, base, name, theirs, said, leave, next?}} what
 *   strip: of a path that the server names, what the form's paths are without; `store`, `draft`, `base`: the
 *   draftStore, what is in it, and what was published when it was begun; `theirs(catalog)`: what is published
 *   of it by now; `said`: when it is done; `leave()`: goes where the editor came from; `next()`: goes on when
 *   it is done, else as `leave`.
 */
export function publishDraft(context, what) {
  const { part, options, looks, store, said, leave, next = leave } = what;
  return publishReviewed({
    part,
    options,
    looks: { environment: context.environment, ...looks },
    unchanged: () => {
      store.clear();
      toast("Nothing has changed.", { tone: "info" });
      return leave();
    },
    done: () => {
      store.clear();
      toast(said);
      return next();
    },
    moved: () => resolve(context, what),
    tell: teller(what),
  });
}

async function resolve(context, { store, draft, base, name, theirs }) {
  const now = await readCatalog();
  const published = theirs(now);
  const answer = await conflict({
    name,
    differing: differences(tidy(base ?? {}), tidy(published ?? {}), (id) => now.feature(id)?.name ?? id),
  });
  if (!answer) return undefined;
  if (answer === "theirs") store.clear();
  // From here on it is a change to what is published now. No editor says whether it is archived: that stays theirs.
  else {
    const { archived: dropped, ...rest } = draft;
    store.write({
      draft: published?.archived ? { ...rest, archived: true } : rest,
      sequence: now.sequence,
      base: published ? tidy(published) : null,
      time: Date.now(),
    });
  }
  return context.reload();
}

/** An editor's form, which who may not write only reads. Its button stands outside: `submit` presses it. */
export function editorForm(legend, mayWrite, submit, ...parts) {
  const onsubmit = (event) => {
    event.preventDefault();
    if (mayWrite) submit();
  };
  const name = h("legend", { class: "visually-hidden" }, legend);
  const fields = h("fieldset", { class: "stack-l", disabled: !mayWrite }, name, ...parts);
  return h("form", { class: "editor", novalidate: true, onsubmit }, fields);
}

/** Says what is wrong: beside the fields, and for the rest in the editor's bar. */
export function teller({ form, problem, strip }) {
  return (error) => {
    const rest = showViolations(form, error, (path) => path.replace(/^catalog\./, "").replace(strip, ""));
    problem.hidden = false;
    replace(problem, notice(rest ?? "Some fields need a look: see what stands beside them.", "wrong"));
  };
}

/** A plan or a feature as it was typed, or undefined where what is wrong was told. `taken`: whether another has its id. */
export function readDraft(editor, { key, taken }) {
  const { form, problem, draft } = editor;
  const tell = teller(editor);
  clearErrors(form);
  problem.hidden = true;
  if (!checkRequired(form)) return tell(new ApiError(0, { message: "Some fields are empty." }));
  const { plan: entry, problems } = toPlan(draft);
  if (problems.length) return tell(new ApiError(0, { violations: problems }));
  if (!taken(entry[key])) return entry;
  const message = `“${entry[key]}” is taken: choose another id, or edit that one.`;
  return tell(new ApiError(0, { violations: [{ field: key, message }] }));
}

/**
 * A comparison of catalogs to choose from, and a button that publishes what was chosen.
 * @param {{rows, only, label, icon?, extra?, options, looks, name, done}} what
 *   `only`: of what the other side alone has; `label`: "Review 3 things" and then this; `extra`: of the
 *   catalog that is sent, beside what can be chosen; `name`: what is published into.
 */
export function publishChoice(context, { rows, only, label = "", icon, extra, options, looks, name, done }) {
  const chosen = new Set(rows.filter((row) => row.state === "new" || row.state === "changed"));
  const problem = h("div", null);
  const send = () => {
    const part = { ...chosenPart(chosen), ...extra };
    return publishReviewed({
      part,
      options,
      looks: { environment: context.environment, states: archivedStates(chosen), ...looks },
      done,
      moved: async () => {
        if (await conflict({ name, differing: [] })) await context.reload();
      },
      tell: (error) => {
        const named = (path) => namedPath(path, part);
        const rest = error.violations?.length ? showViolations(problem, error, named) : null;
        replace(problem, rest ? notice(rest, "wrong") : errorState(error));
      },
    });
  };
  const go = button("", { primary: true, icon, onClick: send });
  const tell = () => {
    go.querySelector("span").textContent = `Review ${count(chosen.size, "thing")}${label}`;
    go.disabled = !chosen.size;
    replace(problem);
  };
  tell();
  return h(
    "div",
    { class: "stack" },
    comparisonList(rows, chosen, tell, only),
    problem,
    h("div", { class: "row row-end" }, go),
  );
}
