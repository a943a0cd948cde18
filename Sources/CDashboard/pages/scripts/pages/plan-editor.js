// Making and changing a plan. What is typed is kept until it is published or discarded.

import { countCustomers, differences, readCatalog, tidy } from "../catalog.js";
import { ask, button, card, emptyState, h, pageHead, replace } from "../elements.js";
import { planCard } from "../plan-card.js";
import { draftNotice } from "../draft-notice.js";
import { draftStore, emptyPlan, toDraft, toPlan } from "../plan-draft.js";
import { planForm } from "../plan-form.js";
import { pricePreview } from "../price-preview.js";
import { differenceTable, effectOnCustomers } from "../publish-review.js";
import { publishDraft, readDraft } from "../publishing.js";

export default {
  title: "Edit plan",
  async load(context) {
    const isNew = context.path[0] === "~new";
    const [catalog, customers] = await Promise.all([
      readCatalog({ signal: context.signal }),
      countCustomers({ signal: context.signal }),
    ]);
    const published = isNew ? null : catalog.plan(context.path[0]);
    if (!isNew && !published)
      return h(
        "div",
        { class: "page" },
        emptyState({
          heading: "h1",
          title: "There is no such plan",
          text: context.path[0],
          icon: "plans",
          actions: button("All plans", { href: context.link("plans") }),
        }),
      );
    if (!context.can("catalog:write"))
      return h(
        "div",
        { class: "page" },
        emptyState({
          heading: "h1",
          title: "You can’t change plans",
          text: "Your role may only look at them.",
          icon: "shield",
          actions: button("All plans", { href: context.link("plans") }),
        }),
      );
    const model = context.query.get("from") && catalog.plan(context.query.get("from"));
    const store = draftStore(
      `${context.environment}/plan/${isNew ? `new${model ? `/${model.plan_id}` : ""}` : published.plan_id}`,
    );
    const kept = store.read();
    if (kept?.currency && !catalog.catalog.currency) catalog.currency = kept.currency;
    const fresh = published
      ? toDraft(published)
      : model
        ? { ...toDraft(model), plan_id: "", name: `${model.name} copy`, auto_enable: undefined, archived: undefined }
        : { ...emptyPlan() };
    return editorPage(context, {
      catalog,
      customers,
      isNew,
      published,
      store,
      kept,
      draft: kept?.draft ?? fresh,
      sequence: kept?.sequence ?? catalog.sequence,
      base: kept ? kept.base : published ? tidy(published) : null,
    });
  },
};

function editorPage(context, state) {
  const { catalog, isNew, published, store, kept, draft, base, sequence } = state;
  context.setTitle(isNew ? "New plan" : `Edit ${published.name}`);
  const preview = h("div", null);
  const saved = h("p", { class: "soft small" });
  const problem = h("div", { hidden: true });
  let timer;
  const editor = {
    draft,
    catalog,
    isNew,
    // As it is when it is asked: before the first publication it can be chosen.
    get currency() {
      return catalog.currency;
    },
    changed() {
      clearTimeout(timer);
      timer = setTimeout(draw, 60);
      problem.hidden = true;
      store.write({ draft, sequence, base, currency: catalog.currency, time: Date.now() });
      saved.textContent = "Not published. Kept in this tab.";
    },
  };
  const prices = pricePreview({ draft, catalog });
  const draw = () => {
    replace(preview, planCard({ plan: toPlan(draft).plan, catalog, heading: "h3" }));
    prices.update();
  };
  const leave = () => context.navigate(isNew ? context.link("plans") : context.link("plans", published.plan_id));
  const discard = async () => {
    if (
      !store.read() ||
      (await ask({
        title: "Discard what you typed?",
        text: "The plan stays as it is published.",
        confirm: "Discard",
        danger: true,
      }))
    ) {
      store.clear();
      leave();
    }
  };
  const restored = draftNotice(context, store, kept);
  const form = h(
    "form",
    {
      class: "editor",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
      },
    },
    planForm(editor),
  );
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      publishIt.click();
    }
  });
  const publishIt = button("Review and publish", {
    primary: true,
    title: "Ctrl + Enter",
    onClick: () => send(context, { ...state, form, problem, strip: /^plans\[0\]\.?/, leave }),
  });
  draw();
  return h(
    "div",
    { class: "page" },
    pageHead(isNew ? "New plan" : `Edit ${published.name}`, {
      crumbs: [
        { label: "Plans", href: context.link("plans") },
        ...(isNew ? [] : [{ label: published.name, href: context.link("plans", published.plan_id) }]),
      ],
    }),
    restored,
    h(
      "div",
      { class: "sides" },
      form,
      h(
        "aside",
        { class: "editor-side stack", "aria-label": "Preview" },
        h("h2", null, "As a customer sees it"),
        preview,
        card({ title: "What it costs" }, prices),
      ),
    ),
    h(
      "div",
      { class: "editor-bar" },
      h("div", { class: "grow stack-s" }, saved, problem),
      button("Discard", { quiet: true, onClick: discard }),
      publishIt,
    ),
  );
}

/** Finds what is wrong, shows what would change, publishes. */
function send(context, state) {
  const { catalog, customers, isNew, published } = state;
  const plan = readDraft(state, { key: "plan_id", taken: (id) => isNew && catalog.plan(id) });
  if (!plan) return undefined;
  const list = isNew ? [] : differences(tidy(published), tidy(plan), (id) => catalog.feature(id)?.name ?? id);
  const grows = list.some((each) => !/^(Name|Group|Add-on|Default|Id|Archived)$/.test(each.path));
  const next = grows && published ? published.version + 1 : 0;
  const migratable = grows && customers?.total(plan.plan_id);
  return publishDraft(context, {
    ...state,
    part: { plans: [plan] },
    options: { currency: catalog.currency, expectedSequence: state.sequence },
    name: plan.name,
    theirs: (now) => now.plan(plan.plan_id),
    looks: {
      title: isNew ? `Publish ${plan.name}` : `Changes to ${plan.name}`,
      word: plan.name,
      effect: effectOnCustomers({ plan, before: published, customers, next }),
      details: isNew ? planCard({ plan, catalog }) : list.length ? differenceTable(list) : null,
    },
    said: isNew ? `${plan.name} is for sale.` : `${plan.name} is published.`,
    next: () => context.navigate(context.link("plans", plan.plan_id) + (migratable ? "?published=1" : "")),
  });
}
