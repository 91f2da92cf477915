"""Pictures of likes on other networks: shown by their owner, accepted by two people, given once."""

from __future__ import annotations

import io
from typing import Any

import PIL.Image
import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Grant, Instance, OutsidePicture
from banyan.campaigns.outside import alike
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Shop, ShopStaff
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock
from banyan.kernel.models import AuditEntry
from banyan.kernel.personal import Person, declared, erase_rows
from banyan.kernel.problems import IllegalTransition, Invalid, NotFound
from banyan.media.actions import stage
from banyan.notify.models import Notification
from banyan.people.models import Account
from banyan.trust import actions as trust
from banyan.trust.rules import PAYMENT, Key
from tests.campaigns.phones import WECHAT, Phone
from tests.campaigns.scene import (
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    help_,
    later,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def second_of(shop: Shop) -> Account:
    """Return another manager of the shop."""
    made = somebody()
    ShopStaff.objects.create(shop=shop, account=made, role="manager", created_at=clock.now())
    return made


def collecting(shop: Shop, who: Account, **terms: Any) -> Instance:
    usual = {
        "coupon": coupon(shop, title="likes").pk,
        "elsewhere": coupon(shop, title="picture").pk,
        "likes": 2,
    }
    return begun(campaign(shop, "like_collection", **(usual | terms)), who)


def drawn(seed: int, quality: int = 90) -> bytes:
    """Return a picture that looks like no other of another seed."""
    picture = PIL.Image.new("RGB", (640, 640))
    for n in range(64):
        shade = (n * 37 + seed * 101 + n * n * seed) % 256
        picture.paste((shade,) * 3, (n % 8 * 80, n // 8 * 80, n % 8 * 80 + 80, n // 8 * 80 + 80))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    return data.getvalue()


def show(play: Instance, who: Account, data: bytes | None = None) -> OutsidePicture:
    actor = make.actor(who)
    token = stage(actor=actor, data=data or drawn(play.pk % 97), filename="likes.jpg").token
    return campaigns.show_outside(actor=actor, code=play.code, picture=token)


def accept(picture: OutsidePicture, who: Account) -> OutsidePicture:
    return campaigns.accept_outside(actor=make.actor(who), picture_id=picture.pk)


def refuse(picture: OutsidePicture, who: Account, reason: str = "It shows no likes.") -> Any:
    return campaigns.refuse_outside(actor=make.actor(who), picture_id=picture.pk, reason=reason)


def held(who: Account) -> list[str]:
    return list(CouponGrant.objects.filter(account=who).values_list("coupon__title", flat=True))


def told(who: Account) -> list[str]:
    return list(Notification.objects.filter(recipient=who).values_list("kind", flat=True))


def test_two_people_accept_it_and_it_is_given_once(shop: Shop) -> None:
    ana, second = somebody(), second_of(shop)
    play = collecting(shop, ana)
    picture = show(play, ana)
    assert "campaign.outside_shown" in told(shop.owner)

    accept(picture, shop.owner)
    assert held(ana) == [], "one person is not enough"
    with pytest.raises(Refused, match="play_second"):
        accept(picture, shop.owner)
    accept(picture, second)

    assert held(ana) == ["picture"]
    assert "campaign.outside_accepted" in told(ana)
    for again in (shop.owner, second):
        with pytest.raises(IllegalTransition):
            accept(picture, again)
    with pytest.raises(Refused, match="play_shown"):
        show(play, ana, drawn(3))
    assert held(ana) == ["picture"]
    acts = AuditEntry.objects.filter(subject_kind="outside_picture").order_by("id")
    assert [one.action for one in acts] == ["outside.vouched", "outside.accepted"]
    assert_sound()


def test_likes_count_as_before_beside_it(shop: Shop) -> None:
    ana, second = somebody(), second_of(shop)
    play = collecting(shop, ana)
    picture = show(play, ana)
    for who in (shop.owner, second):
        accept(picture, who)
    play.refresh_from_db()
    assert play.taken == 0, "a picture is no like"
    for friend in crowd(2):
        help_(play, friend)
    campaigns.play(actor=make.actor(ana), code=play.code, verb="redeem")
    assert sorted(held(ana)) == ["likes", "picture"]
    assert_sound()


def test_a_refused_one_is_told_why_and_another_can_be_shown(shop: Shop) -> None:
    ana = somebody()
    play = collecting(shop, ana)
    with pytest.raises(Invalid):
        refuse(show(play, ana), shop.owner, "  ")
    refuse(OutsidePicture.objects.get(), shop.owner)
    notice = Notification.objects.get(recipient=ana, kind="campaign.outside_refused")
    assert notice.data["reason"] == "It shows no likes."
    refuse(show(play, ana, drawn(2)), shop.owner)
    refuse(show(play, ana, drawn(3)), shop.owner)
    with pytest.raises(Refused, match="play_pictures"):
        show(play, ana, drawn(4))
    assert held(ana) == []
    assert not Grant.objects.exists()
    assert_sound()


def test_who_has_vouched_may_still_refuse_it(shop: Shop) -> None:
    ana = somebody()
    picture = show(collecting(shop, ana), ana)
    accept(picture, shop.owner)
    assert refuse(picture, shop.owner).state == "refused"
    with pytest.raises(IllegalTransition):
        accept(picture, second_of(shop))
    assert held(ana) == []


def test_nobody_accepts_their_own_nor_twice_under_another_name(shop: Shop) -> None:
    ana, second = somebody(), second_of(shop)
    picture = show(collecting(shop, ana), ana)
    twin = second_of(shop)
    for one in (twin, ana):
        trust.record(account_id=one.pk, keys=[Key(PAYMENT, "card of ana")], source="test")
    with pytest.raises(Refused, match="play_own_picture"):
        accept(picture, twin)
    accept(picture, second)
    again = second_of(shop)
    for one in (second, again):
        trust.record(account_id=one.pk, keys=[Key(PAYMENT, "another card")], source="test")
    with pytest.raises(Refused, match="play_second"):
        accept(picture, again)
    picture.refresh_from_db()
    assert (picture.state, held(ana)) == ("vouched", [])


def test_moderation_can_be_the_second_person_and_strangers_are_nobody(shop: Shop) -> None:
    ana = somebody()
    picture = show(collecting(shop, ana), ana)
    accept(picture, shop.owner)
    for nobody in (somebody(), make.shop().owner, ana):
        with pytest.raises(NotFound):
            accept(picture, nobody)
        with pytest.raises(NotFound):
            refuse(picture, nobody)
    staff = make.staff("moderation")
    boss = make.actor(staff)
    campaigns.accept_outside(actor=boss, picture_id=picture.pk, reason="looks right")
    assert held(ana) == ["picture"]


def test_only_who_collects_can_show_one_where_the_terms_ask_for_it(shop: Shop) -> None:
    ana, ben = crowd(2)
    play = collecting(shop, ana)
    with pytest.raises(Refused, match="play_not_yours"):
        show(play, ben)
    without = collecting(shop, ben, elsewhere=None)
    with pytest.raises(Refused, match="play_not_offered"):
        show(without, ben)
    with pytest.raises(Invalid):
        campaigns.show_outside(actor=make.actor(ana), code=play.code, picture="")
    later(play)
    with pytest.raises(Refused, match="play_over"):
        show(play, ana)
    assert not OutsidePicture.objects.exists()


def test_accepted_after_the_end_it_comes_out_of_what_the_budget_still_has(shop: Shop) -> None:
    ana, second = somebody(), second_of(shop)
    play = collecting(shop, ana)
    picture = show(play, ana)
    later(play)
    assert play.ended_at is not None
    for who in (shop.owner, second):
        accept(picture, who)
    assert held(ana) == ["picture"]
    assert_sound()


def test_it_is_promised_from_the_beginning(shop: Shop) -> None:
    dear = coupon(shop, title="picture", amount_off=7_000)
    play = collecting(shop, somebody(), elsewhere=dear.pk)
    assert play.promise == 500 + 7_000


def test_the_same_picture_is_shown_as_such(shop: Shop) -> None:
    ana, ben, cy = crowd(3)
    first = show(collecting(shop, ana), ana, drawn(5))
    same = show(collecting(shop, ben), ben, drawn(5, quality=60))
    other = show(collecting(shop, cy), cy, drawn(6))
    elsewhere = make.shop()
    dan = somebody()
    show(collecting(elsewhere, dan), dan, drawn(5))
    found = alike([first.pk, same.pk, other.pk])
    assert {key: [one.pk for one in rows] for key, rows in found.items()} == {
        first.pk: [same.pk],
        same.pk: [first.pk],
    }
    page = Phone(shop.owner).look(
        f"/studio/{shop.slug}/campaigns/{same.instance.campaign_id}/pictures"
    )
    assert "Looks the same as:" in page
    assert f"@{ana.handle}" in page


def test_over_the_pages_it_is_shown_and_judged(shop: Shop) -> None:
    ana, second = somebody(), second_of(shop)
    play = collecting(shop, ana)
    phone = Phone(ana)
    assert "A picture of likes elsewhere" in phone.look(f"/play/{play.code}")
    assert "A picture of likes elsewhere" not in Phone(somebody()).look(f"/play/{play.code}")
    assert "A picture of likes elsewhere" not in Phone(ana, WECHAT).look(f"/play/{play.code}")
    token = stage(actor=make.actor(ana), data=drawn(1), filename="likes.jpg").token
    sent = phone.browser.post(f"/play/{play.code}/outside", {"picture": token})
    assert sent.status_code == 302
    assert "looked at by two people" in phone.look(f"/play/{play.code}")
    picture = OutsidePicture.objects.get()
    queue = f"/studio/{shop.slug}/campaigns/{play.campaign_id}/pictures"
    judge = f"/studio/{shop.slug}/pictures/{picture.pk}"
    assert f"@{ana.handle}" in Phone(shop.owner).look(queue)
    assert Phone(shop.owner).browser.post(judge, {"do": "accept"}).status_code == 302
    again = Phone(shop.owner).browser.post(judge, {"do": "accept"})
    assert again.status_code == 422
    assert "A second person" in again.content.decode()
    assert Phone(second).browser.post(judge, {"do": "accept"}).status_code == 302
    assert held(ana) == ["picture"]
    assert "Your picture was accepted" in phone.look(f"/play/{play.code}")


def test_a_refusal_over_the_page_needs_a_reason_and_is_read(shop: Shop) -> None:
    ana = somebody()
    play = collecting(shop, ana)
    picture = show(play, ana)
    judge = f"/studio/{shop.slug}/pictures/{picture.pk}"
    assert Phone(shop.owner).browser.post(judge, {"do": "refuse"}).status_code == 422
    Phone(shop.owner).browser.post(judge, {"do": "refuse", "reason": "Nothing to be seen."})
    page = Phone(ana).look(f"/play/{play.code}")
    assert "Nothing to be seen." in page
    assert f'action="/play/{play.code}/outside"' in page


def test_who_leaves_takes_the_pictures_along(shop: Shop) -> None:
    ana = somebody()
    show(collecting(shop, ana), ana)
    erase_rows(declared()[OutsidePicture], Person(account_id=ana.pk))
    assert not OutsidePicture.objects.exists()
