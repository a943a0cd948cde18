// Addresses: /dashboard/<environment>/<page>/<rest…>?query. Links anywhere in the page are followed
// without loading it anew; pages are modules, loaded when they are first wanted:
//
//   export default { title: "Plans", async load(context) { return element }, leave() {} }
// context: { environment, page, path (the rest, decoded), query (URLSearchParams), signal (aborted when
// the page is left), session, can(scope), link(page, …parts), navigate(href), setQuery({name: value}), reload() }

const BASE = "/dashboard/";
let handler = null;

/** `show(route)` is called for each address, the present one first. */
export function startRouter(show) {
  handler = show;
  addEventListener("popstate", () => handler(parse(location)));
  document.addEventListener("click", (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const anchor = event.target.closest?.("a[href]");
    if (!anchor || anchor.target || anchor.hasAttribute("download")) return;
    const url = new URL(anchor.href);
    if (
      url.origin !== location.origin ||
      !url.pathname.startsWith(BASE) ||
      (url.hash && url.pathname === location.pathname)
    )
      return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
  return handler(parse(location));
}

/** Goes to an address of the dashboard. */
export function navigate(href, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", href);
  scrollTo(0, 0);
  return handler(parse(location));
}

/** Shows the present address again. */
export function reload() {
  return handler(parse(location));
}

/** Changes parts of the query without leaving the page; null or "" takes one away. */
export function setQuery(changes, { push = false } = {}) {
  const url = new URL(location);
  for (const [name, value] of Object.entries(changes))
    value === null || value === "" || value === undefined
      ? url.searchParams.delete(name)
      : url.searchParams.set(name, value);
  history[push ? "pushState" : "replaceState"](null, "", url);
}

/** An address: link("sandbox", "customers", "acme"). */
export function address(environment, page, ...parts) {
  return (
    BASE +
    [environment, page, ...parts]
      .filter((part) => part !== undefined && part !== "")
      .map((part) => encodeURIComponent(part))
      .join("/")
  );
}

/** What an address means. */
export function parse({ pathname, search }) {
  const parts = pathname
    .slice(BASE.length)
    .split("/")
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
  const known = parts[0] === "sandbox" || parts[0] === "live";
  return {
    environment: known ? parts[0] : null,
    page: known ? (parts[1] ?? "") : (parts[0] ?? ""),
    path: known ? parts.slice(2) : parts.slice(1),
    query: new URLSearchParams(search),
  };
}
