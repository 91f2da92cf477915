"""What joins accounts is seen by reviewers alone, and cut by them with a reason."""

from __future__ import annotations

import pytest
from django.urls import reverse

from banyan.kernel.ids import id_time
from banyan.trust import actions as trust
from banyan.trust.models import Edge, LookBack
from banyan.trust.queries import cluster_of
from banyan.trust.rules import BROWSER, Key, address_keys
from tests.support import factories as make

from .scene import as_staff

pytestmark = pytest.mark.django_db
URL = "/desk/persons/"


def test_a_reviewer_sees_what_joins_an_account_and_cuts_it() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    for one in (ana, ben):
        keys = [Key(BROWSER, "library"), *address_keys(make.ADDRESS | {"recipient": one.handle})]
        trust.record(account_id=one.pk, keys=keys, source="order")
    desk = as_staff("moderation")
    assert reverse("admin:persons") == URL
    assert f'href="{URL}"' in desk.get("/desk/").content.decode()
    assert "@ana, @ben" in desk.get(URL).content.decode()

    page = desk.get(URL, {"q": "@Ana"}).content.decode()
    for text in ("Device", "strong: one person", "Address and name", "weak: a household", "@ben"):
        assert text in page, text
    digests = Edge.objects.values_list("digest", flat=True)
    assert not any(digest in page for digest in digests)

    edge = Edge.objects.get(account=ana, kind=BROWSER)
    cut = {"edge": str(edge.pk)}
    url = f"{URL}?q=ana"
    assert "Say why." in desk.post(url, cut, follow=True).content.decode()
    assert cluster_of(ben.pk) == ana.pk
    page = desk.post(url, cut | {"reason": "a library"}, follow=True).content.decode()
    assert "It joins nobody any more." in page
    assert "A person alone." in page
    assert cluster_of(ben.pk) == ben.pk
    for wrong in ("", "none", "9" * 30, "1"):
        assert desk.post(url, {"edge": wrong, "reason": "x"}).status_code == 404


def test_an_edge_of_2031_with_nineteen_digits_is_cut_as_well() -> None:
    ana = make.member("ana")
    trust.record(account_id=ana.pk, keys=[Key(BROWSER, "own")], source="sign_in")
    Edge.objects.update(id=10**18 + 7)
    cut = {"edge": str(10**18 + 7), "reason": "a library"}
    assert as_staff("moderation").post(f"{URL}?q=ana", cut).status_code == 302
    assert Edge.objects.get().cut_at is not None


def test_nobody_else_sees_or_cuts_anything() -> None:
    ana = make.member("ana")
    trust.record(account_id=ana.pk, keys=[Key(BROWSER, "own")], source="sign_in")
    edge = Edge.objects.get()
    for role in ("support", "finance"):
        desk = as_staff(role)
        assert desk.get(URL, {"q": "ana"}).status_code == 404
        assert desk.post(URL, {"edge": str(edge.pk), "reason": "x"}).status_code == 404
        assert f'href="{URL}"' not in desk.get("/desk/").content.decode()
    edge.refresh_from_db()
    assert edge.cut_at is None
    assert "Nobody is called" in as_staff("moderation").get(URL, {"q": "x"}).content.decode()


def test_a_reviewer_sees_how_far_old_rows_are_gone_through() -> None:
    for _n in range(3):
        make.member()
    desk = as_staff("moderation")
    assert "Still being gone through" not in desk.get(URL).content.decode()
    trust.look_back(most=2)
    page = desk.get(URL).content.decode()
    since = id_time(LookBack.objects.get(name="contacts").below)
    assert "Still being gone through" in page
    assert f"Accounts · 2 so far, back to {since:%Y-%m-%d}" in page
    while trust.look_back():
        pass
    assert "Still being gone through" not in desk.get(URL).content.decode()
