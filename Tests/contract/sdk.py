"""The official SDK, unmodified, on a server of ours; notes what became of each of its methods."""

import json
import ssl

import httpx
import jsonschema_rs
from autumn_sdk import Autumn
from autumn_sdk.errors import AutumnDefaultError

GROUPS = sorted(Autumn._sub_sdk_map)
OF_ITSELF = ["batch_track", "check", "track", "track_tokens"]


class Sdk:
    """Every call goes to the SDK as it is; its name and outcome are kept in `outcomes`."""

    def __init__(self, server, key=None):
        context = ssl.create_default_context(cafile=server.ca_file)
        self.http = httpx.Client(verify=context, event_hooks={"response": [self.compare]})
        self.validators = {}
        self.document = None
        self.sdk = Autumn(
            secret_key=key or server.key, server_url=f"https://localhost:{server.port}",
            client=self.http, fail_open=False, timeout_ms=10_000)
        self.outcomes = {}

    def compare(self, response):
        """Each answer with what `/openapi.json` says of it."""
        path = response.request.url.path
        if path == "/openapi.json":
            return
        if self.document is None:
            self.document = self.http.get(response.request.url.join("/openapi.json")).json()
        response.read()
        place = (path, str(response.status_code))
        if place not in self.validators:
            described = self.document["paths"][path]["post"]["responses"]
            assert place[1] in described, f"{path} doesn't say that it can answer {place[1]}"
            schema = described[place[1]]["content"]["application/json"]["schema"]
            self.validators[place] = jsonschema_rs.validator_for(
                {**schema, "components": self.document["components"]})
        self.validators[place].validate(response.json())

    def methods(self):
        """All that the SDK has, by name."""
        names = list(OF_ITSELF)
        for group in GROUPS:
            part = getattr(self.sdk, group)
            names += [f"{group}.{name}" for name in dir(part)
                      if not name.startswith("_") and not name.endswith("_async")
                      and name not in ("do_request", "sdk_configuration", "parent_ref")]
        return sorted(names)

    def call(self, method, *arguments, **named):
        target = self.sdk
        for name in method.split("."):
            target = getattr(target, name)
        try:
            reply = target(*arguments, **named)
        except AutumnDefaultError as error:
            self.note(method, f"{error.status_code} {code(error)}")
            raise
        # Strictly: what the models don't know, or miss, is no answer.
        self.outcomes[method] = "works"
        return reply

    def note(self, method, outcome):
        if self.outcomes.get(method) != "works":
            self.outcomes[method] = outcome

    def table(self):
        return [(name, self.outcomes.get(name, "not tried")) for name in self.methods()]


def code(error):
    return json.loads(error.body)["code"]


def refused(call, *arguments, **named):
    """What an error said: status and code, and its message."""
    try:
        reply = call(*arguments, **named)
    except AutumnDefaultError as error:
        body = json.loads(error.body)
        assert set(body) == {"message", "code", "env"} and body["env"] == "sandbox", body
        return f"{error.status_code} {body['code']}", body["message"]
    raise AssertionError(f"answered where it should refuse: {reply!r}")
