"""Taking one's data along: whatever is kept of somebody can be written, and nobody waits for it."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from django.db import models

from banyan.catalog.models import ProductImport
from banyan.delivery.models import Voucher
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.personal import SECRETS, declared
from banyan.legal import actions as legal
from banyan.legal.models import Export
from banyan.legal.queries import export_of
from banyan.media.store import WholeFiles
from banyan.payments import actions as payments
from banyan.payments.models import Attempt, Intent
from banyan.people.models import Account, BookDigest
from tests.support import factories as make

pytestmark = pytest.mark.django_db
US = Actor.system("test")
CSV = b"\xef\xbb\xbftitle,price\nCup,9.00\n"


class Choosy(WholeFiles):
    """A disk on which the files of one export have no room."""

    full_for = ""

    def _save(self, name: str, content: Any) -> str:
        if self.full_for and f"exports/{self.full_for}-" in name:
            raise OSError("no space left on device")
        return super()._save(name, content)


def somebody_with_bytes() -> Account:
    """Return a member who is known by bytes, too: a file, a redeemed voucher, an address book."""
    now, account = clock.now(), make.member()
    shop = make.shop(account)
    variant = make.variant(shop)
    ProductImport.objects.create(
        token="t", shop=shop, account=account, name="goods.csv", content=CSV, created_at=now
    )
    Voucher.objects.create(
        shop=shop, variant=variant, line_id=1, order_id=1, number=1, title="Haircut", digest="d",
        sealed=b"sealed", valid_from=now, state="redeemed", issued_at=now, redeemed_at=now,
        redeemed_by=account,
    )  # fmt: skip
    BookDigest.objects.create(owner=account, digest=b"d" * 16, created_at=now)
    return account


def test_what_is_kept_as_bytes_is_a_file_of_the_export_and_what_is_sealed_is_not_in_it() -> None:
    account = somebody_with_bytes()
    export = legal.ask_export(actor=make.actor(account))

    assert legal.make_exports(actor=US) == 1

    data = legal.take_export(actor=make.actor(account), export_id=export.pk)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (row,) = json.loads(archive.read("data/catalog.ProductImport.json"))
        assert archive.read(row["content"]) == CSV
        (voucher,) = json.loads(archive.read("data/delivery.Voucher.json"))
        assert voucher["title"] == "Haircut"
        assert not {"sealed", "digest"} & voucher.keys()


def test_every_table_that_is_exported_keeps_bytes_only_where_they_are_somebodys_file() -> None:
    kept = {
        f"{model._meta.label}.{column.name}"
        for model, holding in declared().items()
        if holding.owner or holding.guest or holding.contact
        for column in model._meta.concrete_fields
        if isinstance(column, models.BinaryField) and column.name not in SECRETS
    }

    assert kept == {
        "catalog.ProductImport.content",
        "orders.Fapiao.file",
        "standing.PermitPicture.jpeg",
    }


def test_one_export_that_cannot_be_made_holds_up_nobody_and_is_tried_again(settings: Any) -> None:
    first, second = (legal.ask_export(actor=make.actor(make.member())) for _ in range(2))
    settings.STORAGES = settings.STORAGES | {
        "private": settings.STORAGES["private"] | {"BACKEND": "tests.legal.test_exports.Choosy"}
    }
    Choosy.full_for = str(first.pk)
    try:
        assert legal.make_exports(actor=US) == 1
        assert set(Export.objects.values_list("pk", "state")) == {
            (first.pk, "asked"),
            (second.pk, "ready"),
        }
    finally:
        Choosy.full_for = ""
    assert legal.make_exports(actor=US) == 1
    assert not Export.objects.filter(state="asked").exists()


def test_one_whose_week_is_over_makes_room_before_the_job_comes_by() -> None:
    who = make.actor(make.member())
    first = legal.ask_export(actor=who)
    legal.make_exports(actor=US)
    first.refresh_from_db()
    assert first.expires_at is not None
    with clock.at(first.expires_at - dt.timedelta(seconds=1)):
        assert export_of(account_id=who.id) == first
        assert legal.ask_export(actor=who) == first
    with clock.at(first.expires_at):
        assert export_of(account_id=who.id) is None
        again = legal.ask_export(actor=who)
        assert (again.state, again == first) == ("asked", False)
        assert legal.expire_exports(actor=US) == 0
    first.refresh_from_db()
    assert (first.state, first.file) == ("expired", "")


def test_nothing_in_an_export_opens_a_purchase(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["sandbox", "wallet"]
    account = make.member(email="ana@example.com")
    checkout = make.pay(make.place((make.variant(), 1), buyer=account, email="ana@example.com"))
    waiting = make.place((make.variant(), 1), buyer=account, email="ana@example.com")
    intent = Intent.objects.get(subject_kind="checkout", subject_id=waiting.pk)
    link = payments.open_link(actor=make.actor(account), intent=intent)
    Attempt.objects.create(
        intent=intent, number=1, started_at=clock.now(),
        request={"return_url": f"https://shop.example/pay/return/{intent.token}"},
    )  # fmt: skip
    relay.drain()
    export = legal.ask_export(actor=make.actor(account))

    assert legal.make_exports(actor=US) == 1

    data = legal.take_export(actor=make.actor(account), export_id=export.pk)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    for opens in (checkout.access_token, waiting.access_token, intent.token, link):
        assert [name for name, text in texts.items() if opens in text] == []
    assert checkout.number in texts["data/orders.Checkout.json"]
