"""Who pays inside WeChat: the payer's openid under our official account, asked without a page.

https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
(scope snsapi_base: WeChat asks the person nothing and tells us nothing but the openid).
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.conf import settings

from ...problems import ProviderRefused, ProviderUnreachable
from ..transport import HttpClient
from .merchant import merchant

APP = "wechat"


def page(*, back: str, state: str) -> str:
    """Return the address that leads to ``back`` with a code. WeChat wants this very order."""
    asked = {
        "appid": merchant().appid,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
    }
    return f"{settings.WECHAT_AUTHORIZE_URL}?{urlencode(asked)}#wechat_redirect"


def openid_of(client: HttpClient, code: str) -> str:
    """Return the openid that a code stands for; the token that comes with it is dropped.

    Refusals come with status 200 and an ``errcode``: 40029 for a code of another app, 40163 for
    one that was used, 42003 for one that is too old.
    """
    asked = {
        "appid": merchant().appid,
        "secret": settings.WECHAT_APP_SECRET,
        "code": code,
        "grant_type": "authorization_code",
    }
    url = f"{settings.WECHAT_IDENTITY_URL}/sns/oauth2/access_token?{urlencode(asked)}"
    reply = client.send("GET", url, headers={"Accept": "application/json"})
    try:
        said = json.loads(reply.content)
        refused = said.get("errcode")
        openid = "" if refused else said["openid"]
    except (ValueError, KeyError, AttributeError) as error:
        raise ProviderUnreachable(detail=f"who pays: unreadable answer, {error!r}") from error
    if refused:
        raise ProviderRefused(str(refused), detail="who pays")
    if said.get("is_snapshotuser"):
        # Somebody who looks at the page without having agreed to it: the openid cannot pay.
        raise ProviderRefused("snapshot_user", detail="who pays")
    if not isinstance(openid, str) or not 0 < len(openid) <= 128:
        raise ProviderUnreachable(detail="who pays: no openid")
    return openid
