"""Row 25, a: sharing, likes and a draw with help are benefits that a shop sets up by a form.

A merchant fills in the studio's form and publishes; members play and hold what they gained. All
over HTTP, for each with and without the honour that goes with it.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from banyan.campaigns.models import Campaign, Instance
from banyan.entitlements.models import Grant as CouponGrant
from tests.campaigns.phones import Phone
from tests.campaigns.scene import assert_sound, coupon, later, somebody
from tests.support import factories as make
from tests.support.pages import Page

pytestmark = pytest.mark.django_db

FORMS: dict[str, dict[str, str]] = {
    "coupon_pack": {"places": "2", "sender": "1"},
    "like_collection": {"likes": "1"},
    "assist_draw": {"helpers": "1", "count": "2"},
}


def set_up(code: str, drive: str) -> Campaign:
    """Fill in the form of a mechanic and publish, as a merchant does."""
    shop = make.shop()
    merchant, given = Phone(shop.owner), coupon(shop)
    form = reverse("studio_campaign_new", args=[shop.slug, code])
    filled = next(one.fields for one in Page(merchant.look(form)).forms if "title" in one.fields)
    main = "prize" if code == "assist_draw" else "coupon"
    typed: dict[str, Any] = filled | FORMS[code] | {main: given.pk, "budget": "100.00"}
    typed |= {"landing": "coupon", "drive": drive}
    answer = merchant.browser.post(form, typed)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    made = Campaign.objects.get()
    act = reverse("studio_campaign_act", args=[shop.slug, made.pk])
    merchant.browser.post(act, {"act": "publish"})
    made.refresh_from_db()
    assert (made.state, made.landing, made.drive) == ("published", "coupon", drive)
    return made


@pytest.mark.parametrize("drive", ["benefit", "both"])
@pytest.mark.parametrize("code", list(FORMS))
def test_row_25_a_benefit_is_a_matter_of_configuration(code: str, drive: str) -> None:
    of = set_up(code, drive)
    ana, ben = Phone(somebody()), Phone(somebody())
    play = ana.begin(of)

    ben.act(play, "join" if code == "coupon_pack" else "help")
    if code == "like_collection":
        ana.act(play, "redeem")
    if code == "assist_draw":
        later(Instance.objects.get())
        ana.act(play, "redeem")

    gain = {
        who.account.pk: CouponGrant.objects.filter(account=who.account).count()
        for who in (ana, ben)
    }
    # Sharing gains both of them something; a like and help are gifts to the other.
    assert gain == {ana.account.pk: 1, ben.account.pk: int(code == "coupon_pack")}
    assert "5 off" in ana.look("/me/coupons")
    assert ("1 friend helped." in ana.look(play)) is (drive == "both")
    shop = of.shop
    assert shop is not None
    page = Phone(shop.owner).look(reverse("studio_campaign", args=[shop.slug, of.pk]))
    assert "People who were given something" in page
    assert_sound()


@pytest.mark.parametrize("code", list(FORMS))
def test_row_25_a_form_without_a_reward_says_what_is_missing(code: str) -> None:
    shop = make.shop()
    merchant = Phone(shop.owner)
    form = reverse("studio_campaign_new", args=[shop.slug, code])
    filled = next(one.fields for one in Page(merchant.look(form)).forms if "title" in one.fields)
    typed = {**filled, "landing": "coupon", "budget": "10.00"}
    page = merchant.browser.post(form, typed).content.decode()
    assert "Choose a coupon of this shop." in page
    page = merchant.browser.post(form, {**typed, "landing": "right"}).content.decode()
    assert "Choose something that this shop sells." in page
    assert not Campaign.objects.exists()
