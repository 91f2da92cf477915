"""Groups for programs."""

from __future__ import annotations

import pytest

from banyan.groups.models import Membership
from tests.api.client import Program, problem
from tests.groups import circles
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_a_program_joins_switches_offers_on_offers_and_leaves() -> None:
    circle, ben = circles.group(slug="pens"), Program(make.member("ben"))
    product = make.product()
    assert ben.get("/groups") == []
    assert ben.get("/groups/pens")["standing"] == "none"

    ben.do("PUT", "/groups/pens/membership", {})
    ben.do("PUT", "/groups/pens/membership", {"wants_offers": True})

    mine = ben.get("/groups")[0]
    assert (mine["standing"], mine["role"], mine["wants_offers"]) == ("member", "member", True)
    assert circles.counted(circle) == circles.recounted(circle) == (2, 1)
    assert [row["role"] for row in ben.get("/groups/pens/members")] == ["owner", "member"]
    made = ben.do("POST", "/groups/pens/offers", {"product_id": str(product.pk), "note": "Hm"})
    assert Program().get("/groups/pens/offers")["items"] == [made]
    assert made["by"]["handle"] == "ben"
    ben.do("DELETE", "/groups/pens/membership")
    assert ben.get("/groups") == []
    refused = ben.send("POST", "/groups/pens/offers", {"product_id": str(product.pk)})
    assert problem(refused) == (403, "not_a_member")


def test_a_secret_group_is_absent_and_a_private_one_shows_nobody() -> None:
    owner = make.member()
    circles.group(owner, slug="hush", visibility=2)
    circles.group(owner, slug="shut", visibility=1)
    ben = Program(make.member())

    for path in ("", "/members", "/offers"):
        assert problem(ben.send("GET", f"/groups/hush{path}")) == (404, "not_found")
    refused = ben.send("PUT", "/groups/hush/membership", {})
    assert problem(refused) == (404, "not_found")
    assert ben.get("/groups/shut/members") == []
    assert ben.get("/groups/shut/offers")["items"] == []
    assert Membership.objects.count() == 2
