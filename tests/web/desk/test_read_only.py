"""No path through the desk writes, except an act with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry, Flag
from banyan.kernel.office import OfficeAdmin
from banyan.people.models import Account
from banyan.web.desk.site import DeskSite
from tests.support import factories as make

from .scene import as_staff, name_of, tables

pytestmark = pytest.mark.django_db
WRITES = ("INSERT", "UPDATE", "DELETE")
# A request may keep its session alive; that is no business of the desk.
OWN = ("django_session",)


def written(context: CaptureQueriesContext) -> list[str]:
    """Return the statements that changed something."""
    return [
        query["sql"]
        for query in context.captured_queries
        if query["sql"].lstrip().upper().startswith(WRITES)
        and not any(table in query["sql"] for table in OWN)
    ]


def a_row(model: Any) -> Any:
    """Return some row that the desk shows, or None."""
    office: Any = admin.site.get_model_admin(model)
    return office.get_queryset(RequestFactory().get("/")).first()


def test_every_registered_table_is_on_the_office_base() -> None:
    assert len(tables()) > 15, "the walk found the desk"
    for model in tables():
        assert isinstance(admin.site.get_model_admin(model), OfficeAdmin), model


def test_libraries_tables_are_left_out_and_ours_cannot_come_otherwise() -> None:
    site = DeskSite()
    site.register(Group, ModelAdmin)
    assert not site.is_registered(Group)
    with pytest.raises(ImproperlyConfigured):
        site.register(Account, ModelAdmin)
    with pytest.raises(ImproperlyConfigured):
        site.register([Group, Account])


def test_there_is_no_address_that_adds_deletes_or_changes_a_password() -> None:
    for model in tables():
        for view in ("add", "delete", "history"):
            with pytest.raises(NoReverseMatch):
                reverse(name_of(model, view), args=[1])
    for name in ("login", "password_change", "password_change_done", "autocomplete"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:{name}")


def test_no_permission_says_yes_to_more_than_reading() -> None:
    request = RequestFactory().get("/")
    request.actor = Actor(kind="staff", id=1, roles=frozenset({"owner"}))  # type: ignore[attr-defined]
    for model in tables():
        office: Any = admin.site.get_model_admin(model)
        assert office.has_view_permission(request)
        assert not office.has_add_permission(request)
        assert not office.has_change_permission(request)
        assert not office.has_delete_permission(request)
        assert office.get_actions(request) == {}
        assert not office.list_editable


def test_posts_to_lists_and_rows_write_nothing() -> None:
    client = as_staff("owner")
    make.pay(make.place((make.variant(), 1)))
    Flag.objects.create(name="sale")
    posted = 0
    for model in tables():
        row = a_row(model)
        paths = [reverse(name_of(model, "changelist"))]
        if row is not None:
            paths.append(reverse(name_of(model, "change"), args=[row.pk]))
            paths += [f"{paths[-1]}delete/", f"{paths[-1]}change/"]
        paths.append(f"{paths[0]}add/")
        for path in paths:
            data = {"action": "delete_selected", "_selected_action": str(getattr(row, "pk", "1")),
                    "post": "yes", "reason": "x", "name": "x", "_save": "1"}  # fmt: skip
            with CaptureQueriesContext(connection) as queries:
                answer = client.post(path, data)
            assert answer.status_code in {404, 405}, (path, answer.status_code)
            assert written(queries) == [], path
            posted += 1
    assert posted > 40


def test_reading_writes_nothing() -> None:
    client = as_staff("owner")
    make.pay(make.place((make.variant(), 1)))
    for model in tables():
        row = a_row(model)
        paths = [
            reverse(name_of(model, "changelist")),
            f"{reverse(name_of(model, 'changelist'))}?q=x",
        ]
        if row is not None:
            paths.append(reverse(name_of(model, "change"), args=[row.pk]))
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200, path
            assert written(queries) == [], path


def test_a_flag_is_turned_by_an_act_with_a_reason() -> None:
    client = as_staff("owner")
    Flag.objects.create(name="sale", enabled=False)
    url = reverse("admin:kernel_flag_act", args=["sale", "turn"])

    refused = client.post(url, {"reason": "  "})
    assert refused.status_code == 422
    assert not Flag.objects.get(pk="sale").enabled
    assert not AuditEntry.objects.filter(action="flag.turn").exists()

    done = client.post(url, {"reason": "the sale begins"})
    assert done.status_code == 302
    assert Flag.objects.get(pk="sale").enabled
    assert AuditEntry.objects.get(action="flag.turn").reason == "the sale begins"
