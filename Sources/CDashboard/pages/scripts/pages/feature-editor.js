// One feature: what it is, what it costs, where it is used.

import { ApiError } from "../api.js";
import { differences, publish, readCatalog, tidy } from "../catalog.js";
import {
  ask,
  button,
  card,
  checkRequired,
  clearErrors,
  emptyState,
  errorState,
  h,
  icon,
  notice,
  pageHead,
  replace,
  showViolations,
  toast,
} from "../elements.js";
import { featureFields } from "../feature-fields.js";
import { KINDS, usesOf } from "../feature-text.js";
import { draftNotice } from "../draft-notice.js";
import { draftStore, toDraft, toPlan } from "../plan-draft.js";
import { conflict, differenceTable, review } from "../publish-review.js";

export default {
  title: "Feature",
  async load(context) {
    const isNew = context.path[0] === "~new";
    const catalog = await readCatalog({ signal: context.signal });
    const published = isNew ? null : catalog.feature(context.path[0]);
    if (!isNew && !published)
      return h(
        "div",
        { class: "page" },
        emptyState({
          heading: "h1",
          title: "There is no such feature",
          text: context.path[0],
          icon: "features",
          actions: button("All features", { href: context.link("features") }),
        }),
      );
    const store = draftStore(`${context.environment}/feature/${isNew ? "new" : published.feature_id}`);
    const kept = store.read();
    if (kept?.currency && !catalog.catalog.currency) catalog.currency = kept.currency;
    const draft = kept?.draft ?? (published ? featureDraft(published) : { feature_id: "", name: "", type: "metered" });
    const base = {
      sequence: kept?.sequence ?? catalog.sequence,
      feature: kept?.base ?? (published ? tidy(published) : null),
    };
    return page(context, { catalog, isNew, published, store, kept, draft, base });
  },
};

function featureDraft(feature) {
  const { items: dropped, ...draft } = toDraft(feature);
  return draft;
}

function page(context, state) {
  const { catalog, isNew, published, store, kept, draft } = state;
  const mayWrite = context.can("catalog:write");
  context.setTitle(isNew ? "New feature" : published.name);
  const problem = h("div", { hidden: true });
  const saved = h("p", { class: "soft small" });
  const editor = {
    draft,
    catalog,
    changed() {
      problem.hidden = true;
      store.write({
        draft,
        sequence: state.base.sequence,
        base: state.base.feature,
        currency: catalog.currency,
        time: Date.now(),
      });
      saved.textContent = "Not published. Kept in this tab.";
    },
  };
  const form = h(
    "form",
    {
      class: "editor",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        if (mayWrite) go.click();
      },
    },
    h(
      "fieldset",
      { class: "stack-l", disabled: !mayWrite },
      h("legend", { class: "visually-hidden" }, "Feature"),
      featureFields(editor, isNew),
    ),
  );
  const go = button("Review and publish", {
    primary: true,
    onClick: () => send(context, { ...state, editor, form, problem }),
  });
  const discard = () => {
    store.clear();
    context.navigate(context.link("features"));
  };
  return h(
    "div",
    { class: "page" },
    pageHead(isNew ? "New feature" : published.name, {
      crumbs: [{ label: "Features", href: context.link("features") }],
      actions:
        !isNew &&
        mayWrite &&
        button("Delete", { icon: "trash", danger: true, onClick: () => remove(context, catalog, published) }),
    }),
    draftNotice(context, store, kept),
    h(
      "div",
      { class: "sides" },
      form,
      h(
        "aside",
        { class: "stack", "aria-label": "Use" },
        isNew
          ? card(
              { title: "Kinds" },
              h(
                "dl",
                { class: "stack" },
                KINDS.map((kind) =>
                  h(
                    "div",
                    null,
                    h("dt", { class: "strong" }, kind.label),
                    h("dd", { class: "soft small" }, kind.about),
                  ),
                ),
              ),
            )
          : usesCard(context, published, catalog),
      ),
    ),
    mayWrite &&
      h(
        "div",
        { class: "editor-bar" },
        h("div", { class: "grow stack-s" }, saved, problem),
        button("Discard", { quiet: true, onClick: discard }),
        go,
      ),
  );
}

