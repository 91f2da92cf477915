"""Run the gateway: see the package."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from .keys import Keys
from .server import serve
from .state import State


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.gateways.wechat")
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    keys = Keys.read(json.loads(options.keys.read_text()))
    server = serve(State(keys), options.port)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(f"fake WeChat Pay, no real money, on 127.0.0.1:{server.server_address[1]}", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    sys.exit(0)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
