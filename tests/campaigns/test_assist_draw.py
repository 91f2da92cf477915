"""Mechanic 2.3: a draw with help, drawn at the end."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from banyan.campaigns import actions as campaigns
from banyan.campaigns import verifier
from banyan.campaigns.models import Campaign, Instance, Participation, ProofFile
from banyan.campaigns.problems import Refused
from banyan.campaigns.proof import campaign_audit
from banyan.catalog.models import Shop, ShopStaff, Variant
from banyan.entitlements.models import Grant as CouponGrant
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account
from banyan.trust import actions as trust
from banyan.trust.rules import PAYMENT, Key
from tests.campaigns.phones import Phone
from tests.campaigns.scene import (
    DAY,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    help_,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def draws(shop: Shop, **values: Any) -> Campaign:
    values = {"prize": coupon(shop, title="prize").pk, "count": 1, "helpers": 2} | values
    return campaign(shop, "assist_draw", **values)


def over(of: Campaign) -> Campaign:
    """Let it end and be drawn."""
    with clock.at(of.ends_at):
        campaigns.advance(actor=SYSTEM)
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    return of


def claimed(of: Campaign) -> Campaign:
    """Let it end, and everybody take what they have won."""
    over(of)
    with clock.at(of.ends_at):
        for one in Instance.objects.filter(campaign=of, state="won").select_related("owner"):
            take(one)
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    return of


def take(entry: Instance, **given: str) -> None:
    assert entry.owner is not None
    who = make.actor(entry.owner)
    campaigns.play(actor=who, code=entry.code, verb="redeem", given=given)


def entries_of(of: Campaign) -> dict[str, int]:
    """Return the weights of the frozen list, by code."""
    return {row[0]: row[1] for row in ProofFile.objects.get(campaign=of).entries}


def proof_of(of: Campaign) -> str:
    return ProofFile.objects.get(campaign=of).text


def winners() -> set[int]:
    return set(CouponGrant.objects.values_list("account_id", flat=True))


def told(who: Account) -> set[str]:
    return set(Notification.objects.filter(recipient=who).values_list("kind", flat=True))


def buys(shop: Shop, who: Account, price: int = 1_000) -> Order:
    bought = make.pay(make.place((make.variant(shop, price=price, stock=9), 1), buyer=who))
    relay.drain()
    return bought.orders.get()


def gives_back(order: Order) -> None:
    orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="back")
    relay.drain()


def test_one_of_five_wins_and_anybody_can_check_it(shop: Shop) -> None:
    of, people = draws(shop), crowd(5)
    published = of.public["published"]
    entries = [begun(of, who) for who in people]
    for friend in crowd(2):
        help_(entries[0], friend)
    claimed(of)
    assert of.state == "settled"
    text = Client().get(f"/campaign/{of.code}/proof").content.decode()
    file = json.loads(text)
    assert all(verifier.verify(text).values())
    assert file["published"]["seed"] == published["seed"], "fixed before anybody entered"
    assert file["published"]["terms"] == published["terms"]
    assert of.public["proof"] == hashlib.sha256(text.encode()).hexdigest()
    weights = entries_of(of)
    assert weights[entries[0].code] == 3
    assert Counter(weights.values()) == {1: 4, 3: 1}
    (won,) = Instance.objects.filter(state="claimed")
    assert winners() == {won.owner_id}
    assert won.code == file["result"][0]
    assert Instance.objects.filter(state="lost").count() == 4
    for entry in entries:
        own = Client().get(f"/play/{entry.code}/proof").content.decode()
        assert all(verifier.verify(own).values())
        assert json.loads(own)["published"]["root"] == file["published"]["root"]
    assert_sound()


def test_a_price_is_drawn_whatever_its_goods_cost_by_then(shop: Shop) -> None:
    """The budget covers the prizes as they were published: nothing more is asked of it."""
    item = make.variant(shop, price=10_000, stock=9)
    terms: dict[str, Any] = {"prize": None, "variant": item.pk, "price": 6_000, "helpers": 0}
    of = draws(shop, landing="right", budget=4_000, **terms)
    Variant.objects.filter(pk=item.pk).update(price_amount=12_000)
    entries = [begun(of, who) for who in crowd(3)]

    claimed(of)

    assert of.state == "settled"
    (won,) = (one for one in entries if Instance.objects.get(pk=one.pk).state == "claimed")
    assert (PriceRight.objects.get().account_id, of.spent) == (won.owner_id, 4_000)
    assert_sound()


def test_everybody_is_told_what_happens(shop: Shop) -> None:
    of, people = draws(shop, count=1), crowd(14)
    entries = {who.pk: begun(of, who) for who in people}
    over(of)
    (won,) = Instance.objects.filter(state="won")
    assert [who.pk for who in people if "campaign.won" in told(who)] == [won.owner_id]
    assert all("campaign.frozen" in told(who) for who in people)
    waiting = set(Instance.objects.filter(state="waiting").values_list("owner_id", flat=True))
    assert len(waiting) == 10, "as many as the terms say"
    for who in people:
        assert ("campaign.next" in told(who)) is (who.pk in waiting)
        lost = who.pk not in waiting and who.pk != won.owner_id
        assert ("campaign.lost" in told(who)) is lost
    assert won.owner is not None
    assert "campaign.claim_ending" not in told(won.owner)
    with clock.at(of.ends_at + 6 * DAY):
        campaigns.advance(actor=SYSTEM)
    assert "campaign.claim_ending" in told(won.owner)
    page = Client()
    page.force_login(won.owner)
    text = page.get(f"/play/{entries[won.owner.pk].code}").content.decode()
    assert "Take the prize" in text
    with clock.at(of.ends_at + 6 * DAY):
        take(won)
        campaigns.advance(actor=SYSTEM)
    assert all("campaign.lost" in told(who) for who in people if who.pk != won.owner_id)
    assert not Instance.objects.filter(ended_at=None).exists()
    assert_sound()


def test_who_does_not_come_loses_the_prize_to_the_next(shop: Shop) -> None:
    of, people = draws(shop, count=1, claim_days=2), crowd(3)
    for who in people:
        begun(of, who)
    over(of)
    order = json.loads(proof_of(of))["result"]
    first, second, third = (Instance.objects.get(code=code) for code in order)
    assert [one.state for one in (first, second, third)] == ["won", "waiting", "waiting"]
    of.refresh_from_db()
    assert (of.reserved, of.spent, winners()) == (500, 0, set())
    with pytest.raises(Refused, match="play_not_offered"):
        take(second)
    with clock.at(of.ends_at + 2 * DAY):
        with pytest.raises(Refused, match="play_over"):
            take(first)
        for _n in range(2):
            campaigns.advance(actor=SYSTEM)
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, second.state) == ("forfeited", "won")
        assert second.deadline == of.ends_at + 4 * DAY, "as much time as the first had"
        take(second)
        campaigns.advance(actor=SYSTEM)
    third.refresh_from_db()
    of.refresh_from_db()
    assert (third.state, winners()) == ("lost", {second.owner_id})
    assert (of.state, of.reserved, of.spent) == ("settled", 0, 500)
    assert first.owner is not None
    assert "campaign.forfeited" in told(first.owner)
    assert_sound()


def test_when_nobody_comes_the_budget_is_free_again(shop: Shop) -> None:
    of = draws(shop, count=2, claim_days=1)
    for who in crowd(3):
        begun(of, who)
    over(of)
    for days in range(1, 6):
        with clock.at(of.ends_at + days * DAY):
            campaigns.advance(actor=SYSTEM)
            campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    assert (of.state, of.reserved, of.spent) == ("settled", 0, 0)
    assert winners() == set()
    assert set(Instance.objects.values_list("state", flat=True)) == {"forfeited"}
    assert_sound()


def test_f11_chances_by_orders_that_are_kept_are_there_at_the_end(shop: Shop) -> None:
    of, (ana, ben) = draws(shop, orders=2, per_order=3, min_spend=500), crowd(2)
    buys(shop, ana)
    entry, other = begun(of, ana), begun(of, ben)
    buys(shop, ana, price=400)
    assert "campaign.bought_chance" not in told(ana), "before the entry, or too small"
    kept = [buys(shop, ana) for _n in range(2)]
    assert "campaign.bought_chance" in told(ana)
    buys(make.shop(), ben)
    gives_back(kept[0])
    over(of)
    assert entries_of(of) == {entry.code: 1 + 3, other.code: 1}
    assert_sound()


def test_m03_refund_after_success_forfeits_to_the_runner_up(shop: Shop) -> None:
    of, people = draws(shop, count=1, orders=1), crowd(3)
    plays = {who.pk: begun(of, who) for who in people}
    bought = {who.pk: buys(shop, who) for who in people}
    over(of)
    order = json.loads(proof_of(of))["result"]
    first, second, third = (Instance.objects.get(code=code) for code in order)
    assert set(entries_of(of).values()) == {2}
    # The next in line gives back first: the prize does not stop there.
    gives_back(bought[second.owner_id or 0])
    gives_back(bought[first.owner_id or 0])
    with clock.at(of.ends_at):
        with pytest.raises(Refused, match="play_over"):
            take(first)
        campaigns.advance(actor=SYSTEM)
        third.refresh_from_db()
        assert third.state == "won"
        take(third)
        campaigns.advance(actor=SYSTEM)
    gives_back(bought[third.owner_id or 0])
    states = dict(Instance.objects.values_list("code", "state"))
    assert [states[code] for code in order] == ["forfeited", "forfeited", "claimed"]
    assert winners() == {third.owner_id}, "what was taken is theirs"
    assert len(plays) == 3
    assert_sound()


def test_a_prize_is_not_taken_with_an_order_that_is_being_given_back(shop: Shop) -> None:
    of, ana = draws(shop, orders=1), somebody()
    entry = begun(of, ana)
    bought = buys(shop, ana)
    over(of)
    orders.undo_orders(actor=SYSTEM, order_ids=[bought.pk], reason="back")
    with clock.at(of.ends_at), pytest.raises(Refused, match="play_given_back"):
        take(entry)
    assert winners() == set()


def test_m03_new_user_only_breach_is_void_before_the_freeze(shop: Shop) -> None:
    of, (old, ana, ben) = draws(shop, new_only=True, count=1), crowd(3)
    bought = buys(shop, old)
    with pytest.raises(Refused, match="play_newcomers_only"):
        begun(of, old)
    breach, kept = begun(of, ana), begun(of, ben)
    buys(shop, ben)
    # It turns out later that this is somebody who had bought under another name.
    Account.objects.filter(pk=ana.pk).update(email=bought.checkout.contact_email)
    over(of)
    assert entries_of(of) == {kept.code: 1}, "what was bought after entering does not matter"
    file = json.loads(proof_of(of))
    assert file["voids"] == [[breach.code, "not_new"]]
    assert file["published"]["voids"] == of.public["voids"]
    assert all(verifier.verify(proof_of(of)).values())
    breach.refresh_from_db()
    assert (breach.state, told(ana) >= {"campaign.void"}) == ("void", True)
    forged = json.dumps(file | {"voids": []}, sort_keys=True, separators=(",", ":"))
    assert not all(verifier.verify(forged).values())
    assert Client().get(f"/play/{breach.code}/proof").status_code == 404
    assert_sound()


def test_who_turns_out_to_be_one_person_is_drawn_once_and_knows_why(shop: Shop) -> None:
    of, (ana, again, old) = draws(shop, new_only=True), crowd(3)
    first, second = begun(of, ana), begun(of, again)
    third = begun(of, somebody())
    for who in (ana, again):
        trust.record(account_id=who.pk, keys=[Key(PAYMENT, "one card")], source="test")
    over(of)
    assert set(entries_of(of)) == {first.code, third.code}
    assert json.loads(proof_of(of))["voids"] == [[second.code, "same_person"]]
    assert "campaign.void" in told(again)
    of = draws(shop, new_only=True)
    breach = begun(of, third.owner or old)
    buys(shop, old)
    Participation.objects.filter(instance=breach).update(created_at=clock.now())
    for who in (third.owner or old, old):
        trust.record(account_id=who.pk, keys=[Key(PAYMENT, "another card")], source="test")
    over(of)
    assert json.loads(proof_of(of))["voids"] == [[breach.code, "not_new"]], "bought by another name"


def test_who_begins_to_work_in_the_shop_or_is_closed_is_void(shop: Shop) -> None:
    of, (ana, ben, cy) = draws(shop), crowd(3)
    entries = [begun(of, who) for who in (ana, ben, cy)]
    ShopStaff.objects.create(shop=shop, account=ana, role="clerk", created_at=clock.now())
    Account.objects.filter(pk=ben.pk).update(is_active=False)
    over(of)
    assert entries_of(of) == {entries[2].code: 1}
    assert sorted(reason for _code, reason in json.loads(proof_of(of))["voids"]) == [
        "inactive",
        "staff",
    ]


def test_a_word_is_drawn_with_and_only_its_fingerprint_is_kept(shop: Shop) -> None:
    of, (ana, ben) = draws(shop, luck="members"), crowd(2)
    given = {"word": "osmanthus"}
    entry = campaigns.begin(actor=make.actor(ana), code=of.code, given=given)
    other = begun(of, ben)
    take(other, word="first")
    take(other, word="second thoughts")
    over(of)
    rows = {row[0]: row[2] for row in json.loads(proof_of(of))["entries"]}
    assert rows == {
        entry.code: hashlib.sha256(b"osmanthus").hexdigest(),
        other.code: hashlib.sha256(b"second thoughts").hexdigest(),
    }
    assert "osmanthus" not in proof_of(of)
    alone = draws(shop, luck="none")
    with pytest.raises(Refused, match="play_not_offered"):
        take(begun(alone, ana), word="x")


def test_a_second_holder_of_one_prize_is_a_drift(shop: Shop) -> None:
    of = draws(shop)
    for who in crowd(3):
        begun(of, who)
    over(of)
    assert campaign_audit() == {}
    prize = Participation.objects.get(data__has_key="prize").data["prize"]
    next_one = Participation.objects.get(data__rank=2)
    Participation.objects.filter(pk=next_one.pk).update(data=next_one.data | {"prize": prize})
    assert set(campaign_audit()) == {"a prize of a draw has no more holders than there are of it"}


def test_the_page_asks_for_a_word_and_leads_from_the_list_to_the_prize(shop: Shop) -> None:
    of, phone = draws(shop, helpers=0), Phone(somebody())
    play = phone.begin(of)
    assert 'name="word"' in phone.look(play)
    phone.browser.post(f"{play}/redeem", {"word": " osmanthus "})
    assert hashlib.sha256(b"osmanthus").hexdigest() in phone.look(play)
    assert "The seed was fixed before anybody could enter." in phone.page
    assert "Until then the prize can be taken" not in phone.page
    over(of)
    phone.act(play, "redeem")
    assert "A coupon is yours" in phone.look(play)
    assert f"/verify?proof=/campaign/{of.code}/proof" in phone.page
    other = Phone(somebody()).look(play)
    assert "This entry has won." in other
    assert "A coupon is yours" not in other


def test_m03_expiry_freezes_at_the_end_instant(shop: Shop) -> None:
    of = draws(shop)
    entry = begun(of, somebody())
    with clock.at(of.ends_at), pytest.raises(Refused, match="play_over"):
        help_(entry, somebody())
    with clock.at(of.ends_at), pytest.raises(Refused, match="play_over"):
        begun(of, somebody())
    over(of)
    assert entries_of(of) == {entry.code: 1}


def test_m03_partial_fill_gives_what_is_left_back(shop: Shop) -> None:
    of = draws(shop, count=3)
    begun(of, somebody())
    claimed(of)
    assert len(winners()) == 1
    assert (of.state, of.reserved, of.spent) == ("settled", 0, 500)
    assert_sound()


def test_a_draw_that_is_drawn_again_changes_nothing(shop: Shop) -> None:
    of = draws(shop)
    for who in crowd(3):
        begun(of, who)
    claimed(of)
    before = of.public
    over(of)
    assert of.public == before
    assert len(winners()) == 1


def test_m03_self_assist(shop: Shop) -> None:
    of, (ana, again) = draws(shop), crowd(2)
    at_home = Actor(kind="member", id=ana.pk, visitor="one-browser")
    entry = campaigns.begin(actor=at_home, code=of.code)
    with pytest.raises(Refused, match="play_own"):
        help_(entry, ana)
    second = Actor(kind="member", id=again.pk, visitor="one-browser")
    with pytest.raises(Refused, match="play_twice"):
        campaigns.play(actor=second, code=entry.code, verb="help")
    with pytest.raises(Refused, match="play_twice"):
        campaigns.begin(actor=second, code=of.code)
    assert Instance.objects.count() == 1
    assert_sound()


def test_help_counts_up_to_the_cap(shop: Shop) -> None:
    of = draws(shop, helpers=2)
    entry = begun(of, somebody())
    for who in crowd(2):
        help_(entry, who)
    with pytest.raises(Refused, match="play_drained"):
        help_(entry, somebody())
    alone = begun(draws(shop, helpers=0), somebody())
    with pytest.raises(Refused, match="play_not_offered"):
        help_(alone, somebody())
    assert_sound()


def test_who_works_in_the_shop_takes_no_part(shop: Shop) -> None:
    with pytest.raises(Refused, match="play_staff"):
        begun(draws(shop), shop.owner)


def test_who_leaves_is_not_drawn(shop: Shop) -> None:
    of, (ana, ben) = draws(shop), crowd(2)
    left, stays = begun(of, ana), begun(of, ben)
    campaigns.play(actor=make.actor(ana), code=left.code, verb="withdraw")
    claimed(of)
    assert entries_of(of) == {stays.code: 1}
    assert winners() == {ben.pk}
    assert_sound()


def test_a_draw_of_nobody_ends(shop: Shop) -> None:
    of = over(draws(shop))
    assert of.state == "settled"
    assert json.loads(proof_of(of))["result"] == []
    assert isinstance(of.creator, Account)


def test_f11_chance_cache(shop: Shop) -> None:
    of = draws(shop)
    entry = begun(of, somebody())
    help_(entry, somebody())
    cache.clear()
    over(of)
    assert entries_of(of) == {entry.code: 2}, "a day later it still counts"


def test_a_draw_that_is_ended_early_waits_for_its_entries(shop: Shop) -> None:
    of = draws(shop)
    entry = begun(of, somebody())
    campaigns.end_campaign(actor=make.actor(shop.owner), campaign_id=of.pk)
    campaigns.advance(actor=SYSTEM)
    entry.refresh_from_db()
    assert (entry.state, winners()) == ("active", set())
    help_(entry, somebody())
    claimed(of)
    assert (of.state, len(winners())) == ("settled", 1)
    assert_sound()


def test_a_draw_that_nobody_looked_at_for_weeks_is_drawn(shop: Shop) -> None:
    of = draws(shop)
    begun(of, somebody())
    with clock.at(of.ends_at + 30 * DAY):
        campaigns.advance(actor=SYSTEM)
        campaigns.advance(actor=SYSTEM)
        take(Instance.objects.get())
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    assert (of.state, len(winners())) == ("settled", 1)
    assert_sound()
