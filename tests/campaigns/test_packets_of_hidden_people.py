"""A packet for whoever has its link, of somebody whom its reader is not shown (any more)."""

from __future__ import annotations

import pytest

from banyan.kernel.actors import Actor
from banyan.people import actions as people
from banyan.people.models import Account
from tests.api.client import Program
from tests.campaigns.scene import join
from tests.campaigns.test_packet_rooms import fill, wealthy
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def put_apart(sender: Account, reader: Account, how: str) -> None:
    if how == "suspended":
        people.close_account(actor=Actor.system("desk"), account_id=sender.pk, reason="spam")
    else:
        people.block(actor=make.actor(sender), account_id=reader.pk)


@pytest.mark.parametrize("how", ["suspended", "blocked"])
def test_its_page_does_not_name_the_sender(how: str) -> None:
    sender, reader = wealthy(make.member("qadira")), make.member("wystan")
    made = fill(sender, wish="Luck")
    page = f"/play/{made.code}"
    assert "From Qadira" in client(reader).get(page).content.decode()

    put_apart(sender, reader, how)

    shown = client(reader).get(page).content.decode()
    assert "Qadira" not in shown
    assert "Luck" in shown
    others = client(make.member()).get(page).content.decode()
    assert ("From Qadira" in others) == (how == "blocked")


@pytest.mark.parametrize("how", ["suspended", "blocked"])
def test_a_program_is_not_told_the_sender(how: str) -> None:
    sender, reader = wealthy(make.member("qadira")), make.member("wystan")
    made = fill(sender, wish="Luck")
    join(made, reader)
    put_apart(sender, reader, how)
    program = Program(reader)
    [listed] = program.get("/packets")["items"]
    assert listed["sender"] is None
    assert program.get(f"/packets/{made.code}")["sender"] is None


def test_the_luckiest_is_not_named_once_suspended() -> None:
    sender, lucky = wealthy(make.member("qadira")), make.member("tjorven")
    made = fill(sender, total=900, count=2)
    join(made, lucky, given={"named": "1"})
    join(made, make.member("aranka"), given={"named": "1"})
    page = f"/play/{made.code}"
    assert "had the best luck" in client(sender).get(page).content.decode()
    for handle in ("tjorven", "aranka"):
        put_apart(Account.objects.get(handle=handle), sender, "suspended")
    shown = client(sender).get(page).content.decode()
    assert "The best luck was" in shown
    assert "Tjorven" not in shown
    assert "Aranka" not in shown
