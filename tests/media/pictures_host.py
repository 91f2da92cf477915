"""A web server on this machine that serves pictures, well and badly."""

from __future__ import annotations

import contextlib
import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Host:
    """What is served, by path; ``asked`` are the paths that somebody asked for.

    ``statuses`` are answered first, one for each request.
    """

    port: int = 0
    bodies: dict[str, bytes] = field(default_factory=dict)
    moves: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    endless: set[str] = field(default_factory=set)
    cut_off: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def authority(self) -> str:
        """Return host:port."""
        return f"localhost:{self.port}"

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://{self.authority}{path}"


@contextlib.contextmanager
def serve(tls: ssl.SSLContext | None = None) -> Iterator[Host]:
    """Serve a Host on a free port until the block ends, with ``tls`` behind its certificate."""
    host = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path)
            host.asked.append(path)
            with contextlib.suppress(OSError):
                _answer(self, host, path)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        # Hands are shaken in the request's own thread, where a refusal ends only that.
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    host.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, host: Host, path: str) -> None:
    if path == "/silent":
        host.closing.wait(20)
        return
    if path == "/drip":
        _drip(handler, host, b"HTTP/1.0 200 OK\r\nX-Slow: " + b"x" * 200)
        return
    statuses = host.statuses.get(path)
    status = statuses.pop(0) if statuses else 302 if path in host.moves else 200
    body = host.bodies.get(path, b"")
    if status == 200 and not body and path not in host.endless | host.cut_off | {"/dripping-body"}:
        status = 404
    handler.send_response(status)
    if path in host.moves:
        handler.send_header("Location", host.moves[path])
    if path in host.kinds:
        handler.send_header("Content-Type", host.kinds[path])
    if path in host.cut_off:
        handler.send_header("Content-Length", "1000")
    elif path not in host.endless | {"/dripping-body"}:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if path == "/dripping-body":
        _drip(handler, host, b"x" * 200)
    while path in host.endless and not host.closing.is_set():
        handler.wfile.write(b"x" * 10_000)
    handler.wfile.write(body if status == 200 else b"")


def _drip(handler: BaseHTTPRequestHandler, host: Host, data: bytes) -> None:
    for place in range(len(data)):
        handler.wfile.write(data[place : place + 1])
        handler.wfile.flush()
        if host.closing.wait(0.1):
            return


def certificate(folder: Path, name: str) -> Path:
    """Write a key and a certificate of ``name``, signed by itself, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file
