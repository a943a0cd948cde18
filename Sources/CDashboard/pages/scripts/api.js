// The API as the dashboard calls it.
//
//   const { customer } = await call("CustomerService/GetCustomer", { customer_id: "acme" }, { signal });
//   const { members } = await dashboard("members.list");
//   for await (const reply of pages("CustomerService/ListCustomers", { page_size: 100 })) …
// Both throw ApiError. After a 401 the sign-in opens over the page and the call is made again.

export class ApiError extends Error {
  constructor(status, body) {
    super(body.message || "The server answered with an error.");
    this.name = "ApiError";
    /** @type {number} of HTTP; 0: no answer came. */ this.status = status;
    /** @type {string} such as "not_found". */ this.code = body.code ?? "unknown";
    /** @type {string} such as "CUSTOMER_NOT_FOUND". */ this.reason = body.reason ?? "";
    /** @type {{field: string, message: string}[]} */ this.violations = body.violations ?? [];
    /** @type {Object<string, string>} */ this.metadata = body.metadata ?? {};
    /** @type {number} seconds, where the server says when to try again. */ this.retryAfter = body.retryAfter ?? 0;
  }
}

let environment = "sandbox";
let signIn = null;

/** Which environment calls are for, from now on. */
export function setEnvironment(name) {
  environment = name;
}
export function currentEnvironment() {
  return environment;
}

/** `handler(environment)`: opens the sign-in, and resolves true once there is a session again. */
export function onSessionEnd(handler) {
  signIn = handler;
}

/** Calls a method of the API, such as "CustomerService/GetCustomer". */
export function call(method, body = {}, { signal, environment: other } = {}) {
  return post(`/tally.v1.${method}`, body, { signal, environment: other ?? environment });
}

/** Calls what only the dashboard has, such as "members.list". */
export function dashboard(name, body = {}, { signal, environment: other, quiet } = {}) {
  return post(`/dashboard/api/${name}`, body, { signal, environment: other ?? environment, quiet });
}

/** The sessions there are, by environment: { sandbox: S, live: S }. */
export async function readSessions() {
  const response = await reach("/dashboard/api/session", { headers: { accept: "application/json" } });
  if (!response.ok) throw await failure(response);
  const { sessions } = await response.json();
  return Object.fromEntries(sessions.map((session) => [session.environment, session]));
}

/** Every page of a list, one reply after another. */
export async function* pages(method, body = {}, options = {}) {
  let token = "";
  do {
    const reply = await call(method, token ? { ...body, page_token: token } : body, options);
    yield reply;
    token = reply.next_page_token;
  } while (token);
}

/** An id for a call that must count once, however often it is sent. */
export function requestId() {
  return `dash_${crypto.randomUUID()}`;
}

async function post(path, body, { signal, environment: where, quiet }) {
  for (let again = true; ; again = false) {
    const response = await reach(path, {
      method: "POST",
      signal,
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", accept: "application/json", "x-tally-environment": where },
    });
    if (response.ok) return response.status === 204 ? {} : await response.json();
    const error = await failure(response);
    if (response.status === 401 && again && !quiet && signIn && (await signIn(where))) continue;
    throw error;
  }
}

async function reach(path, options) {
  try {
    return await fetch(path, { ...options, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "unavailable", message: "The server can’t be reached." });
  }
}

async function failure(response) {
  const body = await response.json().catch(() => ({ message: `The server answered with ${response.status}.` }));
  return new ApiError(response.status, { ...body, retryAfter: Number(response.headers.get("retry-after")) || 0 });
}
