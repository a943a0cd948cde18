"""The dashboard over the wire: its files, signing in and out, members and their roles, the audit."""

import json
import re
import ssl
import subprocess
import time

import httpx
import pytest

import pricing
from json_client import JSONClient
from tally_client import TallyClient
from tally_server import BINARY, ROOT, TallyServer
from test_tls import wait_for
from test_walkthrough import new_customer

LIST = "/v1/customers.list"
COOKIE = "__Host-tally-sandbox"


class Browser:
    """Keeps cookies as a browser does, and sends what the dashboard's scripts send."""

    def __init__(self, server, environment="sandbox"):
        self.http = httpx.Client(
            base_url=f"https://localhost:{server.port}", timeout=10,
            verify=ssl.create_default_context(cafile=server.ca_file))
        self.environment = environment

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def post(self, path, body=None, **headers):
        fields = {"x-tally-environment": self.environment, "sec-fetch-site": "same-origin"}
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.http.post(path, json={} if body is None else body, headers={
            name: value for name, value in fields.items() if value is not None})

    def api(self, name, body=None, **headers):
        return self.post(f"/dashboard/api/{name}", body, **headers)

    def sign_in(self, key=None, token=None):
        answer = self.api("sign-in", {"key": key} if key else {"token": token})
        assert answer.status_code == 200, answer.text
        return answer.json()["session"]

    @property
    def sessions(self):
        return self.http.get("/dashboard/api/session").json()["sessions"]


def brief(answer):
    body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    return f"{answer.status_code} {body.get('reason') or body.get('code') or ''}".strip()


def tally(server, *words, check=True):
    done = subprocess.run(
        [BINARY, *words, "--data", server.data], cwd=ROOT, capture_output=True, text=True,
        timeout=30, check=False)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout if check else done


def usable(server, key):
    """A running server notices keys of the command line within a second."""
    with JSONClient(server, key) as http:
        wait_for(lambda: http.post("customers.list").brief != "401 invalid_secret_key")
    return key


def token_of(link):
    return re.fullmatch(r"https://\S+/dashboard/sign-in\?token=(\w+)", link.strip())[1]


@pytest.fixture(scope="module")
def place(tmp_path_factory, certificates):
    """A server whose members are nobody else's, with a customer."""
    server = TallyServer(tmp_path_factory.mktemp("dashboard"), certificates)
    server.start()
    client = TallyClient(server, server.key)
    pricing.publish(client)
    customer_id = new_customer(client)
    try:
        yield server, customer_id
    finally:
        client.close()
        server.kill()


@pytest.fixture
def browser(place):
    with Browser(place[0]) as browser:
        yield browser


@pytest.fixture
def admin(place, browser):
    browser.sign_in(place[0].key)
    return browser


# Files

def test_files_are_served_with_a_policy_that_lets_nothing_else_in(browser):
    index = browser.http.get("/dashboard/")
    assert index.status_code == 200 and index.headers["content-type"].startswith("text/html")
    policy = dict(part.strip().split(" ", 1)
                  for part in index.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'",
        "img-src": "'self' data:", "connect-src": "'self'", "form-action": "'self'",
        "base-uri": "'none'", "frame-ancestors": "'none'"}
    assert index.headers["x-content-type-options"] == "nosniff"
    assert index.headers["referrer-policy"] == "same-origin"
    assert index.headers["cross-origin-opener-policy"] == "same-origin"
    assert index.headers["x-frame-options"] == "DENY"
    assert index.headers["cache-control"] == "no-cache"
    again = browser.http.get("/dashboard/", headers={"if-none-match": index.headers["etag"]})
    assert again.status_code == 304 and not again.content
    head = browser.http.head("/dashboard/")
    assert head.status_code == 200 and not head.content
    assert head.headers["content-length"] == str(len(index.content))
    for path in ["/dashboard/sandbox/customers/acme", "/dashboard/sign-in?token=x"]:
        assert browser.http.get(path).content == index.content
    moved = browser.http.get("/dashboard")
    assert (moved.status_code, moved.headers["location"]) == (308, "/dashboard/")
    assert browser.http.get("/dashboard/scripts/nope.js").status_code == 404
    assert browser.http.post("/dashboard/").status_code == 405
    assert brief(browser.http.get("/dashboard/api/nothing")) == "404 UNKNOWN"


def test_files_come_over_http_2_too(place):
    server, _ = place
    connection = server.connect(["h2"])
    connection.close()
    got = subprocess.run(
        ["curl", "--silent", "--http2", "--cacert", server.ca_file, "--write-out",
         "%{http_version} %{http_code}", "--output", "/dev/null",
         f"https://localhost:{server.port}/dashboard/live"],
        capture_output=True, text=True, timeout=30, check=True).stdout
    assert got == "2 200"


