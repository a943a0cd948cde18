"""Plain HTTPS to the JSON API, so that a test sees statuses and headers as they come."""

import http.client
import json
import ssl


class Answer:
    def __init__(self, reply):
        self.status = reply.status
        self.headers = {name.lower(): value for name, value in reply.getheaders()}
        self.text = reply.read().decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def brief(self):
        """Status and code in one, for tables."""
        code = self.json.get("code") if self.text.startswith("{") else None
        return f"{self.status} {code}" if code else str(self.status)


class JSONClient:
    """One connection (HTTP/1.1), and a key that may be another for each call."""

    def __init__(self, server, key=None):
        self.server = server
        self.key = server.key if key is None else key
        context = ssl.create_default_context(cafile=server.ca_file)
        self.connection = http.client.HTTPSConnection(
            "localhost", server.port, context=context, timeout=10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, method, path, body=b"", key=None, headers=()):
        key = self.key if key is None else key
        fields = {"authorization": f"Bearer {key}"} if key else {}
        fields.update(headers)
        self.connection.request(method, path, body, fields)
        return Answer(self.connection.getresponse())

    def post(self, route, body=None, key=None, **headers):
        """Underscores in the names of headers are dashes."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        data = json.dumps({} if body is None else body).encode()
        return self.send("POST", f"/v1/{route}", data, key, {
            "content-type": "application/json", **fields})
