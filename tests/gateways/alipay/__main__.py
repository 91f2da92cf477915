"""``python -m tests.gateways.alipay``: run the gateway until told to stop."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from types import FrameType

from tests.gateways.alipay.sealing import Seal
from tests.gateways.alipay.server import Gateway, Server


def main() -> int:
    """Serve; the line that says where is printed once it is ready."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--app-id", required=True)
    parser.add_argument("--seller-id", required=True)
    parser.add_argument("--private-key", type=Path, required=True, help="the gateway's, PEM")
    parser.add_argument("--app-public-key", type=Path, required=True, help="the merchant's, PEM")
    parser.add_argument("--pace", type=float, default=60.0, help="seconds in a notice's minute")
    given = parser.parse_args()
    seal = Seal(given.private_key, given.app_public_key)
    gateway = Gateway(seal, app_id=given.app_id, seller_id=given.seller_id, pace=given.pace)
    server = Server(given.port, gateway)

    def stop(signum: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    print(f"alipay: gateway of our own, no real money, on {server.base}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
