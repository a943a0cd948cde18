// Features in words, and where each is used.

/** Kinds, with what they mean. */
export const KINDS = [
  { value: "metered", label: "Metered", about: "Used up, and granted anew at each reset: messages, API calls." },
  { value: "allocated", label: "Allocated", about: "A level that is held: seats, projects. It never resets." },
  { value: "boolean", label: "On or off", about: "A plan has it or doesn’t: single sign-on, an audit log." },
  { value: "concurrency", label: "At a time", about: "So many at once: jobs that run, sessions that are open." },
  {
    value: "credit_system",
    label: "Credit system",
    about: "A pool of credits that metered features draw from, at a cost for each unit.",
  },
  {
    value: "ai_credit_system",
    label: "AI credits",
    about: "Credits of 1 USD that models’ tokens are drawn from, at what they cost and a mark-up.",
  },
];
export const kindOf = (type) => KINDS.find((kind) => kind.value === type) ?? { value: type, label: type, about: "" };

/** Where a feature is used: [{ kind: "plan" | "credit system" | "feature grant" | "entity grant" | "limit", id, name, page }] */
export function usesOf(id, catalog) {
  const { plans, features, feature_grants: grants = [] } = catalog.catalog;
  const uses = [];
  for (const plan of plans) {
    if (plan.items.some((item) => item.feature_id === id))
      uses.push({ kind: "plan", id: plan.plan_id, name: plan.name, page: "plans" });
    else if (plan.items.some((item) => item.entity_feature_id === id))
      uses.push({ kind: "plan, for each one held", id: plan.plan_id, name: plan.name, page: "plans" });
    else if (JSON.stringify(plan.controls ?? {}).includes(`"feature_id":${JSON.stringify(id)}`))
      uses.push({ kind: "limits of a plan", id: plan.plan_id, name: plan.name, page: "plans" });
  }
  for (const feature of features)
    if (feature.credit_costs.some((cost) => cost.feature_id === id))
      uses.push({ kind: "credit system", id: feature.feature_id, name: feature.name, page: "features" });
  for (const grant of grants)
    if (JSON.stringify(grant).includes(`"feature_id":${JSON.stringify(id)}`))
      uses.push({ kind: "feature grant", id: grant.feature_grant_id, name: grant.name || grant.feature_grant_id });
  return uses;
}
