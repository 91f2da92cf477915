"""``python -m sandbox``: start the gateway and run until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType

from sandbox.gateway import Gateway
from sandbox.server import GatewayServer
from sandbox.settings import Settings, UnfitSettings, read_settings


def main() -> int:
    """Run the gateway; 0 after a clean stop, 2 when it must not or cannot start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        settings = read_settings(sys.argv[1:], os.environ)
        gateway = Gateway(settings)
    except UnfitSettings as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    try:
        server = GatewayServer(settings, gateway)
    except OSError as error:
        gateway.store.close()
        print(f"sandbox: cannot listen on port {settings.port}: {error}", file=sys.stderr)
        return 2
    _serve(settings, gateway, server)
    return 0


def _serve(settings: Settings, gateway: Gateway, server: GatewayServer) -> None:
    def stop(signum: int, frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this handler interrupts, so another thread asks.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    gateway.start()
    print(f"sandbox: test gateway, no real money, on {server.address}", flush=True)
    if settings.api_key is None:
        print(f"sandbox: SANDBOX_API_KEY={gateway.api_key}", flush=True)
    if settings.secret is None:
        print(f"sandbox: SANDBOX_SECRET={gateway.secret}", flush=True)
    try:
        server.serve_forever(poll_interval=0.25)
    finally:
        server.server_close()
        gateway.stop()


if __name__ == "__main__":
    raise SystemExit(main())
