"""The dashboard as the tests in headless Chromium use it: signing in, finding one's way, what holds
on every page."""

import os
import re
import time
from urllib.parse import quote

import browser
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

AXE = Axe()
# What is shown comes from the server: on two busy cores that takes its time.
expect.set_options(timeout=float(os.environ.get("TALLY_PATIENCE", 10)) * 1000)


def address(server, *parts, **query):
    path = "/".join(quote(part, safe="") for part in parts)
    words = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    return f"{browser.origin(server)}/dashboard/{path}{'?' if words else ''}{words}"


def window(chromium, server, size="desk", scheme="light", key=None, **options):
    """A window of the dashboard; with a key, signed in already."""
    for page in browser.opened(chromium, server, size, scheme, scripts=True, **options):
        if key:
            sign_in_quietly(page, server, key)
        yield page


def sign_in_quietly(page, server, key, environment="sandbox", patience=0):
    """The cookie alone, as the form's own call gets it."""
    end = time.monotonic() + patience
    while not (reply := page.request.post(
            address(server, "api", "sign-in"), data={"key": key},
            headers={"x-tally-environment": environment, "sec-fetch-site": "same-origin"})).ok:
        assert time.monotonic() < end, reply.text()
        time.sleep(1)  # ten failures a minute, and it is too many


def sign_in(page, key):
    page.get_by_label("Secret key").fill(key)
    page.get_by_role("button", name="Sign in", exact=True).click()


def show(page, server, *parts, **query):
    """Goes to a page, and waits until it is there."""
    page.goto(address(server, "sandbox", *parts, **query))
    settled(page)


def settled(page):
    expect(page.locator("main h1").first).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)


def choose(page, opener, item):
    """From a menu."""
    page.get_by_role("button", name=opener, exact=True).click()
    page.get_by_role("menu").get_by_text(item, exact=True).click()


def card(page, title):
    return page.locator("section.card").filter(
        has=page.get_by_role("heading", name=title, exact=True))


COLOURS = "color-contrast"


def faults(page, only=None, without=None):
    """What axe finds serious or critical, by one rule or by all but one."""
    options = {"resultTypes": ["violations"]}
    if only:
        options["runOnly"] = {"type": "rule", "values": [only]}
    if without:
        options["rules"] = {without: {"enabled": False}}
    found = AXE.run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found
            if one["impact"] in ("serious", "critical") for node in one["nodes"]]


def overflow(page):
    """What sticks out of the window to the right, if the window can be moved there."""
    return page.evaluate("""() => {
        const root = document.documentElement, wide = root.clientWidth;
        if (root.scrollWidth <= wide) return [];
        return [`${root.scrollWidth} in ${wide}`, ...[...document.querySelectorAll("body *")]
            .filter((each) => each.getBoundingClientRect().right > wide + 1).slice(-3)
            .map((each) => `${each.tagName} ${each.className}: ${each.textContent.slice(0, 40)}`)];
    }""")


def reach(page, name, key="Tab", most=80):
    """Presses Tab until what is called so has the focus; and it can be seen that it has it."""
    for _ in range(most):
        page.keyboard.press(key)
        if re.fullmatch(name, focused(page)):
            assert page.evaluate("document.activeElement.matches(':focus-visible')")
            return
    raise AssertionError(f"Tab doesn't come to {name}; it is at {focused(page)}")


def focused(page):
    """What a reader of screens would call what has the focus, near enough."""
    return page.evaluate("""() => {
        const at = document.activeElement;
        return (at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent)
            .trim().replace(/\\s+/g, " ");
    }""")
