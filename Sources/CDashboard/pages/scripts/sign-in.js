// Signing in: with a key, or with a link that was sent. Over a page whose session ended, nothing that
// was typed there is lost.

import { dashboard, readSessions } from "./api.js";
import { button, dialog, field, form, h, notice, tabs, toast, words } from "./elements.js";
import { relativeTime } from "./format.js";

const REASONS = {
  KEY_UNKNOWN: "There is no such key, or it was revoked or has expired.",
  KEY_CANNOT_SIGN_IN: "Only secret keys can sign in here. This one is for pages or for a customer’s application.",
  LINK_UNKNOWN: "This link was used already, or has expired. Ask for another one.",
  TOO_MANY_ATTEMPTS: "Too many attempts failed. Wait a minute and try again.",
};

/** A card to sign in with. `onDone(session)`. */
export function signInForm({ environment, token, onDone }) {
  const title = h("h1", { tabindex: "-1" }, "Sign in to Tally");
  const about = h(
    "p",
    { class: "soft" },
    token
      ? "You were sent a link that signs you in, once."
      : `Enter a secret key of ${environment === "live" ? "live" : "the sandbox"}, or open the link that an admin sent you.`,
  );
  const box = h(
    "section",
    { class: "card entry-card" },
    h("img", { src: "/dashboard/icons/tally.svg", alt: "", width: "40", height: "40" }),
    title,
    about,
  );
  box.append(
    token
      ? linkForm(token, onDone, () => box.replaceWith(signInForm({ environment, onDone })))
      : keyForm(environment, onDone),
  );
  return box;
}

function keyForm(environment, onDone) {
  const key = field({
    label: "Secret key",
    path: "key",
    type: "password",
    required: true,
    autocomplete: "current-password",
    placeholder: "tally_sk_…",
    autofocus: true,
    suffix: " ",
    hint: "It isn’t kept in the browser: the server answers with a session, in a cookie that scripts can’t read.",
  });
  const reveal = button("Show", {
    small: true,
    quiet: true,
    "aria-pressed": "false",
    onClick: () => {
      const shown = key.control.type === "text";
      key.control.type = shown ? "password" : "text";
      reveal.querySelector("span").textContent = shown ? "Show" : "Hide";
      reveal.setAttribute("aria-pressed", String(!shown));
    },
  });
  key.control.parentElement.append(reveal);
  return form({
    fields: [key],
    submit: "Sign in",
    class: "entry-form",
    onSubmit: () => attempt({ key: key.control.value.trim() }, environment, onDone, key),
  });
}

// A click, not the address alone: what only looks at links, as mail scanners do, must not use one up.
function linkForm(token, onDone, other) {
  return h(
    "div",
    { class: "stack" },
    form({ fields: [], submit: "Sign in", class: "entry-form", onSubmit: () => attempt({ token }, "sandbox", onDone) }),
    button("Use a key instead", { quiet: true, onClick: other }),
  );
}

/** Takes a link that was sent, or what stands behind its "token=". */
function pastedLinkForm(environment, onDone) {
  const link = field({
    label: "One-time link",
    path: "token",
    required: true,
    autofocus: true,
    placeholder: "https://…/dashboard/sign-in?token=…",
    hint: "Paste the whole link, or its token. An admin makes one under Members.",
  });
  return form({
    fields: [link],
    submit: "Sign in",
    class: "entry-form",
    onSubmit: () => attempt({ token: tokenOf(link.control.value) }, environment, onDone, link),
  });
}

function tokenOf(text) {
  const plain = text.trim();
  const found = /[?&]token=([^&#\s]+)/.exec(plain)?.[1] ?? plain;
  try {
    return decodeURIComponent(found);
  } catch {
    return found;
  }
}

async function attempt(body, environment, onDone, beside) {
  try {
    const { session } = await dashboard("sign-in", body, { environment, quiet: true });
    await onDone(session);
  } catch (error) {
    const message =
      (REASONS[error.reason] ?? error.message) +
      (error.reason === "TOO_MANY_ATTEMPTS" && error.retryAfter
        ? ` You can try again ${relativeTime(Date.now() + error.retryAfter * 1000)}.`
        : "");
    if (beside && error.status < 500 && error.status > 0) {
      beside.setError(message);
      beside.control.focus();
      return;
    }
    // Said in words of ours, not once more beside the server's field.
    Object.assign(error, { message, violations: [] });
    throw error;
  }
}

let open = null;
/**
 * Opens the sign-in over the page; one for all calls that were refused. Who came by a link has no key, and
 * takes another link here; or opens it in another tab, which has the same cookies.
 * @param {"key" | "member"} kind how the session that is over was begun; `onOther(session)`: one of the
 *   other environment was begun instead.
 * @returns the session, or null.
 */
export function signInOver(environment, { kind, onOther }) {
  open ??= new Promise((resolve) => {
    let session = null;
    const elsewhere = button("I have signed in elsewhere", {
      quiet: true,
      small: true,
      onClick: async () => {
        session = (await readSessions())[environment] ?? null;
        session ? box.close() : toast(`There is no session of ${environment} yet.`, { tone: "wrong" });
      },
    });
    const enter = (what) => (found) => {
      if (found.environment !== environment) {
        onOther(found);
        const there = `That was ${what} of ${found.environment}, where you are signed in now.`;
        throw Object.assign(new Error(`${there} This page is of ${environment}.`), { status: 0 });
      }
      session = found;
      box.close();
    };
    // Made once: what was typed into one is still there after a look at the other.
    const link = pastedLinkForm(environment, enter("a link"));
    const key = keyForm(environment, enter("a key"));
    const box = dialog({
      title: "Your session has ended",
      body: [
        notice(`Sign in again to ${words(environment)}. What you typed is still there.`),
        tabs(
          [
            { id: "link", label: "With a link", render: () => link },
            { id: "key", label: "With a key", render: () => key },
          ],
          { selected: kind === "member" ? "link" : "key", label: "Ways to sign in" },
        ),
        h("div", null, elsewhere),
      ],
      onClose: () => {
        open = null;
        resolve(session);
      },
    });
  });
  return open;
}
