"""The dashboard over many customers, in headless Chromium: how soon a page can be used, how soon a
search is answered, and what an open page costs the server."""

import sys
import time

from benchmarks.machine import fail, quantile
from benchmarks.server import ROOT, Server, Usage

LOOKS = 9
POLLED_SECONDS = 20
PAGES = {  # name: (path, what a visitor waits for)
    "plans": ("plans", "main .plan-card"),
    "customers": ("customers", "main table tbody tr"),
    "customer": ("customers/bench-0000000", "main .balance"),
}


def playwright():
    sys.path.insert(0, str(ROOT / ".build/browser"))
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        fail("there is no browser: run scripts/browser once")
    return sync_playwright()


def milliseconds(began):
    return round((time.monotonic() - began) * 1000, 1)


def summary(name, took, limit):
    return {"name": name, "median_ms": quantile(took, 0.5), "worst_ms": max(took),
            "limit_ms": limit}


def sign_in(page, server):
    page.goto(f"{server.address}/dashboard/sandbox/plans")
    page.get_by_label("Secret key").fill(server.key_file.read_text().strip())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(PAGES["plans"][1])


def opened(page, server, what):
    """From the address to what the page is about."""
    path, sight = PAGES[what]
    began = time.monotonic()
    page.goto(f"{server.address}/dashboard/sandbox/{path}", wait_until="commit")
    page.wait_for_selector(sight)
    return milliseconds(began)


def searched(page, text):
    """From the request to its whole answer, as the browser saw it: the pause that waits for more
    keys is left out."""
    box = page.get_by_role("searchbox").first
    box.fill("")
    page.wait_for_timeout(500)
    with page.expect_response(lambda reply: reply.url.endswith("/ListCustomers")) as reply:
        box.fill(text)
    reply.value.finished()
    page.wait_for_timeout(100)
    took = page.evaluate("""() => performance.getEntriesByType("resource")
        .filter((entry) => entry.name.endsWith("/ListCustomers")).at(-1).duration""")
    return round(took, 1)


def bench_dashboard(name, options):
    customers = options.customers or 100_000
    with Server(options) as server, playwright() as driver:
        server.prepare(customers)
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_context(ignore_https_errors=True).new_page()
        sign_in(page, server)
        for what in PAGES:
            yield summary(f"{name}-{what}", [opened(page, server, what) for _ in range(LOOKS)], 1000)
        opened(page, server, "customers")
        yield summary(f"{name}-search",
                      [searched(page, f"{number * 7919 % customers:05}")
                       for number in range(LOOKS)], 100)
        # A customer's page asks again and again while it is looked at.
        opened(page, server, "customer")
        page.wait_for_timeout(3000)
        usage, began = Usage(server), time.monotonic()
        page.wait_for_timeout(POLLED_SECONDS * 1000)
        cpu = usage.row()["cpu"]
        yield {"name": f"{name}-polling", "limit_cores": 0.01,
               "server_cores": round(cpu / (time.monotonic() - began), 4)}
        browser.close()
