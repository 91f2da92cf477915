"""Start the stand-in on a free port and say which."""

from __future__ import annotations

import argparse

from .server import serve
from .store import Store


def main() -> None:
    """Serve until the process is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.gateways.stripe")
    parser.add_argument("--key", required=True, help="the secret key that callers must have")
    parser.add_argument("--secret", required=True, help="signs the events")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    server = serve(Store(key=given.key, secret=given.secret), given.port)
    print(f"stand-in for Stripe, no real money: http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever(0.05)


if __name__ == "__main__":
    main()
