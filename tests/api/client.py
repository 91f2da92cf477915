"""A program that calls the API: JSON in, JSON out, with its token and its keys."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from banyan.people.actions import create_token
from banyan.people.models import Account
from tests.support import factories as make

_keys = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that goes out as a form's ``file``, in place of a body of JSON."""

    data: bytes
    name: str = "file.bin"
    type: str = "application/octet-stream"

    def form(self) -> bytes:
        """Return the body of multipart/form-data."""
        file = SimpleUploadedFile(self.name, self.data, self.type)
        return encode_multipart(BOUNDARY, {"file": file})


class Program:
    """Calls ``/api/v1`` as ``account`` (a guest without one); writes carry a fresh key."""

    def __init__(
        self, account: Account | None = None, *, scopes: tuple[str, ...] = ("read", "write")
    ) -> None:
        self.account = account
        self.client = Client(raise_request_exception=False)
        self.headers: dict[str, str] = {}
        if account is not None:
            _token, secret = create_token(actor=make.actor(account), name="test", scopes=scopes)
            self.headers["Authorization"] = f"Bearer {secret}"

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        data: bytes | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> HttpResponse:
        """Send one request; ``data`` in place of ``body`` goes out as it is."""
        sent = dict(self.headers)
        if method not in ("GET", "HEAD", "OPTIONS"):
            key = f"test-key-{next(_keys):08d}" if key is None else key
        if key:
            sent["Idempotency-Key"] = key
        sent |= headers or {}
        if isinstance(body, Upload):
            data, content_type = body.form(), MULTIPART_CONTENT
        raw = data if data is not None else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(  # type: ignore[return-value]  # it is one, and more
            method, f"/api/v1{path}", raw, content_type=content_type, headers=sent
        )

    def get(self, path: str, **headers: str) -> Any:
        """Read something that is there."""
        answer = self.send("GET", path, headers=headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.content)
        return json.loads(answer.content)

    def do(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Write something that is accepted."""
        answer = self.send(method, path, body, headers=headers)
        assert answer.status_code in (200, 201, 204), (path, answer.status_code, answer.content)
        return json.loads(answer.content) if answer.content else None


def problem(response: HttpResponse) -> tuple[int, str]:
    """Return status and code of a refusal, which must be a whole problem document."""
    assert response["Content-Type"] == "application/problem+json", response.content
    told = json.loads(response.content)
    assert told["status"] == response.status_code
    assert {"type", "title", "status", "code", "request_id"} <= set(told)
    return response.status_code, told["code"]


def errors(response: HttpResponse) -> dict[str, str]:
    """Return field -> message of a 422."""
    assert problem(response)[0] == 422, response.content
    told = json.loads(response.content)
    return {one["field"]: one["message"] for one in told["errors"]}
