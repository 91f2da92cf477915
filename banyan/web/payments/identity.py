"""Asking an app who pays, at Pay and never on load, and the way back from there.

The state that travels with the browser is an unguessable word of this session and its signature:
nobody else's browser can use it, and it is used once.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from django.http import HttpRequest
from django.urls import reverse

from banyan.kernel import clock, keyrings
from banyan.kernel.ids import new_code
from banyan.kernel.keyrings import Ring
from banyan.payments.problems import PayerNotKnown, ProviderUnknown
from banyan.payments.providers import get
from banyan.payments.providers.base import AsksWhoPays

ASKED = "payer_asked"
GOOD_FOR_S = 600
MOST_ASKED = 5  # a browser with more than five tabs at Pay presses again


def asking(provider: str) -> AsksWhoPays:
    """Return a provider that asks who pays; ProviderUnknown when it is none."""
    adapter = get(provider)
    if not isinstance(adapter, AsksWhoPays):
        raise ProviderUnknown(detail=f"{provider} asks nobody")
    return adapter


def ask(request: HttpRequest, provider: str, *, token: str, link: str) -> str:
    """Return the address at which the app says who pays; remembered in the session."""
    if request.session.session_key is None:
        request.session.create()
    word = new_code(128)
    asked = list(request.session.get(ASKED, []))[-MOST_ASKED + 1 :]
    asked.append([word, token, link, int(clock.now().timestamp())])
    request.session[ASKED] = asked
    back = request.build_absolute_uri(reverse("payer_identity", args=[provider]))
    return asking(provider).identity_page(back=back, state=word + _mac(request, provider, word))


def taken(request: HttpRequest, provider: str) -> tuple[str, str]:
    """Return token and link of what was to be paid, once. Raises PayerNotKnown."""
    state = request.GET.get("state", "")
    word, mac = state[:-64], state[-64:]
    asked = list(request.session.get(ASKED, []))
    found = next((one for one in asked if one[0] == word), None)
    genuine = hmac.compare_digest(mac.encode(), _mac(request, provider, word).encode())
    if found is None or not genuine:
        raise PayerNotKnown(detail="this session did not ask")
    request.session[ASKED] = [one for one in asked if one is not found]
    request.session.save()  # before the code is used: the same address again finds nothing
    if clock.now().timestamp() - found[3] > GOOD_FOR_S:
        raise PayerNotKnown(detail="too long ago")
    return found[1], found[2]


def _mac(request: HttpRequest, provider: str, word: str) -> str:
    key = keyrings.keys(Ring.PAYERS)[0]
    text = f"{provider}|{request.session.session_key}|{word}"
    return hmac.digest(key, text.encode(), sha256).hex()