def test_a_listener_without_it_knows_nothing_of_it(tmp_path, certificates):
    server = TallyServer(tmp_path, certificates)
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"tally": {
        "listeners": ["api"],
        "listener": {"api": {"address": "127.0.0.1:0", "faces": ["json", "grpc"]}}}}))
    server.environment = {"TALLY_SETTINGS": str(settings)}
    command = server.command()
    at = command.index("--listen")
    server.command = lambda: command[:at] + command[at + 2:]
    server.start()
    try:
        with Browser(server) as browser:
            assert browser.http.get("/dashboard/").status_code == 404
            assert browser.api("sign-in", {"key": server.key}).status_code == 404
            assert "sign-in" not in server.log.read_text()
    finally:
        server.kill()


# Sessions

def test_a_key_signs_in_and_the_cookie_calls(place, browser):
    server, customer_id = place
    assert browser.sessions == []
    answer = browser.api("sign-in", {"key": server.key})
    cookie = answer.headers["set-cookie"]
    name, *attributes = [part.strip() for part in cookie.split(";")]
    assert re.fullmatch(COOKIE + r"=\w{43}", name)
    assert set(attributes) == {"Path=/", "Secure", "HttpOnly", "SameSite=Strict",
                               "Max-Age=604800"}
    session = answer.json()["session"]
    assert session["environment"] == "sandbox" and session["kind"] == "key"
    assert (session["name"], session["role"], session["scopes"]) == ("development", "admin", ["*"])
    assert session["expires_at"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert [found["name"] for found in browser.sessions] == ["development"]
    listed = browser.post(LIST)
    assert listed.status_code == 200
    assert customer_id in [customer["id"] for customer in listed.json()["list"]]
    # The cookie is no key, and counts for nothing without the header.
    value = name.partition("=")[2]
    assert brief(browser.post(LIST, x_tally_environment=None)) == "401 no_secret_key"
    assert brief(browser.post(LIST, x_tally_environment="live")) == "401 SESSION_OVER"
    assert brief(browser.post(LIST, x_tally_environment="test")) == "400 INVALID"
    for bearer in [value, "tally_ss_" + value]:
        direct = browser.post(LIST, x_tally_environment=None, authorization=f"Bearer {bearer}")
        assert brief(direct) == "401 invalid_secret_key"
        assert brief(browser.api("sign-in", {"key": bearer})) == "401 KEY_UNKNOWN"
    for site in ["cross-site", "same-site", "none"]:
        assert brief(browser.post(LIST, sec_fetch_site=site)) == "403 OTHER_SITE"
        assert brief(browser.api("sign-out", {}, sec_fetch_site=site)) == "403 OTHER_SITE"
    evil = browser.post(LIST, sec_fetch_site=None, origin="https://evil.example.com")
    assert brief(evil) == "403 OTHER_SITE"


def test_the_quick_way_of_checks_asks_for_the_cookie_too(place, admin):
    server, customer_id = place
    check = {"customer_id": customer_id, "feature_id": "test_messages"}
    answer = admin.post("/v1/balances.check", check)
    assert answer.status_code == 200 and answer.json()["customer_id"] == customer_id
    # Over HTTP/2, where checks are answered on the event loop.
    cookie = f"{COOKIE}={admin.http.cookies[COOKIE]}"
    for headers, status in [(["x-tally-environment: sandbox"], "2 200"), ([], "2 401")]:
        got = subprocess.run(
            ["curl", "--silent", "--http2", "--cacert", server.ca_file, "--cookie", cookie,
             "--json", json.dumps(check), *[word for line in headers for word in ("-H", line)],
             "--write-out", "%{http_version} %{http_code}", "--output", "/dev/null",
             f"https://localhost:{server.port}/v1/balances.check"],
            capture_output=True, text=True, timeout=30, check=True).stdout
        assert got == status


def test_signing_out_ends_the_session(place, admin):
    stolen = admin.http.cookies[COOKIE]
    gone = admin.api("sign-out", {"environment": "sandbox"})
    assert gone.status_code == 200 and "Max-Age=0" in gone.headers["set-cookie"]
    assert admin.sessions == []
    with Browser(place[0]) as thief:
        answer = thief.post(LIST, cookie=f"{COOKIE}={stolen}")
        assert brief(answer) == "401 SESSION_OVER"


def test_signing_in_anew_ends_the_session_before(place, admin):
    old = admin.http.cookies[COOKIE]
    admin.sign_in(place[0].key)
    assert admin.http.cookies[COOKIE] != old
    with Browser(place[0]) as other:
        assert brief(other.post(LIST, cookie=f"{COOKIE}={old}")) == "401 SESSION_OVER"


def test_both_environments_at_once(place, admin):
    server, _ = place
    live = json.loads(tally(server, "key", "create", "--environment", "live", "--json"))["key"]
    admin.sign_in(usable(server, live))
    assert [found["environment"] for found in admin.sessions] == ["sandbox", "live"]
    listed = admin.post(LIST, x_tally_environment="live").json()["list"]
    assert listed == [] and admin.post(LIST).json()["list"] != []
    admin.api("sign-out", {"environment": "live"})
    assert [found["environment"] for found in admin.sessions] == ["sandbox"]


REFUSED = [
    ({}, "400 INVALID"), ({"key": 1}, "400 INVALID"), ({"key": "a", "token": "b"}, "400 INVALID"),
    ({"key": "tally_sk_sandbox_" + "x" * 43}, "401 KEY_UNKNOWN"), ({"key": ""}, "401 KEY_UNKNOWN"),
    ({"token": "tally_li_sandbox_" + "x" * 43}, "401 LINK_UNKNOWN"),
]


def test_what_does_not_sign_in(own_server):
    with Browser(own_server) as browser:
        for body, outcome in REFUSED:
            assert brief(browser.api("sign-in", body)) == outcome
        publishable = tally(own_server, "key", "create", "--publishable").strip()
        customers = tally(own_server, "key", "create", "--customer", "acme").strip()
        for key in [publishable, customers]:
            answer = browser.api("sign-in", {"key": usable(own_server, key)})
            assert brief(answer) == "403 KEY_CANNOT_SIGN_IN"
        form = browser.http.post("/dashboard/api/sign-in", data={"key": own_server.key})
        assert brief(form) == "415 CONTENT_TYPE"
        text = browser.http.post("/dashboard/api/sign-in", content=b"{",
                                 headers={"content-type": "application/json"})
        assert brief(text) == "400 INVALID"
        assert browser.http.get("/dashboard/api/sign-in").headers["allow"] == "POST"


def test_too_many_failures_have_to_wait(own_server):
    with Browser(own_server) as browser:
        outcomes = [brief(browser.api("sign-in", {"key": f"tally_sk_live_{number}"}))
                    for number in range(11)]
        assert outcomes == ["401 KEY_UNKNOWN"] * 10 + ["429 TOO_MANY_ATTEMPTS"]
        waiting = browser.api("sign-in", {"key": own_server.key})
        assert brief(waiting) == "429 TOO_MANY_ATTEMPTS"
        assert 1 <= int(waiting.headers["retry-after"]) <= 60
    # They are told to the audit of the environment that was meant.
    lines = (own_server.data / "live" / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["401 KEY_UNKNOWN"] * 10
    assert {json.loads(line)["peer"] for line in lines} == {"127.0.0.1"}


def test_a_session_ends_with_its_key_at_once(place, browser):
    server, _ = place
    made = json.loads(tally(server, "key", "create", "--scope", "customers:read",
                            "--name", "reader", "--json"))
    short = tally(server, "key", "create", "--expires-in", "4s").strip()
    with Browser(server) as admin, Browser(server) as brief_one:
        admin.sign_in(server.key)
        brief_one.sign_in(usable(server, short))
        session = browser.sign_in(usable(server, made["key"]))
        assert (session["role"], session["scopes"]) == ("viewer", ["customers:read"])
        assert browser.post(LIST).status_code == 200
        assert brief(browser.post("/v1/plans.list")) == "403 insufficient_scopes"
        tally(server, "key", "revoke", made["id"])
        wait_for(lambda: brief(browser.post(LIST)) == "401 SESSION_OVER")
        assert browser.sessions == []
        wait_for(lambda: brief(brief_one.post(LIST)) == "401 SESSION_OVER")


def test_a_restart_signs_nobody_out(own_server):
    with Browser(own_server) as browser:
        browser.sign_in(own_server.key)
        own_server.kill()
        own_server.start()
        with Browser(own_server) as again:
            again.http.cookies.update(browser.http.cookies)
            assert again.post(LIST).status_code == 200
    secret = browser.http.cookies[COOKIE]
    for path in (own_server.data / "sandbox").iterdir():
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


# Links and members

def test_the_link_that_dev_prints_works_once(own_server):
    link = re.search(r"^\s*(https://\S+/dashboard/sign-in\?token=\w+)$",
                     own_server.log.read_text(), re.M)[1]
    assert link.startswith(f"https://localhost:{own_server.port}/")
    with Browser(own_server) as browser:
        session = browser.sign_in(token=token_of(link))
        assert (session["name"], session["kind"], session["role"]) == ("operator", "member",
                                                                      "admin")
        assert browser.post(LIST).status_code == 200
        with Browser(own_server) as late:
            assert brief(late.api("sign-in", {"token": token_of(link)})) == "401 LINK_UNKNOWN"


def test_the_command_line_makes_a_link_to_a_running_server(place, browser):
    server, _ = place
    link = tally(server, "dashboard", "link", "--server", "https://tally.example.com")
    assert link.startswith("https://tally.example.com/dashboard/")
    assert browser.sign_in(token=token_of(link))["name"] == "operator"


ROLES = {
    # role: what it may do, by the JSON API's methods
    "viewer": ["customers.list"],
    "support": ["customers.list", "customers.update", "balances.track"],
    "billing": ["customers.list", "customers.update", "balances.track", "billing.attach"],
    "admin": ["customers.list", "customers.update", "balances.track", "billing.attach",
              "features.create"],
}


@pytest.mark.parametrize("role", ROLES)
def test_an_invited_member_may_do_what_its_role_says(place, admin, role):
    server, _ = place
    client = TallyClient(server, server.key)
    customer_id = new_customer(client)
    client.close()
    invited = admin.api("members.invite", {"name": f"The {role}", "role": role})
    assert invited.status_code == 200, invited.text
    made = invited.json()
    assert made["member"]["state"] == "invited"
    assert made["link"].startswith(f"https://localhost:{server.port}/dashboard/sign-in?token=")
    bodies = {
        "customers.list": {}, "customers.update": {"customer_id": customer_id, "name": "New"},
        "balances.track": {"customer_id": customer_id, "feature_id": "test_messages"},
        "billing.attach": {"customer_id": customer_id, "plan_id": "test_unlimited"},
        "features.create": {"feature_id": f"made_by_{role}", "name": "x", "type": "boolean"},
    }
    with Browser(server) as member:
        session = member.sign_in(token=token_of(made["link"]))
        assert (session["name"], session["kind"], session["role"]) == (f"The {role}", "member",
                                                                      role)
        for method, body in bodies.items():
            outcome = member.post(f"/v1/{method}", body)
            if method in ROLES[role]:
                assert outcome.status_code == 200, (method, outcome.text)
            else:
                assert brief(outcome) == "403 insufficient_scopes", method
        own = "200" if role == "admin" else "403 ADMINS_ONLY"
        for name in ["members.list", "audit.list"]:
            assert brief(member.api(name)) == own
    listed = {entry["name"]: entry for entry in admin.api("members.list").json()["members"]}
    assert listed[f"The {role}"]["state"] == "active"
    assert listed[f"The {role}"]["last_seen_at"] >= listed[f"The {role}"]["created_at"]


def test_a_member_is_changed_and_revoked_at_once(place, admin):
    server, _ = place
    made = admin.api("members.invite", {"name": "Changing", "role": "viewer"}).json()
    id = made["member"]["id"]
    with Browser(server) as member:
        member.sign_in(token=token_of(made["link"]))
        assert brief(member.post("/v1/customers.update", {})) == "403 insufficient_scopes"
        changed = admin.api("members.change", {"id": id, "role": "admin"})
        assert changed.json()["member"]["role"] == "admin"
        assert brief(member.post("/v1/customers.update", {})) == "400 invalid_inputs"
        assert member.api("members.list").status_code == 200
        assert admin.api("members.revoke", {"id": id}).json()["member"]["state"] == "revoked"
        assert brief(member.post(LIST)) == "401 SESSION_OVER"
        assert member.sessions == []
    assert brief(admin.api("members.link", {"id": id})) == "404 MEMBER_NOT_FOUND"


def test_members_on_the_command_line(place):
    server, _ = place
    made = json.loads(tally(server, "member", "invite", "Terminal", "--role", "viewer", "--json"))
    id = made["member"]["id"]
    with Browser(server) as member:
        member.sign_in(token=token_of(made["link"]))
        tally(server, "member", "change", id, "--role", "admin")
        wait_for(lambda: member.api("members.list").status_code == 200)
        again = tally(server, "member", "link", id)
        tally(server, "member", "revoke", id)
        wait_for(lambda: brief(member.post(LIST)) == "401 SESSION_OVER")
        assert brief(member.api("sign-in", {"token": token_of(again)})) == "401 LINK_UNKNOWN"
    assert re.search(rf"^{id}  revoked  admin    Terminal$", tally(server, "member", "list"), re.M)
    for words, complaint in [
            (["invite", "operator two", "--role", "owner"], "the role must be one of viewer"),
            (["invite", "", "--role", "viewer"], "the name must not be empty"),
            (["revoke", id], f"there is no member {id}")]:
        done = tally(server, "member", *words, check=False)
        assert done.returncode in (2, 64) and complaint in done.stderr


@pytest.mark.parametrize("name,body,outcome,field", [
    ("members.invite", {"role": "viewer"}, "400 INVALID", "name"),
    ("members.invite", {"name": "  ", "role": "viewer"}, "400 INVALID", "name"),
    ("members.invite", {"name": "x" * 121, "role": "viewer"}, "400 INVALID", "name"),
    ("members.invite", {"name": "x", "role": "owner"}, "400 INVALID", "role"),
    ("members.change", {"id": "mem_x", "role": "viewer"}, "404 MEMBER_NOT_FOUND", "id"),
    ("members.revoke", {}, "400 INVALID", "id"),
    ("audit.list", {"page_size": 0}, "400 INVALID", "page_size"),
    ("audit.list", {"page_token": "x"}, "400 INVALID", "page_token"),
    ("sign-out", {"environment": "test"}, "400 INVALID", "environment"),
])
def test_bad_input_names_the_field(admin, name, body, outcome, field):
    answer = admin.api(name, body)
    assert brief(answer) == outcome
    assert [violation["field"] for violation in answer.json()["violations"]] == [field]
    assert set(answer.json()) == {"code", "message", "reason", "metadata", "violations"}


def test_two_members_of_one_name_are_refused(admin):
    invited = admin.api("members.invite", {"name": "Twin", "role": "viewer"})
    assert invited.status_code == 200
    twin = admin.api("members.invite", {"name": "Twin", "role": "admin"})
    assert brief(twin) == "409 MEMBER_EXISTS"


def test_a_key_that_may_do_everything_manages_members_without_a_session(place, browser):
    server, _ = place
    key = {"authorization": f"Bearer {server.key}", "x_tally_environment": None}
    assert browser.api("members.list", **key).status_code == 200
    assert brief(browser.api("members.list", x_tally_environment=None)) == "401 SESSION_OVER"


# The audit

def test_the_audit_names_the_person_what_was_done_and_what_came_of_it(place, admin):
    server, customer_id = place
    made = admin.api("members.invite", {"name": "<script>", "role": "support"}).json()
    with Browser(server) as member:
        member.sign_in(token=token_of(made["link"]))
        member.post("/v1/customers.update", {"customer_id": customer_id, "name": "Renamed"})
        member.post("/v1/billing.attach", {"customer_id": customer_id, "plan_id": "x"})
        member.post(LIST)
        member.api("sign-out", {"environment": "sandbox"})
    page = admin.api("audit.list", {"page_size": 5}).json()
    assert [(entry["who"], entry["kind"], entry["method"], entry["customer_id"],
             entry["outcome"]) for entry in page["entries"]] == [
        ("<script>", "member", "sign-out", "", "200"),
        ("<script>", "member", "v1/billing.attach", customer_id, "403 insufficient_scopes"),
        ("<script>", "member", "v1/customers.update", customer_id, "200"),
        ("<script>", "member", "sign-in", "", "200"),
        ("development", "key", "members.invite", "", "200")]
    assert page["entries"][4]["detail"] == "<script>: support"
    assert {entry["peer"] for entry in page["entries"]} == {"127.0.0.1"}
    assert page["entries"] == sorted(page["entries"], key=lambda e: e["time"], reverse=True)
    following = admin.api("audit.list", {"page_token": page["next_page_token"]}).json()
    assert following["entries"] and following["entries"][0] not in page["entries"]
    tally(server, "member", "revoke", made["member"]["id"])
    newest = admin.api("audit.list", {"page_size": 1}).json()["entries"][0]
    assert (newest["who"], newest["kind"], newest["method"], newest["detail"]) == (
        "command line", "operator", "members.revoke", made["member"]["id"])


def test_what_is_only_tried_is_not_told_to_the_audit(place, admin):
    server, customer_id = place
    catalog = {"catalog": {"currency": "usd"}, "validate_only": True}
    assert admin.post("/tally.v1.CatalogService/PublishCatalog", catalog).status_code == 200
    # The older names take no notice of a key that they don't know.
    admin.post("/v1/customers.update",
               {"customer_id": customer_id, "name": "Tried", "validate_only": True})
    newest = admin.api("audit.list", {"page_size": 2}).json()["entries"]
    assert newest[0]["method"] == "v1/customers.update"
    assert newest[1]["method"] != "CatalogService/PublishCatalog"
