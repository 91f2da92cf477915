"""Circles of people who buy through each other: found in what was paid, held, and let go."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.catalog.models import Variant
from banyan.earnings import actions, jobs
from banyan.earnings.models import Commission
from banyan.kernel import clock
from banyan.kernel.models import AuditEntry, StateChange, StoredEvent
from banyan.kernel.personal import Person, declared, erase_rows, export_rows
from banyan.kernel.problems import Forbidden, IllegalTransition, Invalid, NotFound
from banyan.ledger import proof
from banyan.orders.models import Order
from banyan.people.models import Account
from banyan.sharing.models import VisitorAccount
from banyan.trust import actions as trust
from banyan.trust.models import Circle, CircleMember
from banyan.trust.queries import people_of
from banyan.trust.rules import PAYMENT, Key

from . import story

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def goods() -> Variant:
    shop = story.shop()
    story.plan(shop, rate_bps=1000)
    return story.variant(shop)


def bought(goods: Variant, buyer: Account | None, through: Account, visitor: str = "") -> Order:
    """Let somebody buy through a share, and pay."""
    via = story.chain(goods, through)
    return story.paid(story.placed((goods, 1), via=via, buyer=buyer, visitor=visitor))


def rounds(goods: Variant, n: int, *people: Account) -> list[Order]:
    """Let each buy through the one before, ``n`` times."""
    pairs = list(zip(people, (*people[1:], people[0]), strict=True))
    return [bought(goods, buyer, through) for _n in range(n) for through, buyer in pairs]


def find() -> int:
    return actions.find_circles(actor=story.SYSTEM)


def states() -> set[tuple[str, str]]:
    return set(Commission.objects.values_list("state", "reason"))


def two() -> tuple[Account, Account]:
    return story.member("ana"), story.member("ben")


def test_a_circle_is_found_and_what_it_earned_is_held_and_not_taken(goods: Variant) -> None:
    ana, ben = two()
    rounds(goods, 3, ana, ben)
    before = story.book(ana, "earner_held"), story.book(ben, "earner_held")

    assert find() == 6

    circle = Circle.objects.get()
    assert [one.pk for one in people_of(circle)] == [ana.pk, ben.pk]
    assert (circle.state, circle.strength, circle.rounds, circle.inside) == (
        "open",
        "strong",
        3,
        100,
    )
    assert circle.evidence == list(Commission.objects.order_by("pk").values_list("pk", flat=True))
    assert states() == {("held_fraud", "circle_hold")}
    assert (story.book(ana, "earner_held"), story.book(ben, "earner_held")) == before
    assert proof.verify().clean
    told = StoredEvent.objects.filter(name="circle.found")
    assert [one.payload["strength"] for one in told] == ["strong"]


def test_looking_again_changes_nothing(goods: Variant) -> None:
    rounds(goods, 3, *two())
    assert jobs.find_circles(timestamp=0) == 6
    changes, entries = StateChange.objects.count(), AuditEntry.objects.count()
    assert find() == 0
    assert Circle.objects.count() == 1
    assert (StateChange.objects.count(), AuditEntry.objects.count()) == (changes, entries)
    assert StoredEvent.objects.filter(name="circle.found").count() == 1


def test_a_family_that_buys_once_from_each_other_is_let_be(goods: Variant) -> None:
    family = [story.member() for _n in range(4)]
    for one in family:
        for other in family:
            if one != other:
                bought(goods, other, one)
    assert find() == 0
    assert not Circle.objects.exists()
    assert states() == {("pending", "")}


def test_a_shop_s_owner_and_regular_customers_are_let_be(goods: Variant) -> None:
    """The owner shares the shop, customers come back and bring each other; nothing comes round."""
    owner, (ana, ben) = goods.product.shop.owner, two()
    for _n in range(4):
        bought(goods, ana, owner)
        bought(goods, ben, ana)
        bought(goods, ben, owner)
    assert find() == 0
    assert not Circle.objects.exists()
    assert not Commission.objects.filter(state="held_fraud").exists()


def test_what_went_round_twice_is_shown_and_not_held(goods: Variant) -> None:
    rounds(goods, 2, *two())
    assert find() == 0
    assert Circle.objects.get().strength == "usual"
    assert states() == {("pending", "")}


def test_one_that_gets_strong_is_told_again_and_held_from_then_on(goods: Variant) -> None:
    people = two()
    rounds(goods, 2, *people)
    find()
    rounds(goods, 1, *people)
    assert find() == 6, "all that it rests on, also from before"
    told = StoredEvent.objects.filter(name="circle.found").order_by("pk")
    assert [one.payload["strength"] for one in told] == ["usual", "strong"]
    assert len(Circle.objects.get().evidence) == 6


def test_who_sells_to_many_and_to_each_other_is_shown_and_not_held(goods: Variant) -> None:
    ana, ben = two()
    rounds(goods, 3, ana, ben)
    for _n in range(4):
        bought(goods, story.member("reader"), ana)
    assert find() == 0
    assert (Circle.objects.get().inside, Circle.objects.get().strength) == (42, "usual")


def test_three_in_a_row_and_back_are_a_circle(goods: Variant) -> None:
    rounds(goods, 3, *two(), story.member("cy"))
    assert find() == 9
    assert len(people_of(Circle.objects.get())) == 3


def test_accounts_of_one_person_are_one_in_it(goods: Variant) -> None:
    ana, ben = two()
    again = story.member("again")
    for one in (ana, again):
        trust.record(account_id=one.pk, keys=[Key(PAYMENT, "card")], source="test")
    for through in (ana, again, again):
        bought(goods, ben, through)
        bought(goods, again, ben)
    assert find() == 6
    assert [one.pk for one in people_of(Circle.objects.get())] == [ana.pk, ben.pk]


def test_who_buys_as_a_guest_in_the_own_browser_is_known(goods: Variant) -> None:
    ana, ben = two()
    VisitorAccount.objects.create(visitor="ben-phone", account=ben, since=clock.now())
    for _n in range(3):
        bought(goods, None, ana, visitor="ben-phone")
        bought(goods, ana, ben)
    assert find() == 6


def test_guests_whom_nobody_knows_make_no_circle(goods: Variant) -> None:
    ana, _ben = two()
    for _n in range(5):
        bought(goods, None, ana, visitor="somebody")
    find()
    assert not Circle.objects.exists()


def test_what_was_given_back_does_not_count(goods: Variant) -> None:
    orders = rounds(goods, 3, *two())
    story.refund_all(orders[0])
    find()
    assert Circle.objects.get().strength == "usual"
    story.refund_all(orders[2])
    Circle.objects.all().delete()
    find()
    assert not Circle.objects.exists()


def test_what_a_page_earns_by_its_own_trade_does_not_count(goods: Variant) -> None:
    rounds(goods, 3, *two())
    Commission.objects.update(kind="margin", plan_version=None)
    find()
    assert not Circle.objects.exists()


def test_several_earnings_of_one_purchase_are_one(goods: Variant) -> None:
    more = [story.variant(goods.product.shop) for _n in range(3)]
    ana, ben = two()
    for through, buyer in ((ana, ben), (ben, ana)):
        wanted = [(goods, 1), *((one, 1) for one in more)]
        story.paid(story.placed(*wanted, via=story.chain(goods, through), buyer=buyer))
    assert Commission.objects.count() == 8
    find()
    assert not Circle.objects.exists()


def test_what_is_older_than_the_window_does_not_count(goods: Variant) -> None:
    rounds(goods, 3, *two())
    with clock.at(clock.now() + 31 * DAY):
        assert find() == 0
    assert not Circle.objects.exists()


def test_what_is_payable_already_is_shown_and_not_held(goods: Variant) -> None:
    orders = rounds(goods, 3, *two())
    story.received(orders[0])
    story.due(orders[0])
    assert find() == 5
    assert story.only(orders[0]).state == "payable"
    assert story.only(orders[0]).pk in Circle.objects.get().evidence


def test_a_held_one_waits_beyond_its_return_window_and_goes_on_once_cleared(goods: Variant) -> None:
    orders = rounds(goods, 3, *two())
    find()
    story.received(orders[0])
    story.due(orders[0])
    assert story.only(orders[0]).state == "held_fraud"
    circle = Circle.objects.get()

    actions.clear_circle(actor=story.FINANCE, circle_id=circle.pk, reason="they run a book club")

    assert states() == {("held", "")}
    story.due(orders[0])
    assert story.only(orders[0]).state == "payable"
    assert AuditEntry.objects.get(action="circle.cleared").reason == "they run a book club"
    assert proof.verify().clean


def test_a_cleared_one_is_left_alone(goods: Variant) -> None:
    people = two()
    rounds(goods, 3, *people)
    find()
    circle = Circle.objects.get()
    actions.clear_circle(actor=story.FINANCE, circle_id=circle.pk, reason="fine")
    rounds(goods, 2, *people)
    assert find() == 0
    circle.refresh_from_db()
    assert (circle.state, len(circle.evidence)) == ("cleared", 6)
    with pytest.raises(IllegalTransition):
        actions.confirm_circle(actor=story.FINANCE, circle_id=circle.pk, reason="again")


def test_of_a_confirmed_one_what_comes_later_is_held_too(goods: Variant) -> None:
    people = two()
    rounds(goods, 3, *people)
    find()
    circle = Circle.objects.get()
    actions.confirm_circle(actor=story.FINANCE, circle_id=circle.pk, reason="one flat, two phones")
    rounds(goods, 1, *people)
    assert find() == 2
    assert states() == {("held_fraud", "circle_hold")}


def test_what_was_held_by_hand_stays_held(goods: Variant) -> None:
    orders = rounds(goods, 3, *two())
    by_hand = story.only(orders[0])
    actions.hold_fraud(actor=story.FINANCE, commission_id=by_hand.pk, reason="a stolen card")
    assert find() == 5
    circle = Circle.objects.get()
    actions.clear_circle(actor=story.FINANCE, circle_id=circle.pk, reason="fine")
    by_hand.refresh_from_db()
    assert (by_hand.state, by_hand.reason) == ("held_fraud", "fraud_hold")
    assert Commission.objects.filter(state="held").count() == 5


def test_what_two_circles_hold_is_held_until_both_are_cleared(goods: Variant) -> None:
    ana, ben = two()
    cy = story.member("cy")
    rounds(goods, 3, ana, ben)
    rounds(goods, 3, ana, ben, cy)
    find()
    pair, three = sorted(Circle.objects.all(), key=lambda one: len(people_of(one)))
    shared = set(pair.evidence) & set(three.evidence)
    assert shared
    actions.clear_circle(actor=story.FINANCE, circle_id=pair.pk, reason="fine")
    held = set(Commission.objects.filter(state="held_fraud").values_list("pk", flat=True))
    assert shared <= held
    actions.clear_circle(actor=story.FINANCE, circle_id=three.pk, reason="fine, too")
    assert states() == {("held", "")}


def test_only_investigators_decide_and_with_a_reason(goods: Variant) -> None:
    ana, ben = two()
    rounds(goods, 3, ana, ben)
    find()
    circle = Circle.objects.get()
    for act in (actions.confirm_circle, actions.clear_circle):
        with pytest.raises(Forbidden):
            act(actor=story.as_actor(ana), circle_id=circle.pk, reason="me")
        with pytest.raises(Invalid):
            act(actor=story.FINANCE, circle_id=circle.pk, reason=" ")
        with pytest.raises(NotFound):
            act(actor=story.FINANCE, circle_id=1, reason="who")
    circle.refresh_from_db()
    assert circle.state == "open"
    assert states() == {("held_fraud", "circle_hold")}


def test_who_is_erased_is_named_in_no_circle(goods: Variant) -> None:
    ana, ben = two()
    rounds(goods, 3, ana, ben)
    find()
    assert not [*export_rows(declared()[CircleMember], Person(account_id=ana.pk))]
    erase_rows(declared()[CircleMember], Person(account_id=ana.pk))
    assert [one.pk for one in people_of(Circle.objects.get())] == [ben.pk]


def test_looking_costs_the_same_for_many(
    goods: Variant, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for _n in range(3):
        bought(goods, story.member(), story.member())
    with django_assert_num_queries(1):  # type: ignore[operator]
        find()
