"""Every table says what is personal in it, how long it stays and how it is erased."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.db import models

from banyan.kernel import personal
from banyan.kernel.personal import Erase, declared, in_erasing_order, undeclared

ROOT = Path(__file__).resolve().parents[2]
CONTACTS = ("email", "phone", "contact", "destination", "recipient", "address", "claimant")


def test_every_table_is_declared() -> None:
    assert undeclared() == []


def test_negative_control_a_table_that_nobody_declared_is_seen() -> None:
    model = apps.get_model("people.Address")
    kept = dict(personal._holdings)
    try:
        del personal._holdings[model]
        assert undeclared() == ["people.Address"]
    finally:
        personal._holdings.update(kept)


def test_what_is_kept_or_blanked_says_why_or_until_when() -> None:
    silent = [
        holding.model._meta.label
        for holding in declared().values()
        if not holding.why and (holding.fields or holding.owner or holding.erase is not Erase.KEEP)
    ]
    assert silent == []


def test_no_column_that_sounds_like_a_contact_is_forgotten() -> None:
    """By name: a column of text that holds contacts elsewhere is personal here too."""
    known = {
        "catalog.Shop": {"country"}, "payments.PayoutReturn": set(), "sales.Right": set(),
    }  # fmt: skip
    forgotten = []
    for model, holding in declared().items():
        for column in model._meta.concrete_fields:
            text = isinstance(column, models.CharField | models.TextField | models.JSONField)
            named = any(
                column.name == word or column.name.endswith(f"_{word}") for word in CONTACTS
            )
            if text and named and column.name not in {*holding.fields, *holding.contact}:
                forgotten.append(f"{model._meta.label}.{column.name}")
    assert sorted(set(forgotten) - set(known)) == []


def test_what_is_blanked_can_be() -> None:
    for holding in in_erasing_order():
        if holding.erase is Erase.BLANK and holding.act is None:
            assert holding.emptied(), holding.model
            assert holding.owner or holding.guest or holding.contact, holding.model


def test_what_is_deleted_is_found_by_something() -> None:
    lost = [
        holding.model._meta.label
        for holding in declared().values()
        if holding.erase is Erase.DELETE
        and holding.act is None
        and not (holding.owner or holding.guest or holding.contact)
    ]
    assert lost == []
