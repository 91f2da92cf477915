"""The desk speaks people's words: in lists, filters and the audit log stand no codes."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model

import banyan
from banyan.catalog import actions as catalog
from banyan.catalog.models import Attribute, Category, Shop
from banyan.kernel import clock, states
from banyan.kernel.labels import WORDS
from banyan.kernel.office import OfficeAdmin
from banyan.payments.models import ProviderMessage
from tests.kernel.test_states import ALL
from tests.support import factories as make

from .scene import as_staff, tables

pytestmark = pytest.mark.django_db
ROOT = Path(banyan.__file__).parent


def filters_of(page: str) -> list[str]:
    """Return the texts of the choices that a list can be filtered by."""
    return [html.unescape(text) for text in re.findall(r'<a href="\?[^"]*" title="([^"]*)"', page)]


def test_every_state_of_every_machine_and_every_machine_has_a_word() -> None:
    assert ALL
    missing = {m.name for m in ALL} | {s for m in ALL for s in m.transitions}
    assert missing - set(WORDS) == set()
    assert set(states.machines) <= set(WORDS)


def test_every_act_that_is_written_to_the_audit_log_has_a_word() -> None:
    """Acts are written as "noun.verb" where they are logged; none of them may be new to us."""
    logged = re.compile(
        r'(?:action=|_log\(actor, |_audit\(\w+, \w+, |reason, )"([a-z_]+\.[a-z_]+)"'
    )
    found = {
        act for path in ROOT.rglob("actions*/**/*.py") for act in logged.findall(path.read_text())
    }
    found |= {act for path in ROOT.rglob("*.py") for act in logged.findall(path.read_text())}
    assert {"shop.approve", "refund.grant", "staff.give_role", "token.create"} <= found
    assert found - set(WORDS) == set()


def test_the_audit_log_and_its_filters_speak() -> None:
    shop = make.shop()
    boss = make.staff("moderation")
    catalog.suspend_shop(actor=make.actor(boss), shop_id=shop.pk, reason="a look")
    page = as_staff("owner").get("/desk/audit/").content.decode()
    assert "Suspended a shop" in page
    assert f"Shop {shop.name}" in html.unescape(page)
    assert {"Suspended a shop", "Staff", "Shop"} <= set(filters_of(page))
    assert "shop.suspend" not in filters_of(page)


@pytest.mark.parametrize("model", tables(), ids=lambda model: model._meta.db_table)
def test_filters_over_states_show_no_codes(model: Any) -> None:
    office = admin.site.get_model_admin(model)
    assert isinstance(office, OfficeAdmin)
    page = as_staff("owner").get(f"/desk/{office.place}/")
    assert page.status_code == 200
    codes = {text for text in filters_of(page.content.decode()) if re.fullmatch(r"[a-z_.]+", text)}
    assert codes == set()


def test_the_moves_of_machines_are_told_in_words() -> None:
    make.place((make.variant(), 1))
    page = as_staff("owner").get("/desk/moves/").content.decode()
    shown = set(re.findall(r">\s*([\w .]+?)\s*<", page))
    assert {"Shop", "Product"} <= shown
    assert not shown & {machine.name for machine in ALL}
    assert "On sale" in shown


@pytest.mark.parametrize("model", tables(), ids=lambda model: model._meta.db_table)
def test_no_column_shows_a_row_of_another_table_by_its_number(model: Any) -> None:
    office = admin.site.get_model_admin(model)
    assert isinstance(office, OfficeAdmin)
    fields = {field.name: field for field in model._meta.get_fields()}
    rows = [fields[str(name)].related_model for name in (*office.list_display, *office.facts)
            if str(name) in fields and fields[str(name)].is_relation]  # fmt: skip
    assert [row for row in rows if row.__str__ is Model.__str__] == []


def test_the_kind_and_the_category_of_an_attribute_are_told() -> None:
    cups = Category.objects.create(slug="cups", names={"en": "Cups"})
    Attribute.objects.create(code="boxed", kind="yesno", names={"en": "Boxed"}, category=cups)
    page = as_staff("moderation").get("/desk/attributes/").content.decode()
    shown = set(re.findall(r">\s*([\w .]+?)\s*<", page))
    assert {"boxed", "Boxed", "Yes or no", "cups"} <= shown


def test_a_filter_over_a_state_still_filters() -> None:
    make.shop(name="Open Corner")
    closed = make.shop(name="Closed Corner")
    Shop.objects.filter(pk=closed.pk).update(state="suspended")
    page = as_staff("moderation").get("/desk/shops/?state__exact=suspended").content.decode()
    assert "Closed Corner" in page
    assert "Open Corner" not in page
    assert "Suspended" in filters_of(page)


def test_provider_messages_say_who_what_and_what_became_of_it() -> None:
    ProviderMessage.objects.create(
        provider="sandbox",
        message_id="m1",
        kind="payment.succeeded",
        payload={},
        outcome="already_captured",
        received_at=clock.now(),
    )
    page = html.unescape(as_staff("support").get("/desk/webhooks/").content.decode())
    assert "Payment arrived" in page
    assert "late: the payment was known already" in filters_of(page)
    assert "already_captured" not in filters_of(page)


def test_words_that_people_typed_are_left_alone() -> None:
    make.shop(name="open")
    page = as_staff("moderation").get("/desk/shops/").content.decode()
    assert re.search(r">\s*open\s*<", page), "a shop that is called like a state"
