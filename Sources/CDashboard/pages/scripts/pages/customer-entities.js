// A customer's entities (workspaces, seats, …) with what each of them may use.

import { call } from "../api.js";
import { isOffered } from "../archived.js";
import { ask, badge, button, emptyState, errorState, field, h, menu, replace, skeleton, toast } from "../elements.js";
import { quantity } from "../format.js";
import { actionDialog, confirmed, intent } from "../acting.js";
import { options } from "../known.js";
import { focusKey } from "../part.js";
import { editControls } from "./act-controls.js";
import { controlKinds } from "./customer-controls.js";
import { balanceBar, explain, figureOf, notes } from "./customer-balances.js";

export function entitiesCard(view) {
  const kinds = view.catalog.featuresOfType("allocated").filter((each) =>
    isOffered(each) || view.customer.balances.some((balance) => balance.feature_id === each.feature_id)
  );
  const host = h("div", null), title = h("h2", null, "Entities");
  const element = h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "card-head" },
      title,
      view.can("customers:write") && kinds.length > 0 &&
        button("New entity", { small: true, icon: "plus", onClick: () => create(view, kinds, load) }),
    ),
    host,
  );
  let shown, count, timer, loadedAt = 0;
  const update = () => {
    const { entity_count: total, balances } = view.customer;
    element.hidden = total === 0 && kinds.length === 0;
    title.textContent = total > 0 ? `Entities (${quantity(total)})` : "Entities";
    // What an entity has changes with what the customer has.
    const key = JSON.stringify([total, total > 0 && balances]);
    if (key === shown) return;
    // While much is tracked that is every two seconds; entities are many, and are asked for less often.
    const wait = shown === undefined || total !== count ? 0 : Math.max(0, 10e3 - (Date.now() - loadedAt));
    shown = key;
    count = total;
    clearTimeout(timer);
    timer = setTimeout(load, wait);
  };
  view.context.signal.addEventListener("abort", () => clearTimeout(timer));

  async function load() {
    if (view.customer.entity_count === 0) {
      return replace(
        host,
        h(
          "p",
          { class: "soft" },
          "None. An entity is a part of a customer, such as a workspace or a seat, with balances and limits of its own.",
        ),
      );
    }
    if (!host.childElementCount) replace(host, skeleton("lines", 3));
    if (host.querySelector(":popover-open")) return void (timer = setTimeout(load, 3000));
    loadedAt = Date.now();
    const open = new Set([...host.querySelectorAll("details[open]")].map((each) => each.dataset.key));
    try {
      const reply = await call("CustomerService/ListEntities", { customer_id: view.id, page_size: 50 }, {
        signal: view.context.signal,
      });
      const focused = host.contains(document.activeElement) ? focusKey(document.activeElement) : undefined;
      const list = h("ul", { class: "line-list" }, reply.entities.map((each) => entityRow(view, each, open, load)));
      replace(
        host,
        reply.entities.length ? list : emptyState({ title: "None" }),
        reply.next_page_token && more(view, list, reply.next_page_token, load),
      );
      if (focused) host.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    } catch (error) {
      if (error.name !== "AbortError") replace(host, errorState(error, load));
    }
  }
  update();
  return { element, update };
}

function more(view, list, token, load) {
  let next = token;
  const press = button("Show more", {
    small: true,
    onClick: async () => {
      const reply = await call("CustomerService/ListEntities", {
        customer_id: view.id,
        page_size: 50,
        page_token: next,
      }, { signal: view.context.signal });
      list.append(...reply.entities.map((each) => entityRow(view, each, new Set(), load)));
      next = reply.next_page_token;
      if (!next) press.remove();
    },
  });
  return press;
}

