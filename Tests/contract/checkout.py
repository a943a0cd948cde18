"""Pays on a sandbox payment page as a person with a browser would: opens it, fills in, submits."""

import ssl
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from typing import NamedTuple


class Form(HTMLParser):
    """The page's first form: where it goes, and what it would send untouched."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.inside = None, {}, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            assert attributes.get("method", "get").lower() == "post"
            self.action, self.inside = attributes.get("action", ""), True
        if not self.inside:
            return
        if tag in ("input", "button") and attributes.get("name"):
            self.fields.setdefault(attributes["name"], attributes.get("value") or "")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "form"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The page may send the customer on to the shop's site, which isn't there in a test."""

    def redirect_request(self, *_):
        return None


def browser(ca_file):
    context = ssl.create_default_context(cafile=ca_file)
    return urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), _NoRedirect())


class Answer(NamedTuple):
    status: int
    body: str
    location: str | None


def fetch(opener, url, form=None):
    """GET, or POST of the form's fields."""
    body = None if form is None else urllib.parse.urlencode(form).encode()
    try:
        reply = opener.open(urllib.request.Request(url, body), timeout=10)
    except urllib.error.HTTPError as error:
        reply = error
    with reply:
        return Answer(reply.status, reply.read().decode(), reply.headers.get("location"))


def open_page(url, ca_file):
    return fetch(browser(ca_file), url)


def pay(url, ca_file, card="4242 4242 4242 4242", **typed):
    """Opens the page, fills in the card and submits the form."""
    opener = browser(ca_file)
    page = fetch(opener, url)
    assert page.status == 200, page
    form = Form(page.body)
    assert form.action is not None, f"no form on {url}:\n{page.body}"
    assert "card" in form.fields, form.fields
    filled = {"card": card, "expiry": "12 / 49", "cvc": "123", "name": "Ada Lovelace", **typed}
    return fetch(opener, urllib.parse.urljoin(url, form.action), {**form.fields, **filled})


def answer_bank(url, ca_file, page, answer):
    """Presses one of the two buttons that a bank's question has."""
    form = Form(page)
    return fetch(browser(ca_file), urllib.parse.urljoin(url, form.action),
                 {**form.fields, "authentication": answer})
