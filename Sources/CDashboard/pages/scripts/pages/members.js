// Who may use the dashboard: inviting, roles, and ending somebody's access at once.

import { dashboard } from "../api.js";
import {
  ask,
  badge,
  button,
  card,
  copyable,
  dialog,
  emptyState,
  field,
  form,
  h,
  loading,
  menu,
  notice,
  pageHead,
  table,
  toast,
  words,
} from "../elements.js";
import { dateTime, timeElement } from "../format.js";

const ROLES = [
  { value: "viewer", label: "Viewer", hint: "Sees everything, changes nothing." },
  { value: "support", label: "Support", hint: "Also changes customers, usage and balances." },
  { value: "billing", label: "Billing", hint: "Also sells, refunds and handles invoices." },
  { value: "admin", label: "Admin", hint: "Also changes plans, keys and members." },
];
const hintOf = (role) => ROLES.find((entry) => entry.value === role)?.hint ?? "";

export default {
  title: "Members",
  async load(context) {
    if (context.session.role !== "admin") {
      return h(
        "div",
        { class: "page" },
        pageHead("Members"),
        emptyState({
          title: "For admins",
          text: "Ask an admin to invite somebody or to change a role.",
          icon: "shield",
        }),
      );
    }
    const list = loading(() => show(context, () => list.reload()));
    return h(
      "div",
      { class: "page" },
      pageHead("Members", {
        lead: `People who sign in to ${context.environment === "live" ? "live" : "the sandbox"}. Who works in both is invited to both.`,
        actions: button("Invite", { primary: true, icon: "plus", onClick: () => invite(() => list.reload()) }),
      }),
      card({ flush: true }, list),
    );
  },
};

async function show({ signal }, again) {
  const { members } = await dashboard("members.list", {}, { signal });
  const order = { active: 0, invited: 1, revoked: 2 };
  const rows = [...members].sort((a, b) => order[a.state] - order[b.state]);
  return table({
    caption: "Members",
    rows,
    empty: emptyState({
      title: "Nobody yet",
      text: "You are signed in with a key. Invite people, so that each has a name in the audit.",
      icon: "members",
    }),
    columns: [
      { label: "Name", cell: (row) => h("span", { class: row.state === "revoked" ? "soft" : "strong" }, row.name) },
      { label: "Role", cell: (row) => h("span", { title: hintOf(row.role) }, words(row.role)) },
      { label: "State", cell: (row) => badge(row.state) },
      { label: "Since", cell: (row) => timeElement(row.created_at, { full: true }) },
      {
        label: "Last seen",
        cell: (row) => (row.last_seen_at ? timeElement(row.last_seen_at) : h("span", { class: "soft" }, "Never")),
      },
      {
        label: "Actions",
        hidden: true,
        numeric: true,
        cell: (row) => (row.state === "revoked" ? null : actions(row, again)),
      },
    ],
  });
}

function actions(member, again) {
  return menu(button(`Actions for ${member.name}`, { icon: "more", iconOnly: true, quiet: true, small: true }), [
    { label: "Change role", icon: "edit", onClick: () => changeRole(member, again) },
    { label: "Make another link", icon: "link", onClick: () => relink(member) },
    {
      label: member.state === "invited" ? "Withdraw invitation" : "Revoke access",
      icon: "trash",
      danger: true,
      onClick: () => revoke(member, again),
    },
  ]);
}

/** The role as a choice, with what it means. */
function roleField(value) {
  const hint = h("p", { class: "hint" }, hintOf(value));
  const choice = field({
    label: "Role",
    path: "role",
    type: "select",
    value,
    options: ROLES,
    onInput: (role) => {
      hint.textContent = hintOf(role);
    },
  });
  choice.append(hint);
  return choice;
}

function invite(again) {
  const name = field({
    label: "Name",
    path: "name",
    required: true,
    hint: "As it will stand in the audit.",
    maxlength: "120",
  });
  const role = roleField("viewer");
  const box = dialog({
    title: "Invite somebody",
    body: form({
      fields: [name, role],
      submit: "Make a link",
      cancel: () => box.close(),
      onSubmit: async () => {
        const made = await dashboard("members.invite", { name: name.control.value.trim(), role: role.control.value });
        box.close();
        showLink(made);
        again();
      },
    }),
  });
}

function showLink({ member, link, expires_at: expires }) {
  const box = dialog({
    title: `A link for ${member.name}`,
    body: [
      h(
        "p",
        null,
        "Send it to them. It signs in once, as ",
        h("strong", null, words(member.role)),
        expires && `, until ${dateTime(expires)}`,
        ".",
      ),
      copyable(link),
      notice("It isn’t shown again. If it gets lost, make another one.", "warn"),
    ],
    actions: (close) => button("Done", { primary: true, onClick: () => close() }),
  });
  return box;
}

/** For who has lost the session, or the link. */
async function relink(member) {
  let made = null;
  await ask({
    title: `Another link for ${member.name}?`,
    text: "For who has lost the session or the link. It signs in once; sessions that there are go on.",
    confirm: "Make a link",
    run: async () => {
      made = await dashboard("members.link", { id: member.id });
    },
  });
  if (made) showLink(made);
}

function changeRole(member, again) {
  const role = roleField(member.role);
  const box = dialog({
    title: `Role of ${member.name}`,
    body: form({
      fields: [role],
      submit: "Change role",
      cancel: () => box.close(),
      onSubmit: async () => {
        await dashboard("members.change", { id: member.id, role: role.control.value });
        box.close();
        toast(`${member.name} is ${words(role.control.value).toLowerCase()} now.`);
        again();
      },
    }),
  });
}

async function revoke(member, again) {
  const done = await ask({
    title: `${member.state === "invited" ? "Withdraw the invitation of" : "Revoke the access of"} ${member.name}?`,
    text:
      member.state === "invited"
        ? "The link stops working at once."
        : "They are signed out everywhere at once. What they did stays in the audit.",
    confirm: member.state === "invited" ? "Withdraw" : "Revoke",
    danger: true,
    run: () => dashboard("members.revoke", { id: member.id }),
  });
  if (!done) return;
  toast(`${member.name} has no access any more.`);
  again();
}
