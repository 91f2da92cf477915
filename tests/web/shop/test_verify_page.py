"""Checking a draw: the page, the program, and the proof file of a waiting room."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.urls import reverse

from banyan.campaigns import verifier
from banyan.kernel import clock
from banyan.sales import actions as sales
from banyan.sales.models import Entry, Sale
from tests.sales.scene import NOON, SYSTEM, buyer, on
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def test_a_waiting_room_hands_out_its_proof_after_the_draw_and_not_before() -> None:
    with clock.at(NOON):
        sale = on(make.variant(stock=20), admission="queue", public=10, at_once=2)
        for n in range(5):
            sales.enter_room(actor=make.actor(buyer(n)), sale_id=sale.pk)
    address = reverse("sale_proof", args=[sale.pk])
    assert client().get(address).status_code == 404
    page = client().get(reverse("sale", args=[sale.pk])).content.decode()
    assert sale.commitment in page
    assert "proof=" not in page

    with clock.at(NOON + dt.timedelta(seconds=30)):
        sales.advance_sale(actor=SYSTEM, sale=Sale.objects.get(pk=sale.pk))
        sales.enter_room(actor=make.actor(buyer("late")), sale_id=sale.pk)

    answer = client().get(address)
    checks = verifier.verify(answer.content.decode())
    assert checks == dict.fromkeys(["form", "seed", "terms", "frozen", "result"], True)
    order = list(Entry.objects.filter(place__isnull=False).order_by("place"))
    assert answer.json()["result"] == [str(entry.pk) for entry in order]
    assert len(order) == 5, "who came late is in no list"
    page = client().get(reverse("sale", args=[sale.pk])).content.decode()
    assert answer.json()["published"]["terms"] in page
    assert f"/verify?proof=/sale/{sale.pk}/proof" in page


@pytest.mark.parametrize(
    ("proof", "taken"),
    [
        ("/sale/1/proof", True),
        ("https://evil.example/x", False),
        ("//evil.example/x", False),
        ("/\\evil.example", False),
        ("javascript:alert(1)", False),
    ],
)
def test_only_files_of_this_site_are_fetched(proof: str, taken: bool) -> None:
    html = client().get(reverse("verify"), {"proof": proof}).content.decode()

    assert (f'data-verify="{proof}"' in html) is taken
    assert ('data-verify=""' in html) is not taken
    assert "<noscript>" in html


def test_the_program_is_handed_out_as_it_is() -> None:
    answer = client().get(reverse("verifier"))

    assert b"".join(answer.streaming_content) == Path(verifier.__file__).read_bytes()  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="verifier.py"'
