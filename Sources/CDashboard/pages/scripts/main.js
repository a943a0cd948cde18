// Starts the dashboard: who is signed in, the frame around the pages, which page is shown.

import { ApiError, onSessionEnd, readSessions, setEnvironment } from "./api.js";
import { emptyState, errorState, button, h, replace, skeleton, toast } from "./elements.js";
import { makeFrame } from "./frame.js";
import { address, navigate, reload, setQuery, startRouter } from "./router.js";
import { signInForm, signInOver } from "./sign-in.js";

/** Pages of the navigation, in its order; `scope`: what it takes to see one. */
export const PAGES = [
  { id: "plans", label: "Plans", scope: "catalog:read" },
  { id: "features", label: "Features", scope: "catalog:read" },
  { id: "rewards", label: "Rewards", scope: "catalog:read" },
  { id: "customers", label: "Customers", scope: "customers:read" },
  { id: "usage", label: "Usage", scope: "usage:read" },
  { id: "explain", label: "Explain", scope: "entitlement:read" },
  { id: "simulate", label: "Simulate", scope: "catalog:read" },
  { id: "system", label: "System" },
];
const MODULES = new Set([...PAGES.map((page) => page.id), "members"]);

const state = { sessions: {}, frame: null, page: null, abort: null, turn: 0 };
const app = document.getElementById("app");

/** Whether a session may do what a scope allows. */
export function allows(session, scope) {
  return Boolean(session) && (!scope || session.scopes.includes("*") || session.scopes.includes(scope));
}

async function show(route) {
  const turn = ++state.turn;
  state.page?.leave?.();
  state.page = null;
  state.abort?.abort();
  state.abort = new AbortController();
  if (route.page === "sign-in" || !Object.keys(state.sessions).length) return showSignIn(route);
  const environment =
    route.environment ?? (state.sessions[remembered()] ? remembered() : Object.keys(state.sessions)[0]);
  if (!route.environment || !route.page)
    return navigate(address(environment, route.page || "plans", ...route.path) + location.search, { replace: true });
  localStorage.setItem("tally-environment", environment);
  setEnvironment(environment);
  const session = state.sessions[environment];
  state.frame ??= makeFrame({
    pages: PAGES,
    allows,
    onSignedOut: (name) => {
      delete state.sessions[name];
      reload();
    },
  });
  if (!state.frame.element.isConnected) replace(app, state.frame.element);
  state.frame.update({ environment, page: route.page, sessions: state.sessions });
  const main = state.frame.main;
  if (!session)
    return replace(main, h("div", { class: "page page-narrow" }, signInForm({ environment, onDone: signedIn })));
  if (!MODULES.has(route.page)) {
    return replace(
      main,
      emptyState({
        heading: "h1",
        title: "There is no such page",
        text: "The address may be mistyped, or of another version.",
        actions: button("Go to plans", { href: address(environment, "plans") }),
      }),
    );
  }
  const context = {
    ...route,
    environment,
    session,
    signal: state.abort.signal,
    navigate,
    setQuery,
    reload,
    can: (scope) => allows(session, scope),
    link: (page, ...parts) => address(environment, page, ...parts),
    setTitle: (title) => {
      document.title = `${title} · Tally${environment === "sandbox" ? " sandbox" : ""}`;
    },
  };
  const first = main.childElementCount === 0;
  const waiting = setTimeout(
    () => {
      if (turn === state.turn) replace(main, h("div", { class: "page" }, skeleton("lines", 8)));
    },
    first ? 0 : 120,
  );
  try {
    const { default: page } = await import(`./pages/${route.page}.js`);
    if (turn !== state.turn) return;
    state.page = page;
    context.setTitle(page.title);
    const element = await page.load(context);
    if (turn === state.turn) {
      replace(main, element);
      settle(main, first);
    }
  } catch (error) {
    if (turn !== state.turn || error.name === "AbortError") return;
    if (!(error instanceof ApiError)) console.error(error);
    replace(
      main,
      h(
        "div",
        { class: "page page-narrow" },
        errorState(
          error instanceof ApiError ? error : { message: `The page couldn’t be shown. ${error.message}` },
          reload,
        ),
      ),
    );
  } finally {
    clearTimeout(waiting);
  }
}

/** "/" goes to the page's search, as in most such tools. */
function searchByKey(event) {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("main input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

/** Whoever moves by keyboard or listens goes on at the new page's title. */
function settle(main, first) {
  // The browser itself heeds "autofocus" only in the page that it loaded.
  const wanted = main.querySelector("[autofocus]") ?? (first ? null : main.querySelector("h1"));
  if (wanted && (document.activeElement === document.body || !main.contains(document.activeElement)))
    wanted.focus({ preventScroll: true });
}

function showSignIn(route) {
  document.title = "Sign in · Tally";
  state.frame = null;
  const environment = route.environment ?? remembered();
  // The token leaves the address bar and the history at once.
  const token = route.page === "sign-in" ? route.query.get("token") : null;
  if (token) history.replaceState(null, "", "/dashboard/sign-in");
  replace(app, h("main", { class: "entry" }, signInForm({ environment, token, onDone: signedIn })));
}

function signedIn(session) {
  state.sessions[session.environment] = session;
  const there = location.pathname.startsWith("/dashboard/sign-in")
    ? address(session.environment, "plans")
    : location.pathname + location.search;
  const other = /^\/dashboard\/(sandbox|live)\b/.exec(there);
  return navigate(other && other[1] !== session.environment ? address(session.environment, "plans") : there, {
    replace: true,
  });
}

function remembered() {
  const name = localStorage.getItem("tally-environment");
  return name === "live" || name === "sandbox" ? name : "sandbox";
}

/** What holds for the whole time: set up once. */
function listen() {
  onSessionEnd(async (environment) => {
    const begun = (session) => {
      state.sessions[session.environment] = session;
      state.frame?.update({ sessions: state.sessions });
    };
    const session = await signInOver(environment, { kind: state.sessions[environment]?.kind, onOther: begun });
    if (session) begun(session);
    return Boolean(session);
  });
  document.addEventListener("keydown", searchByKey);
  // What nobody caught: a call that was left is nothing, one that failed is told.
  addEventListener("unhandledrejection", (event) => {
    const { reason } = event;
    if (reason?.name === "AbortError") event.preventDefault();
    if (!(reason instanceof ApiError)) return;
    event.preventDefault();
    toast(reason.message, { tone: "wrong" });
  });
}

async function start() {
  replace(app, h("main", { class: "main" }, h("div", { class: "page" }, skeleton("lines", 8))));
  try {
    state.sessions = await readSessions();
  } catch (error) {
    return replace(app, h("main", { class: "entry" }, errorState(error, start)));
  }
  return startRouter(show);
}

listen();
start();
