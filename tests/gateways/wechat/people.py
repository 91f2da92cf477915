"""Who uses WeChat: silent authorisation of an official account, and the openid it gives.

https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
authorise: ``appid``, ``redirect_uri``, ``response_type``, ``scope``, ``state`` in this order (the
page says that the order is checked); ``state`` is at most 128 letters and digits; the browser is
sent to ``redirect_uri?code=CODE&state=STATE``; the domain must be entered (error 10003).
token: ``appid``, ``secret``, ``code``, ``grant_type`` -> ``access_token``, ``expires_in``,
``refresh_token``, ``openid``, ``scope``, or ``errcode`` and ``errmsg`` with status 200. A code is
good once, for five minutes. Errors 40029 (invalid code), 40163 (code been used), 42003 (code
expired), 40125 (invalid appsecret):
https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .state import Code, State

ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
GOOD_FOR = 300


def openid_of(state: State, appid: str, person: str) -> str:
    """Return a person's id under an app: another app knows another one."""
    digest = hashlib.sha256(f"{appid} {person}".encode()).hexdigest()
    openid = f"o{digest[:27]}"
    state.openids[openid] = appid
    return openid


def code_for(state: State, appid: str, person: str) -> str:
    code = secrets.token_hex(16)
    state.codes[code] = Code(appid, openid_of(state, appid, person), state.now())
    return code


def authorise(state: State, query: str) -> tuple[int, str]:
    """Return a status, and where the browser goes or what the page says."""
    pairs = parse_qsl(query, keep_blank_values=True)
    asked = dict(pairs)
    if [name for name, _ in pairs] != ORDER or asked["response_type"] != "code":
        return 400, "链接无法访问"
    if asked["scope"] != "snsapi_base" or asked["appid"] != state.keys.appid:
        return 400, "Scope 参数错误或没有 Scope 权限"
    if not re.fullmatch(r"[A-Za-z0-9]{0,128}", asked["state"]):
        return 400, "state 参数错误"
    host = urlsplit(asked["redirect_uri"]).hostname
    if state.settings.domain and host != state.settings.domain:
        return 400, "10003 redirect_uri域名与后台配置不一致"
    code = code_for(state, asked["appid"], state.settings.person)
    back = asked["redirect_uri"]
    state.asked_back.append(back)
    return 302, f"{back}?{urlencode({'code': code, 'state': asked['state']})}"


def token(state: State, asked: dict[str, str]) -> dict[str, Any]:
    if asked.get("grant_type") != "authorization_code":
        return {"errcode": 40002, "errmsg": "invalid grant_type"}
    if (asked.get("appid"), asked.get("secret")) != (state.keys.appid, state.keys.app_secret):
        return {"errcode": 40125, "errmsg": "invalid appsecret"}
    code = state.codes.get(asked.get("code", ""))
    if code is None or code.appid != asked["appid"]:
        return {"errcode": 40029, "errmsg": "invalid code"}
    if code.used:
        return {"errcode": 40163, "errmsg": "code been used"}
    if state.now() > code.made_at + GOOD_FOR:
        return {"errcode": 42003, "errmsg": "oauth_code expired"}
    code.used = True
    said: dict[str, Any] = {
        "access_token": secrets.token_urlsafe(32),
        "expires_in": 7200,
        "refresh_token": secrets.token_urlsafe(32),
        "openid": code.openid,
        "scope": "snsapi_base",
    }
    return said | ({"is_snapshotuser": 1} if state.settings.snapshot else {})
