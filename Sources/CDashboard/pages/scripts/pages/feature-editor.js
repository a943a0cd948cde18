// One feature: what it is, what it costs, where it is used.

import { archivedBadge } from "../archived.js";
import { archive, archiveEntry, deleteEntry } from "../archiving.js";
import { differences, readCatalog, tidy } from "../catalog.js";
import { button, card, emptyState, h, icon, menu, notice, pageHead } from "../elements.js";
import { featureFields } from "../feature-fields.js";
import { KINDS, usesOf } from "../feature-text.js";
import { draftNotice } from "../draft-notice.js";
import { draftStore, toDraft } from "../plan-draft.js";
import { differenceTable } from "../publish-review.js";
import { editorForm, publishDraft, readDraft } from "../publishing.js";

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
    const sequence = kept?.sequence ?? catalog.sequence;
    const base = kept ? kept.base : published ? tidy(published) : null;
    return page(context, { catalog, isNew, published, store, kept, draft, sequence, base });
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
        sequence: state.sequence,
        base: state.base,
        currency: catalog.currency,
        time: Date.now(),
      });
      saved.textContent = "Not published. Kept in this tab.";
    },
  };
  const form = editorForm("Feature", mayWrite, () => go.click(), featureFields(editor, isNew));
  const go = button("Review and publish", {
    primary: true,
    onClick: () => send(context, { ...state, form, problem, strip: /^features\[0\]\.?/ }),
  });
  const discard = () => {
    store.clear();
    context.navigate(context.link("features"));
  };
  const what = { entry: published, catalog, gone: () => context.navigate(context.link("features")) };
  return h(
    "div",
    { class: "page" },
    pageHead(isNew ? "New feature" : published.name, {
      crumbs: [{ label: "Features", href: context.link("features") }],
      badges: archivedBadge(published),
      actions:
        !isNew &&
        mayWrite &&
        menu(button("More", { icon: "more" }), [
          archiveEntry(context, "feature", what),
          "-",
          deleteEntry(context, "feature", what),
        ]),
    }),
    published?.archived &&
      notice(
        "It is archived: it isn’t offered where features are chosen. Who has it goes on using it.",
        null,
        mayWrite && button("Unarchive", { small: true, onClick: () => archive(context, "feature", what) }),
      ),
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

function send(context, state) {
  const { catalog, isNew, published } = state;
  const feature = readDraft(state, { key: "feature_id", taken: (id) => isNew && catalog.feature(id) });
  if (!feature) return undefined;
  const list = isNew ? [] : differences(tidy(published), tidy(feature), (id) => catalog.feature(id)?.name ?? id);
  const costs = list.some((each) => /Cost|markup/i.test(each.path));
  return publishDraft(context, {
    ...state,
    part: { features: [feature] },
    options: { currency: catalog.currency, expectedSequence: state.sequence },
    name: feature.name,
    theirs: (now) => now.feature(feature.feature_id),
    looks: {
      title: isNew ? `Publish ${feature.name}` : `Changes to ${feature.name}`,
      word: feature.name,
      effect: isNew
        ? "It can be put into plans then."
        : costs
          ? "What is used from now on costs this, of every customer."
          : "It counts for every customer at once.",
      details: list.length ? differenceTable(list) : null,
    },
    said: `${feature.name} is published.`,
    leave: () => context.navigate(context.link("features")),
  });
}