function entityRow(view, entity, open, load) {
  const name = entity.name || entity.entity_id || "Not taken yet";
  const balances = entity.balances.map((balance) => {
    const bar = balanceBar(view.catalog.featureName(balance.feature_id));
    bar.update(balance);
    return h(
      "div",
      { class: "balance" },
      h(
        "div",
        { class: "row row-between" },
        h("span", null, view.catalog.featureName(balance.feature_id)),
        h("span", null, figureOf(balance)),
      ),
      bar.element,
      h(
        "div",
        { class: "row row-between" },
        h("span", { class: "soft small" }, notes(view, balance)),
        entity.entity_id &&
          h("a", {
            class: "small",
            href: explain(view, balance.feature_id, entity.entity_id),
            "aria-label": `Why ${view.catalog.featureName(balance.feature_id)} of ${name}?`,
          }, "Why?"),
      ),
    );
  });
  return h(
    "li",
    null,
    h(
      "div",
      { class: "row row-between entity-head" },
      h(
        "span",
        { class: "grow" },
        h("strong", null, name),
        " ",
        badgeText(view.catalog.featureName(entity.feature_id)),
        h(
          "span",
          { class: "soft small block" },
          entity.entity_id && h("code", null, entity.entity_id),
          " · made ",
          view.time(entity.create_time),
        ),
      ),
      view.can("customers:write") && entity.entity_id &&
        menu(
          button(`Change ${name}`, {
            icon: "more",
            iconOnly: true,
            small: true,
            quiet: true,
            "data-focus": `entity-${entity.entity_id}`,
          }),
          [
            {
              label: "Rename",
              icon: "edit",
              onClick: () => rename(view, entity, load),
            },
            ...controlKinds.filter((kind) => kind.key !== "auto_topups").map((kind) => ({
              label: kind.name,
              onClick: () => editControls(view, kind, entity, load),
            })),
            "-",
            { label: "Delete", icon: "trash", danger: true, onClick: () => remove(view, entity) },
          ],
        ),
    ),
    limitsOf(view, entity),
    balances.length > 0 &&
      h(
        "details",
        { class: "more", "data-key": entity.entity_id, open: open.has(entity.entity_id) },
        h("summary", { class: "small", "data-focus": `balances-${entity.entity_id}` }, `Balances (${balances.length})`),
        h("div", { class: "balance-list" }, balances),
      ),
  );
}

function limitsOf(view, entity) {
  const texts = controlKinds.flatMap((kind) =>
    (entity.controls?.[kind.key] ?? []).map((each) =>
      h("li", null, `${kind.name}: `, kind.text(view, each), !each.enabled && !kind.always && " (off)")
    )
  );
  return texts.length > 0 && h("ul", { class: "small soft" }, texts);
}

function badgeText(text) {
  const mark = badge("x");
  mark.textContent = text;
  return mark;
}

function create(view, kinds, load) {
  const feature = field({
    label: "It is one of",
    path: "feature_id",
    type: "select",
    options: options(kinds, "feature_id"),
    value: options(kinds, "feature_id")[0].value,
  });
  const id = field({
    label: "Id",
    path: "entity_id",
    required: true,
    hint: "Yours to choose: letters, digits, “_”, “:” and “-”.",
  });
  const name = field({ label: "Name", path: "name", optional: true });
  actionDialog(view.context, {
    title: "New entity",
    submit: "Create",
    fields: [feature, id, name],
    run: async (send) => {
      await send("CustomerService/CreateEntity", {
        customer_id: view.id,
        feature_id: feature.control.value,
        entity_id: id.control.value.trim(),
        name: name.control.value.trim(),
      });
      toast("Created");
      await view.refresh();
      await load();
    },
  });
}

function rename(view, entity, load) {
  const name = field({ label: "Name", path: "name", value: entity.name });
  actionDialog(view.context, {
    title: `Rename ${entity.entity_id}`,
    submit: "Rename",
    fields: [name],
    run: async (send) => {
      await send("CustomerService/UpdateEntity", {
        customer_id: view.id,
        entity_id: entity.entity_id,
        name: name.control.value.trim(),
      });
      await load();
    },
  });
}

async function remove(view, entity) {
  const send = intent();
  const sure = await ask({
    title: `Delete ${entity.name || entity.entity_id}?`,
    danger: true,
    confirm: "Delete",
    text: "What it had of its own goes with it, and one less of its feature is in use.",
    run: async () => {
      if (!(await confirmed(view.context, "An entity of a real customer is deleted.", "Delete"))) return;
      await send("CustomerService/DeleteEntity", { customer_id: view.id, entity_id: entity.entity_id });
    },
  });
  if (!sure) return;
  toast("Deleted");
  await view.refresh();
}
