"""What the tests in headless Chromium share. Run by scripts/browser, which installs the browser.
Screenshots go to TALLY_SCREENSHOTS, if it is set."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

SIZES = {"phone": (360, 740), "desk": (1280, 860)}


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        # Root has no sandbox to put it in, and it meets nobody's pages but ours.
        with playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]) as browser:
            yield browser


def origin(server):
    return f"https://localhost:{server.port}"


def opened(chromium, server, size, scheme, scripts=False, **context_options):
    """A window; when it is closed, nothing was asked of anybody else, and nothing complained of, in
    it and those that it opened. `forgiven`: parts of complaints that a test expects."""
    width, height = SIZES.get(size, size)
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme,
        ignore_https_errors=True, java_script_enabled=scripts, **context_options)
    asked, complaints = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda line: line.type in ("error", "warning") and complaints.append(
        f"{line.type}: {line.text} {line.location}"))
    context.on("weberror", lambda thrown: complaints.append(f"thrown: {thrown.error}"))
    context.on("dialog", lambda box: (complaints.append(f"a box: {box.message}"), box.dismiss()))
    page = context.new_page()
    # A page that says that something was refused has a status that says so, too.
    page.forgiven = [] if scripts else ["the server responded with a status of 4"]
    page.looks = f"{size if isinstance(size, str) else width}-{scheme}"
    yield page
    own = (f"{origin(server)}/", f"https://localhost:{server.port}/", "data:", "blob:")
    foreign = [url for url in asked if not url.startswith(own)]
    assert not foreign, foreign
    unexpected = [line for line in complaints
                  if not any(part in line for part in page.forgiven)]
    assert not unexpected, unexpected
    context.close()


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")],
                ids="-".join)
def page(request, chromium, server):
    yield from opened(chromium, server, *request.param)


def shoot(page, name):
    # Nothing sticks out to the side: what does would make the page wider than the window.
    picture = page.screenshot(full_page=True)
    width = int.from_bytes(picture[16:20], "big")
    assert width == page.viewport_size["width"], f"{name} is {width} wide"
    keep(page, f"{name}.png", picture)


def keep(page, name, content):
    if folder := os.environ.get("TALLY_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{page.looks}-{name}").write_bytes(content)


def fill(page, card, button, expiry="12 / 49", cvc="123", name="Ada Lovelace"):
    for label, text in (("Card number", card), ("Expires", expiry), ("Security code", cvc),
                        ("Name on card", name)):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name=button).click()
