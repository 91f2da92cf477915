"""Notifications: kept, and sent when a test says so (or at once).

https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter3_2_5.shtml: ``id``, ``create_time``,
``event_type``, ``resource_type``, ``resource``, ``summary``; 200 or 204 means that it was taken.
One that is sent again has the same ``id``; it is sealed and signed anew.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
import uuid
from typing import Any

from .state import Notice, Refusal, State


def tell(
    state: State,
    *,
    event_type: str,
    summary: str,
    original_type: str,
    url: str,
    resource: dict[str, Any],
) -> None:
    """Keep a notification, and send it at once where that is set."""
    notice = Notice(
        id=str(uuid.uuid4()),
        event_type=event_type,
        summary=summary,
        original_type=original_type,
        url=url,
        create_time=state.moment(),
        resource=resource,
    )
    state.notices.append(notice)
    if state.settings.notify == "now":
        threading.Thread(target=send, args=(state, notice), daemon=True).start()


def find(state: State, notice_id: str) -> Notice:
    for notice in state.notices:
        if notice.id == notice_id:
            return notice
    raise Refusal(404, "RESOURCE_NOT_EXISTS", "no such notification")


def envelope(state: State, notice: Notice, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a notification as it goes out: ``url``, ``headers``, ``body`` (text).

    ``changes`` for a test: ``resource`` (fields laid over), ``event`` (likewise, in the open),
    ``sign`` (as in Settings), ``age`` (seconds the signature is old).
    """
    changes = changes or {}
    resource = notice.resource | changes.get("resource", {})
    event = {
        "id": notice.id,
        "create_time": notice.create_time,
        "resource_type": "encrypt-resource",
        "event_type": notice.event_type,
        "summary": notice.summary,
        "resource": state.keys.seal(notice.original_type, resource),
    } | changes.get("event", {})
    body = json.dumps(event, ensure_ascii=False)
    at = int(state.now() - changes.get("age", 0))
    headers = state.keys.headers(body.encode(), at, changes.get("sign", state.settings.sign))
    headers["Content-Type"] = "application/json; charset=utf-8"
    return {"url": notice.url, "headers": headers, "body": body}


def send(state: State, notice: Notice) -> int:
    """Post a notification to its address; its answer's status, 0 when there is none."""
    with state.lock:
        told = envelope(state, notice)
    request = urllib.request.Request(told["url"], told["body"].encode(), told["headers"])
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status = int(answer.status)
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 0
    with state.lock:
        notice.answers.append(status)
    return status
