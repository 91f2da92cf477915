"""Several tabs of one browser, pressed at once: one order, with its negative control."""

from __future__ import annotations

import pytest
from django.test import Client

from banyan.catalog.models import Variant
from banyan.kernel.ids import new_code
from banyan.orders.models import Checkout
from banyan.payments.models import Intent
from banyan.web.shop.orders import form_tokens
from tests.payments.fixtures import sandbox, sandbox_process
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.threads import run_concurrently
from tests.web.shop.test_stale_tabs import buy_now, form_of

__all__ = ["sandbox", "sandbox_process"]
pytestmark = pytest.mark.usefixtures("threaded_db")


def _tabs_at_once(client: Client, item: Variant) -> list[tuple[int, str]]:
    """Open fresh forms in several tabs of one browser, then press all their buttons at once."""
    client.get(buy_now(item))
    forms = iter([form_of(client, buy_now(item)) for _ in range(4)])
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}

    def press() -> tuple[int, str]:
        tab = Client()
        tab.cookies.load(cookies)
        answer = tab.post("/checkout", next(forms))
        return answer.status_code, answer.get("location", "")

    return run_concurrently(press, 4)


def test_tabs_pressed_at_once_place_one_order(sandbox: Sandbox) -> None:
    item = make.variant(stock=9)
    answers = _tabs_at_once(Client(), item)
    assert {status for status, _location in answers} == {302}, answers
    assert len({location for _status, location in answers}) == 1, answers
    assert Checkout.objects.count() == Intent.objects.count() == 1
    assert make.stock_of(item).reserved == 1
    assert recount() == {}


def test_control_a_token_of_its_own_for_every_tab_reserves_again_and_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        form_tokens, "fresh", lambda request, goods: form_tokens.Fresh(new_code(120))
    )
    item = make.variant(stock=9)
    _tabs_at_once(Client(), item)
    assert Checkout.objects.count() > 1
    assert make.stock_of(item).reserved == Checkout.objects.count()
