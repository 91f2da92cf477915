"""One message inside WeChat that somebody agreed to on WeChat's own page.

WeChat calls it a one-time subscription message: the page :func:`consent_page` asks, the reader
confirms, and one message may be sent to the openid that comes back, within the same ``scene``.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.cache import cache

from .senders import Letter, NotSent, post_json

SCENES = 10_000
TITLE, CONTENT = 15, 200
TOKEN_KEY = "notify.wechat.token"  # noqa: S105 - a name
_STALE = {40001, 40014, 42001}
_PASSING = {-1, 45009, 45011}


def is_offered() -> bool:
    """Tell whether the installation has an account and a template for these messages."""
    return bool(
        settings.WECHAT_APPID and settings.WECHAT_APP_SECRET and settings.WECHAT_NOTICE_TEMPLATE
    )


def scene_of(subject_id: int) -> int:
    """Return the scene of a subject: one message for each scene and person is allowed."""
    return subject_id % (SCENES + 1)


def consent_page(*, back: str, scene: int, state: str) -> str:
    """Return WeChat's page that asks; it leads to ``back`` with openid, action and reserved.

    ``state`` (letters and digits, 128 at most) comes back as ``reserved``.
    """
    query = urlencode(
        {
            "action": "get_confirm",
            "appid": settings.WECHAT_APPID,
            "scene": scene,
            "template_id": settings.WECHAT_NOTICE_TEMPLATE,
            "redirect_url": back,
            "reserved": state,
        },
        quote_via=quote,
    )
    return f"{settings.WECHAT_CONSENT_URL}?{query}#wechat_redirect"


class WechatSender:
    """Sends the one message; a letter's destination is "scene:openid"."""

    def send(self, letter: Letter) -> None:
        """Post it; a token that WeChat no longer takes is asked for once more."""
        scene, _, openid = letter.destination.partition(":")
        body = {
            "touser": openid,
            "template_id": settings.WECHAT_NOTICE_TEMPLATE,
            "url": letter.link,
            "scene": scene,
            "title": letter.subject[:TITLE],
            "data": {"content": {"value": letter.body[:CONTENT]}},
        }
        code = _post("message/template/subscribe", body, _token())
        if code in _STALE:
            cache.delete(TOKEN_KEY)
            code = _post("message/template/subscribe", body, _token())
        if code:
            raise NotSent(f"WeChat answered {code}", lasting=code not in _STALE | _PASSING)


def _post(path: str, body: dict[str, Any], token: str) -> int:
    address = f"{settings.WECHAT_IDENTITY_URL}/cgi-bin/{path}?{urlencode({'access_token': token})}"
    return int(_read(post_json(address, body)).get("errcode", 0))


def _token() -> str:
    """Return the account's token, shared by all processes until shortly before it ends."""
    known = cache.get(TOKEN_KEY)
    if known:
        return str(known)
    answer = _read(
        post_json(
            f"{settings.WECHAT_IDENTITY_URL}/cgi-bin/stable_token",
            {
                "grant_type": "client_credential",
                "appid": settings.WECHAT_APPID,
                "secret": settings.WECHAT_APP_SECRET,
            },
        )
    )
    token = str(answer.get("access_token", ""))
    if not token:
        raise NotSent(f"WeChat gave no token: {answer.get('errcode')}")
    cache.set(TOKEN_KEY, token, max(60, int(answer.get("expires_in", 7200)) - 300))
    return token


def _read(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise NotSent("WeChat answered something else") from error
    if not isinstance(found, dict):
        raise NotSent("WeChat answered something else")
    return found
