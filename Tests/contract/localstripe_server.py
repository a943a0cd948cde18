"""localstripe (PyPI), somebody else's double of Stripe, on 127.0.0.1 only: its own command binds every
address, and leaves its objects in a file for everybody. Started by test_localstripe.py.

Of what Tally calls it lacks the search for customers, by which Tally finds one that it has made and
not heard of. That alone is added, over localstripe's own objects; everything else is as it comes.
"""

import asyncio
import os
import re
import sys
import threading

from aiohttp import web
from localstripe import resources, server

TERM = re.compile(r"metadata\['(\w+)'\]:'((?:[^'\\]|\\.)*)'")


async def search(request):
    terms = {key: re.sub(r"\\(.)", r"\1", value)
             for key, value in TERM.findall(request.query["query"])}
    assert len(terms) == request.query["query"].count(" AND ") + 1, request.query["query"]
    found = [customer._export() for name, customer in resources.store.items()
             if name.startswith("customer:") and terms.items() <= customer.metadata.items()]
    return server.json_response({
        "object": "search_result", "url": "/v1/customers/search", "has_more": False, "data": found})


async def serve():
    # Routes are asked in order, and "search" would be a customer's id.
    app = web.Application(middlewares=list(server.app.middlewares))
    app.router.add_get("/v1/customers/search", search)
    for route in server.app.router.routes():
        if route.method != "HEAD":
            app.router.add_route(route.method, route.resource.canonical, route.handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    resources.Store.dump_to_disk = lambda store: None
    threading.Thread(target=end_with_parent, daemon=True).start()
    asyncio.run(serve())
