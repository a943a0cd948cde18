"""`python -m stripe_double --port 0`: runs until its parent ends, or for `--seconds`."""

import argparse
import json
import os
import signal
import threading

from .server import Double

LONGEST = 6 * 3600


def main():
    parser = argparse.ArgumentParser(prog="stripe_double", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--key", action="append", help="accepted API keys (sk_test_double)")
    parser.add_argument("--certificate", help="serve TLS with this chain")
    parser.add_argument("--private-key", help="of the certificate")
    parser.add_argument("--webhook-ca", help="whom to trust when webhooks are sent")
    parser.add_argument("--seconds", type=int, default=3600, help="ends by itself after that")
    parser.add_argument("--seed", type=int, help="of the ids")
    given = parser.parse_args()
    parent = os.getppid()
    double = Double(given.port, tuple(given.key or ["sk_test_double"]), given.certificate,
                    given.private_key, given.webhook_ca, given.seed).start()
    ended = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, lambda *_: ended.set())
    print(json.dumps({"port": double.port, "url": double.url}), flush=True)
    for _ in range(2 * min(given.seconds, LONGEST)):
        if ended.wait(0.5) or os.getppid() != parent:
            break
    double.stop()


if __name__ == "__main__":
    main()
