// A field for a customer's id that finds customers by name or email as one types.

import { call } from "./api.js";
import { field, h, replace, unique } from "./elements.js";

export function customerField({ signal, label = "Customer", hint, onInput, ...rest }) {
  const list = h("datalist", { id: unique("customers") });
  const element = field({ label, hint, ...rest });
  element.control.setAttribute("list", list.id);
  element.append(list);
  let timer, current;
  element.control.addEventListener("input", () => {
    onInput?.(element.control.value.trim());
    clearTimeout(timer);
    timer = setTimeout(find, 150);
  });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    current?.abort();
  });
  async function find() {
    current?.abort();
    current = new AbortController();
    try {
      const { customers } = await call("CustomerService/ListCustomers", {
        search: element.control.value.trim(),
        page_size: 8,
      }, { signal: current.signal });
      replace(
        list,
        customers.map((each) =>
          h("option", { value: each.customer_id, label: [each.name, each.email].filter(Boolean).join(", ") })
        ),
      );
    } catch {
      // It is only a help: what is typed by hand is as good.
    }
  }
  return element;
}
