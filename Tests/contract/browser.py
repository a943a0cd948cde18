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


def opened(chromium, server, size, scheme):
    """A window; when it is closed, nothing was asked of anybody else, and nothing complained of."""
    width, height = SIZES.get(size, size)
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme,
        ignore_https_errors=True, java_script_enabled=False)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("console", lambda line: page.complaints.append(line.text))
    page.looks = f"{size if isinstance(size, str) else width}-{scheme}"
    yield page
    assert all(url.startswith(f"https://localhost:{server.port}/") for url in page.asked)
    # A page that says that something was refused has a status that says so, too.
    assert all("the server responded with a status of 4" in line for line in page.complaints)
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