function usesCard(context, feature, catalog) {
  const found = usesOf(feature.feature_id, catalog);
  return card(
    { title: "Where it is used" },
    found.length
      ? h(
          "ul",
          { class: "stack-s" },
          found.map((use) =>
            h(
              "li",
              { class: "row row-between" },
              use.page ? h("a", { href: context.link(use.page, use.id) }, use.name) : h("span", null, use.name),
              h("span", { class: "soft small" }, use.kind),
            ),
          ),
        )
      : h("p", { class: "soft" }, "No plan has it yet."),
    h(
      "p",
      { class: "row small uses-more" },
      icon("usage"),
      h("a", { href: `${context.link("usage")}?feature=${encodeURIComponent(feature.feature_id)}` }, "See its usage"),
    ),
  );
}

async function send(context, state) {
  const { catalog, isNew, published, store, base, editor, form, problem } = state;
  clearErrors(form);
  const tell = (error) => {
    const rest = showViolations(form, error, (path) => path.replace(/^catalog\./, "").replace(/^features\[0\]\.?/, ""));
    problem.hidden = false;
    replace(problem, notice(rest ?? "Some fields need a look: see what stands beside them.", "wrong"));
  };
  if (!checkRequired(form)) return tell(new ApiError(0, { message: "Some fields are empty." }));
  const { plan: feature, problems } = toPlan(editor.draft);
  if (problems.length) return tell(new ApiError(0, { violations: problems }));
  if (isNew && catalog.feature(feature.feature_id))
    return tell(
      new ApiError(0, { violations: [{ field: "feature_id", message: `“${feature.feature_id}” is taken` }] }),
    );
  const part = { features: [feature] };
  const options = { currency: catalog.currency, expectedSequence: base.sequence };
  try {
    const trial = await publish(part, { ...options, validateOnly: true });
    if (trial.changes.length) {
      const list = isNew ? [] : differences(tidy(published), tidy(feature), (id) => catalog.feature(id)?.name ?? id);
      const costs = list.some((each) => /Cost|markup/i.test(each.path));
      const reply = await review({
        title: isNew ? `Publish ${feature.name}` : `Changes to ${feature.name}`,
        part,
        options,
        changes: trial.changes,
        environment: context.environment,
        word: feature.name,
        effect: isNew
          ? "It can be put into plans then."
          : costs
            ? "What is used from now on costs this, of every customer."
            : "It counts for every customer at once.",
        details: list.length ? differenceTable(list) : null,
      });
      if (!reply) return;
    }
    store.clear();
    toast(trial.changes.length ? `${feature.name} is published.` : "Nothing has changed.", {
      tone: trial.changes.length ? "good" : "info",
    });
    context.navigate(context.link("features"));
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.reason !== "CATALOG_CHANGED") return tell(error);
    const now = await readCatalog();
    const theirs = now.feature(feature.feature_id);
    const answer = await conflict({
      name: feature.name,
      differing: differences(base.feature ?? {}, tidy(theirs ?? {}), (id) => now.feature(id)?.name ?? id),
    });
    if (!answer) return;
    answer === "theirs"
      ? store.clear()
      : store.write({
          draft: editor.draft,
          sequence: now.sequence,
          base: theirs ? tidy(theirs) : null,
          time: Date.now(),
        });
    context.reload();
  }
}

async function remove(context, catalog, feature) {
  const options = { currency: catalog.currency, expectedSequence: catalog.sequence };
  const part = { deleted_feature_ids: [feature.feature_id] };
  try {
    await publish(part, { ...options, validateOnly: true });
  } catch (error) {
    return ask({
      title: `${feature.name} can’t be deleted`,
      body: errorState(error),
      text: "Take it out of plans, credit systems and grants first. Customers who have something of it keep it in use.",
      confirm: "Understood",
    });
  }
  const done = await ask({
    title: `Delete ${feature.name}?`,
    text: "Versions of plans that had it can’t be bought any more. What was used stays on record.",
    confirm: "Delete",
    danger: true,
    type: context.environment === "live" ? feature.name : null,
    run: () => publish(part, options),
  });
  if (!done) return undefined;
  toast(`${feature.name} is deleted.`);
  return context.navigate(context.link("features"));
}
