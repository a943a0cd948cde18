// Making and changing a plan. What is typed is kept until it is published or discarded.

import { ApiError } from "../api.js";
import { countCustomers, differences, publish, readCatalog, tidy } from "../catalog.js";
import {
  ask,
  button,
  card,
  clearErrors,
  checkRequired,
  emptyState,
  h,
  notice,
  pageHead,
  replace,
  showViolations,
  toast,
} from "../elements.js";
import { planCard } from "../plan-card.js";
import { draftNotice } from "../draft-notice.js";
import { draftStore, emptyPlan, toDraft, toPlan } from "../plan-draft.js";
import { planForm } from "../plan-form.js";
import { pricePreview } from "../price-preview.js";
import { conflict, differenceTable, effectOnCustomers, review } from "../publish-review.js";

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
        ? { ...toDraft(model), plan_id: "", name: `${model.name} copy`, auto_enable: undefined }
        : { ...emptyPlan() };
    const base = {
      sequence: kept?.sequence ?? catalog.sequence,
      plan: kept?.base ?? (published ? toDraft(published) : null),
    };
    return editorPage(context, {
      catalog,
      customers,
      isNew,
      published,
      store,
      kept,
      draft: kept?.draft ?? fresh,
      fresh,
      base,
    });
  },
};

function editorPage(context, state) {
  const { catalog, isNew, published, store, kept, draft, base } = state;
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
      store.write({ draft, sequence: base.sequence, base: base.plan, currency: catalog.currency, time: Date.now() });
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
    onClick: () => send(context, { ...state, editor, form, problem, leave }),
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
async function send(context, state) {
  const { catalog, customers, isNew, published, store, base, editor, form, problem } = state;
  clearErrors(form);
  problem.hidden = true;
  const tell = (error) => {
    const rest = showViolations(form, error, (path) => path.replace(/^catalog\./, "").replace(/^plans\[0\]\.?/, ""));
    problem.hidden = false;
    replace(problem, notice(rest ?? "Some fields need a look: see what stands beside them.", "wrong"));
  };
  if (!checkRequired(form)) return tell(new ApiError(0, { message: "Some fields are empty." }));
  const { plan, problems } = toPlan(editor.draft);
  if (problems.length) return tell(new ApiError(0, { violations: problems }));
  if (isNew && catalog.plan(plan.plan_id))
    return tell(
      new ApiError(0, {
        violations: [
          { field: "plan_id", message: `“${plan.plan_id}” is taken: choose another id, or edit that plan.` },
        ],
      }),
    );
  const part = { plans: [plan] };
  const options = { currency: catalog.currency, expectedSequence: base.sequence };
  try {
    const trial = await publish(part, { ...options, validateOnly: true });
    if (!trial.changes.length) {
      store.clear();
      toast("Nothing has changed.", { tone: "info" });
      return state.leave();
    }
    const nameOf = (id) => catalog.feature(id)?.name ?? id;
    const list = isNew ? [] : differences(tidy(published), tidy(plan), nameOf);
    const grows = list.some((each) => !/^(Name|Group|Add-on|Default|Id)$/.test(each.path));
    const reply = await review({
      title: isNew ? `Publish ${plan.name}` : `Changes to ${plan.name}`,
      part,
      options,
      changes: trial.changes,
      environment: context.environment,
      word: plan.name,
      effect: effectOnCustomers({
        plan,
        before: published,
        customers,
        next: grows && published ? published.version + 1 : 0,
      }),
      details: isNew ? planCard({ plan, catalog }) : list.length ? differenceTable(list) : null,
    });
    if (!reply) return;
    store.clear();
    toast(isNew ? `${plan.name} is for sale.` : `${plan.name} is published.`);
    context.navigate(
      context.link("plans", plan.plan_id) + (grows && customers?.total(plan.plan_id) ? "?published=1" : ""),
    );
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.reason === "CATALOG_CHANGED") return resolveConflict(context, state, plan);
    tell(error);
  }
}

async function resolveConflict(context, { store, base, isNew, editor }, plan) {
  const now = await readCatalog();
  const theirs = now.plan(plan.plan_id);
  const nameOf = (id) => now.feature(id)?.name ?? id;
  const answer = await conflict({
    name: plan.name,
    differing: theirs || !isNew ? differences(tidy(base.plan ?? {}), tidy(theirs ?? {}), nameOf) : [],
  });
  if (answer === "theirs") {
    store.clear();
    return context.reload();
  }
  if (answer !== "keep") return undefined;
  // From here on it is a change to what is published now.
  store.write({ draft: editor.draft, sequence: now.sequence, base: theirs ? toDraft(theirs) : null, time: Date.now() });
  return context.reload();
}
