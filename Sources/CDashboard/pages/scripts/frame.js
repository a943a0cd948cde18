// The frame around the pages: the environment's band, the side with the navigation, the member's menu.

import { dashboard } from "./api.js";
import { append, button, h, icon, menu, replace, words } from "./elements.js";
import { address } from "./router.js";

const TOLD = { sandbox: "test cards only, no money moves", live: "real customers, real money" };

/** @returns {{element, main, update({environment?, page?, sessions?})}} */
export function makeFrame({ pages, allows, onSignedOut }) {
  const state = { environment: "sandbox", page: "", sessions: {} };
  const band = h("div", { class: "band", role: "status" });
  const choice = h("div", { class: "switch", role: "group", "aria-label": "Environment" });
  const list = h("nav", { class: "nav", "aria-label": "Pages" });
  const foot = h("div", { class: "side-foot" });
  const side = h(
    "aside",
    { class: "side", id: "side", "aria-label": "Navigation" },
    h("a", { class: "brand", href: "/dashboard/" }, h("img", { src: "/dashboard/icons/tally.svg", alt: "" }), "Tally"),
    choice,
    list,
    foot,
  );
  const scrim = h("button", {
    class: "scrim",
    type: "button",
    hidden: true,
    "aria-label": "Close the menu",
    tabindex: "-1",
    onclick: () => open(false),
  });
  const opener = button("Menu", {
    icon: "menu",
    iconOnly: true,
    quiet: true,
    "aria-expanded": "false",
    "aria-controls": "side",
    onClick: () => open(!side.classList.contains("open")),
  });
  const place = h("span", { class: "strong" });
  const main = h("main", { class: "main", id: "main", tabindex: "-1" });
  const element = h(
    "div",
    { class: "frame" },
    h(
      "a",
      {
        class: "skip",
        href: "#main",
        onclick: (event) => {
          event.preventDefault();
          main.focus();
        },
      },
      "Skip to the page",
    ),
    band,
    h("header", { class: "top" }, opener, place),
    side,
    scrim,
    main,
  );

  function open(on) {
    side.classList.toggle("open", on);
    scrim.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
    main.inert = on;
    on ? side.querySelector("a[href]")?.focus() : opener.focus();
  }
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("open")) open(false);
  });
  // Wider than the drawer's limit it is no drawer any more.
  matchMedia("(min-width: 60.01rem)").addEventListener("change", (event) => {
    if (event.matches && side.classList.contains("open")) open(false);
  });

  function draw() {
    const { environment, page, sessions } = state;
    band.className = `band band-${environment}`;
    replace(band, h("strong", null, words(environment)), h("span", null, TOLD[environment]));
    replace(
      choice,
      ["sandbox", "live"].map((name) =>
        h(
          "a",
          {
            href: address(name, MAIN.has(page) ? page : "plans"),
            "aria-current": name === environment ? "true" : null,
          },
          h("span", { class: `dot dot-${name}` }),
          words(name),
        ),
      ),
    );
    const session = sessions[environment];
    replace(
      list,
      pages
        .filter((entry) => !entry.scope || !session || allows(session, entry.scope))
        .map((entry) =>
          h(
            "a",
            { href: address(environment, entry.id), "aria-current": entry.id === page ? "page" : null },
            icon(entry.id),
            entry.label,
          ),
        ),
    );
    if (session?.role === "admin")
      append(
        list,
        h(
          "a",
          { href: address(environment, "members"), "aria-current": page === "members" ? "page" : null },
          icon("members"),
          "Members",
        ),
      );
    replace(foot, session && memberMenu(session));
    place.textContent = pages.find((entry) => entry.id === page)?.label ?? words(page);
  }
  const MAIN = new Set([...pages.map((entry) => entry.id), "members"]);

  function memberMenu(session) {
    const name = session.name || "Signed in";
    const who = h(
      "button",
      { class: "who", type: "button" },
      h("span", { class: "avatar", "aria-hidden": "true" }, name.trim().charAt(0).toUpperCase()),
      h(
        "span",
        { class: "grow" },
        h("span", { class: "name" }, name),
        h("span", { class: "soft small" }, words(session.role), session.kind === "key" ? " key" : ""),
      ),
      icon("up"),
    );
    return menu(who, () => [
      { note: `${name}, ${session.role} in ${session.environment}` },
      "-",
      ...[
        ["auto", "System theme", "screen"],
        ["light", "Light", "sun"],
        ["dark", "Dark", "moon"],
      ].map(([id, label, symbol]) => ({ label, icon: symbol, checked: theme() === id, onClick: () => setTheme(id) })),
      "-",
      {
        label: `Sign out of ${session.environment}`,
        icon: "signout",
        onClick: async () => {
          await dashboard("sign-out", { environment: session.environment });
          onSignedOut(session.environment);
        },
      },
    ]);
  }

  return {
    element,
    main,
    update(changes) {
      Object.assign(state, changes);
      side.classList.remove("open");
      scrim.hidden = true;
      main.inert = false;
      opener.setAttribute("aria-expanded", "false");
      draw();
    },
  };
}

const theme = () => document.documentElement.dataset.theme ?? "auto";

function setTheme(id) {
  if (id === "auto") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("tally-theme");
  } else {
    document.documentElement.dataset.theme = id;
    localStorage.setItem("tally-theme", id);
  }
}
