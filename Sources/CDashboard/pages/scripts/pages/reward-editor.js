// One coupon, feature grant, plan gift or referral programme: made, and changed.

import { differences, readCatalog, tidy } from "../catalog.js";
import { button, emptyState, h, pageHead } from "../elements.js";
import { draftNotice } from "../draft-notice.js";
import { draftStore } from "../plan-draft.js";
import { differenceTable } from "../publish-review.js";
import { editorForm, publishDraft, readDraft } from "../publishing.js";
import { rewardForm } from "../reward-form.js";
import { REWARDS, rewardsOf } from "../rewards.js";

const EMPTY = {
  coupon: { coupon_id: "", name: "", percentage: "20", duration: "once" },
  grant: { feature_grant_id: "", name: "" },
  gift: { plan_gift_id: "", name: "" },
  programme: { programme_id: "", redeem_on: "customer_creation", received_by: "referrer" },
};
const EFFECT = {
  coupon: "Who has it already keeps it as it was. From now on it is given as it is here.",
  grant: "What was redeemed already stays. From now on its codes give this.",
  gift: "Who was given the plan already keeps it. From now on this one is given.",
  programme: "What was redeemed already stays as it was. From now on codes of the programme give this.",
};

export default {
  async load(context) {
    const [kind, id] = context.path;
    const isNew = id === "~new";
    const catalog = await readCatalog({ signal: context.signal });
    const about = Object.hasOwn(REWARDS, kind) ? REWARDS[kind] : null;
    const find = (from, wanted) => rewardsOf(from, kind).find((each) => each[about.key] === wanted);
    const published = about && !isNew ? find(catalog, id) : null;
    if (!about || (!isNew && !published) || (isNew && !context.can("catalog:write")))
      return h(
        "div",
        { class: "page" },
        emptyState({
          heading: "h1",
          title: `There is no such ${about ? about.label.toLowerCase() : "reward"}`,
          text: id,
          icon: "gift",
          actions: button("All rewards", { href: context.link("rewards") }),
        }),
      );
    const store = draftStore(`${context.environment}/${kind}/${isNew ? "new" : id}`);
    const kept = store.read();
    return page(context, {
      kind,
      about,
      catalog,
      isNew,
      find,
      published,
      store,
      kept,
      draft: kept?.draft ?? structuredClone(isNew ? EMPTY[kind] : tidy(published)),
      sequence: kept?.sequence ?? catalog.sequence,
      base: kept ? kept.base : published ? tidy(published) : null,
    });
  },
};

const called = ({ about, draft }) => draft.name || draft[about.key];

function page(context, state) {
  const { kind, about, catalog, isNew, published, store, kept, draft, sequence, base } = state;
  const mayWrite = context.can("catalog:write");
  const title = isNew ? `New ${about.label.toLowerCase()}` : published.name || published[about.key];
  context.setTitle(title);
  const problem = h("div", { hidden: true });
  const saved = h("p", { class: "soft small" });
  const editor = {
    draft,
    catalog,
    changed() {
      problem.hidden = true;
      store.write({ draft, sequence, base, time: Date.now() });
      saved.textContent = "Not published. Kept in this tab.";
    },
  };
  const form = editorForm(about.label, mayWrite, () => go.click(), rewardForm(editor, kind, isNew));
  const leave = () => context.navigate(context.link("rewards"));
  const go = button("Review and publish", {
    primary: true,
    onClick: () => send(context, { ...state, form, problem, leave }),
  });
  const discard = () => {
    store.clear();
    leave();
  };
  return h(
    "div",
    { class: "page page-narrow" },
    pageHead(title, { crumbs: [{ label: "Rewards", href: context.link("rewards") }], lead: about.about }),
    draftNotice(context, store, kept),
    form,
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

function send(context, given) {
  const { kind, about, catalog, isNew, published, find } = given;
  const state = { ...given, strip: new RegExp(`^${about.part}\\[0\\]\\.?`) };
  const reward = readDraft(state, { key: about.key, taken: (id) => isNew && find(catalog, id) });
  if (!reward) return undefined;
  const nameOf = (id) => catalog.feature(id)?.name ?? id;
  const list = isNew ? [] : differences(tidy(published), tidy(reward), nameOf);
  const name = called(state);
  return publishDraft(context, {
    ...state,
    part: { [about.part]: [reward] },
    options: { currency: catalog.currency, expectedSequence: state.sequence },
    name,
    theirs: (now) => find(now, reward[about.key]),
    looks: {
      title: isNew ? `Publish ${name}` : `Changes to ${name}`,
      word: name,
      effect: isNew ? "It can be given then, and its codes can be redeemed." : EFFECT[kind],
      details: list.length ? differenceTable(list) : null,
    },
    said: `${name} is published.`,
  });
}
