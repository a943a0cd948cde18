// Editing a customer's controls: a list of each kind, replaced as a whole.

import { button, check, h, toast } from "../elements.js";
import { actionDialog, renamed } from "../acting.js";
import { editors } from "./control-editors.js";

// `entity`: its own, in place of the customer's; `after` shows it anew.
export function editControls(view, kind, entity, after) {
  const editor = editors[kind.key], rows = [];
  const list = h("div", { class: "stack" });
  const nothing = h("p", { class: "soft" }, "None. Without one, others count: an entity’s, or the plans’.");
  const refresh = () => {
    nothing.hidden = rows.length > 0;
    rows.forEach((row, index) => row.renumber(index));
  };
  const add = (entry) => {
    // Paths are of places in the list, which move when one before is taken out.
    const made = editor.make(view, entry, `${kind.key}[?]`);
    const on = check({
      label: editor.enabledLabel ?? "In force",
      checked: entry.enabled,
      path: `${kind.key}[?].enabled`,
    });
    const all = [...made.fields, on];
    const paths = all.map((one) => one.dataset.path);
    const row = {
      read: () => ({ ...made.read(), enabled: on.control.checked }),
      renumber: (index) =>
        all.forEach((one, at) => {
          one.dataset.path = paths[at].replace("[?]", `[${index}]`);
        }),
      element: h(
        "fieldset",
        { class: "control-row" },
        h("legend", { class: "visually-hidden" }, kind.name),
        h("div", { class: "fields" }, made.fields),
        h(
          "div",
          { class: "row row-between" },
          on,
          button("Take out", {
            small: true,
            quiet: true,
            icon: "trash",
            onClick: () => {
              rows.splice(rows.indexOf(row), 1);
              row.element.remove();
              refresh();
            },
          }),
        ),
      ),
    };
    rows.push(row);
    list.append(row.element);
    refresh();
    return row;
  };
  for (const entry of (entity ?? view.customer).controls?.[kind.key] ?? []) add(entry);
  refresh();
  actionDialog(view.context, {
    title: entity ? `${kind.name} of ${entity.name || entity.entity_id}` : kind.name,
    submit: "Save",
    wide: true,
    live: "The limits of a real customer change at once.",
    fields: [
      nothing,
      list,
      h(
        "div",
        null,
        button("Add", {
          small: true,
          icon: "plus",
          onClick: () => {
            add(editor.blank).element.querySelector("select, input")?.focus();
          },
        }),
      ),
    ],
    run: async (send) => {
      const asked = {
        customer_id: view.id,
        entity_id: entity?.entity_id ?? "",
        [kind.key]: { items: rows.map((row) => row.read()) },
      };
      const { customer } = await send("CustomerService/UpdateControls", asked).catch((error) => {
        throw renamed(error, (path) => path.replace(".items[", "["));
      });
      view.show(customer);
      await after?.();
      toast("Saved");
    },
  });
}

export function editPooling(view) {
  const off = check({
    label: "Entities draw only from what is their own",
    hint: "Otherwise they draw from the customer’s balances, too.",
    checked: view.customer.pooling_disabled,
    path: "pooling_disabled",
  });
  actionDialog(view.context, {
    title: "Pooling of entities",
    submit: "Save",
    fields: [off],
    run: async (send) => {
      const { customer } = await send("CustomerService/UpdateControls", {
        customer_id: view.id,
        pooling_disabled: off.control.checked,
      });
      view.show(customer);
      toast("Saved");
    },
  });
}
