"""What each kind of campaign tells its shop beside the funnel: how far plays came, and by whom.

All are counted from rows, in numbers with what they are of; of nothing there is no rate.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from banyan.kernel.money import Money, format_money
from banyan.sales.models import Sale
from banyan.sales.queries import QUARTERS, Results, results_of
from banyan.sales.rules import WARM_UP

from .chance.instant import NOTHING, Wheel
from .chance.odds import fit
from .models import Campaign, Instance

Figures = list[tuple[Any, Any]]


class Plays(NamedTuple):
    """Of all plays: those decided, those of them that came about, those without anybody, and the
    usual number (median) of those who came to one."""

    decided: int
    reached: int
    alone: int
    usual: float | None

    @property
    def rate(self) -> str:
        """Those that came about, of those decided."""
        return part_of(self.reached, self.decided)


class Came(NamedTuple):
    """Who came to plays of others: people, those who began one after that, and newcomers."""

    people: int
    began: int
    newcomers: int


def part_of(part: int, whole: int) -> str:
    """Return a part of a whole in numbers and percent; of nothing there is no rate."""
    if not whole:
        return "–"
    words = _("%(part)s of %(whole)s (%(percent)s%%)")
    return words % {"part": part, "whole": whole, "percent": round(100 * part / whole)}


def plays_in(campaign: Campaign, reached: Iterable[str]) -> Plays:
    """Return how plays of a campaign came out; ``reached`` are states in which it is done."""
    return Plays(*_row(_PLAYS, {"campaign": campaign.pk, "reached": [*reached]}))


def who_came(campaign: Campaign) -> Came:
    """Return who helped or joined what others had begun. One statement."""
    return Came(*_row(_CAME, {"campaign": campaign.pk}))


def of_people(campaign: Campaign) -> Figures:
    """Return what became of those who came: the figures of all that spreads."""
    came = who_came(campaign)
    return [
        (
            _("Of who came by a friend, began one after that"),
            part_of(came.began, came.people),
        ),
        (_("Of who came by a friend, newcomers"), part_of(came.newcomers, came.people)),
    ]


def of_packs(campaign: Campaign) -> Figures:
    """Return how many packs are emptied, and by how many people."""
    plays = plays_in(campaign, ["drained"])
    return [
        (
            _("Packs that were emptied, of those that are over"),
            plays.rate,
        ),
        (_("Usual number of people who open one"), _number(plays.usual)),
        (_("Nobody came to"), plays.alone),
        *of_people(campaign),
    ]


def of_likes(campaign: Campaign) -> Figures:
    """Return how far collections come, and what a shop should look at: bursts, and likes back."""
    plays = plays_in(campaign, ["reached", "redeemed", "expired"])
    burst, mutual, likes = _row(_LIKES, [campaign.pk])
    return [
        (
            _("Collections that reached a step, of those decided"),
            plays.rate,
        ),
        (_("Usual number of likes"), _number(plays.usual)),
        (_("Nobody came to"), plays.alone),
        *of_people(campaign),
        (_("Most likes of one collection within a minute"), burst),
        (_("Likes between two who like each other"), part_of(mutual, likes)),
    ]


def of_bargains(campaign: Campaign) -> Figures:
    """Return how many bargains come to a price, and are bought."""
    ready = ["ready", "bought", "lapsed", "given", "backed"]
    plays, bought = plays_in(campaign, ready), plays_in(campaign, ["bought"]).reached
    return [
        (
            _("Bargains that came to a price, of those decided"),
            plays.rate,
        ),
        (_("Bought, of those that came to a price"), part_of(bought, plays.reached)),
        (_("Usual number of friends who help"), _number(plays.usual)),
        (_("Nobody came to"), plays.alone),
        *of_people(campaign),
    ]


def of_kept(campaign: Campaign) -> Figures:
    """Return how many pieces bargains keep out of sale now, for them or for a price reached."""
    (many,) = _row(_KEPT, {"campaign": campaign.pk})
    return [(_("Pieces kept now"), many)]


def of_draw(campaign: Campaign) -> Figures:
    """Return who enters, with how many helpers, and what an entry costs."""
    plays = plays_in(campaign, [])
    entries = Instance.objects.filter(campaign=campaign).exclude(state__in=["withdrawn", "void"])
    many = entries.count()
    each = format_money(Money(campaign.budget // many, campaign.currency)) if many else "–"
    return [
        (_("Entries that count"), many),
        (_("Usual number of friends who help"), _number(plays.usual)),
        (_("Nobody came to"), plays.alone),
        *of_people(campaign),
        (_("Prizes for each entry, at most"), each),
    ]


def of_wheel(campaign: Campaign, wheel: Wheel, names: dict[str, str]) -> Figures:
    """Return what turns brought, beside what the published odds let expect."""
    rows = Instance.objects.filter(campaign=campaign).values_list("public", flat=True)
    given = Counter(one for public in rows for _n, one, _receipt in public["turns"])
    turns = given.total()
    told = _("%(n)s, by the odds about %(expected)s")
    lines: Figures = [(_("Turns"), turns)]
    for one in wheel.prizes:
        expected = f"{turns * one.weight / wheel.total:.1f}"
        name = _("Nothing") if one.id == NOTHING else names[one.id]
        lines.append((name, told % {"n": given[one.id], "expected": expected}))
    return [*lines, (_("Whether that fits the odds"), _fitting(wheel, given)), *of_people(campaign)]


def _fitting(wheel: Wheel, given: Counter[str]) -> str:
    """Say how well turns fit the odds; once a prize is gone, other things come in its place."""
    if any(one.stock is not None and given[one.id] >= one.stock for one in wheel.prizes):
        return _("cannot be said, as a prize is gone")
    kinds = [(given[one.id], one.weight) for one in wheel.prizes]
    found = fit([n for n, _weight in kinds], [weight for _n, weight in kinds])
    if found is None:
        return _("too few turns to say")
    words = _("chi-square %(value)s; chance alone brings as much in %(percent)s%% of cases")
    percent = f"{100 * found.likely:.1f}"
    return words % {"value": f"{found.chi_square:.2f}", "percent": percent}


def of_codes(campaign: Campaign) -> Figures:
    """Return how many friends enter codes, how many qualify, and how long that takes."""
    entered, won, lost, back, days = _row(_CODES, [campaign.pk])
    return [
        (_("Friends who entered a code"), entered),
        (_("Qualified, of those"), part_of(won, entered)),
        (_("Do not count: too late, the same person or household, or beyond the cap"), lost),
        (_("Taken back, as the order went back"), back),
        (_("Usual time from the code to the thanks, in days"), _number(days)),
    ]


def of_goods(campaign: Campaign) -> Figures:
    """Return how many friends have ordered nothing yet of what a code is for."""
    (many,) = _row(_OTHER_GOODS, [campaign.pk])
    return [(_("Friends who have ordered other goods only"), many)]


def of_packets(campaign: Campaign) -> Figures:
    """Return how many packets are emptied, and by how many people."""
    plays = plays_in(campaign, ["drained"])
    return [
        (
            _("Packets that were emptied, of those that are over"),
            plays.rate,
        ),
        (_("Usual number of people who open one"), _number(plays.usual)),
        *of_people(campaign),
    ]


def of_sale(campaign: Campaign) -> Figures:
    """Return what :func:`of_units` says of the sale of a campaign, once it has one."""
    sale = Sale.objects.filter(pk=int(campaign.public.get("sale", 0))).first()
    return [] if sale is None else of_units(sale, campaign.currency)


def of_units(sale: Sale, currency: str) -> Figures:
    """Return how the units of a flash sale go, who waited, and what F-codes came to.

    Robots are among the openings of links to the sale's campaign and things, from a quarter of an
    hour before its beginning to its end.
    """
    went = results_of(sale)
    buyers, newcomers, paid, coded = _row(_SALE, {"sale": sale.pk})
    robots, openings = _row(_OPENINGS, {"sale": sale.pk, "before": WARM_UP})
    return [
        (_("Units sold"), part_of(went.sold, went.units)),
        (_("Sold after the beginning"), _curve(went)),
        (_("Units that wait for payment"), went.reserved + went.claimed),
        (_("Units that came back unpaid"), went.lapsed + went.returned),
        (_("Let in, of those who waited"), part_of(went.admitted, went.entered)),
        (_("F-codes entered"), part_of(went.codes_entered, went.codes_issued)),
        (_("F-codes bought with"), part_of(coded, went.codes_issued)),
        (
            _("Entered, of F-codes that can be passed on"),
            part_of(went.codes_passed, went.codes_free),
        ),
        (_("Buyers"), buyers),
        (_("Newcomers among them"), part_of(newcomers, buyers)),
        (_("Paid in these orders"), format_money(Money(paid, currency))),
        (_("Robots, of who opened links meanwhile"), part_of(robots, openings)),
    ]


def _curve(went: Results) -> str:
    """Return after which time which part of the units was sold: hours, minutes and seconds."""
    parts = zip(QUARTERS, went.sold_after, strict=True)
    told = [f"{part}%: {_time(after)}" for part, after in parts if after is not None]
    return " · ".join(told) or "–"


def _time(after: dt.timedelta) -> str:
    minutes, seconds = divmod(round(after.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{float(value):.1f}".removesuffix(".0")


def _row(statement: str, params: Any) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found: Sequence[Any] = cursor.fetchone()
    return found


_PLAYS = """
    WITH played AS (
      SELECT i.ended_at, i.state = ANY(%(reached)s) AS is_reached, (
        SELECT count(*) FROM campaigns_contribution c
        WHERE c.instance_id = i.id AND c.undone_at IS NULL AND c.weight > 0) + (
        SELECT count(*) FROM campaigns_participation p
        WHERE p.instance_id = i.id AND p.account_id IS DISTINCT FROM i.owner_id
          AND p.state NOT IN ('reserved', 'out')) AS n
      FROM campaigns_instance i WHERE i.campaign_id = %(campaign)s)
    SELECT count(*) FILTER (WHERE is_reached OR ended_at IS NOT NULL),
      count(*) FILTER (WHERE is_reached), count(*) FILTER (WHERE n = 0),
      percentile_cont(0.5) WITHIN GROUP (ORDER BY n)
    FROM played
"""

_CAME = """
    WITH came AS (
      SELECT who, min(at) AS at FROM (
        SELECT c.helper_id AS who, c.created_at AS at FROM campaigns_contribution c
        WHERE c.campaign_id = %(campaign)s AND c.undone_at IS NULL
        UNION ALL
        SELECT p.account_id, p.created_at FROM campaigns_participation p
        JOIN campaigns_instance i ON i.id = p.instance_id
        WHERE p.campaign_id = %(campaign)s AND p.state NOT IN ('reserved', 'out')
          AND p.account_id IS DISTINCT FROM i.owner_id) AS each GROUP BY who)
    SELECT count(*),
      count(*) FILTER (WHERE EXISTS (
        SELECT FROM campaigns_instance i WHERE i.campaign_id = %(campaign)s
          AND i.owner_id = who AND i.opened_at >= at)),
      count(*) FILTER (WHERE NOT EXISTS (
        SELECT FROM orders_order o JOIN orders_checkout k ON k.id = o.checkout_id
        WHERE k.buyer_id = who AND o.paid_at < at))
    FROM came
"""

_LIKES = """
    WITH liked AS (
      SELECT instance_id, helper_id, helped_id, created_at FROM campaigns_contribution
      WHERE campaign_id = %s AND undone_at IS NULL)
    SELECT coalesce((
      SELECT max(n) FROM (
        SELECT count(*) OVER (PARTITION BY instance_id ORDER BY created_at
          RANGE BETWEEN '1 minute' PRECEDING AND CURRENT ROW) AS n FROM liked) AS w), 0),
      (SELECT count(*) FROM liked a WHERE EXISTS (
        SELECT FROM liked b WHERE b.helper_id = a.helped_id AND b.helped_id = a.helper_id)),
      (SELECT count(*) FROM liked)
"""

_CODES = """
    SELECT count(*), count(*) FILTER (WHERE p.state = 'won'),
      count(*) FILTER (WHERE p.state = 'lost'), count(*) FILTER (WHERE p.state = 'reversed'),
      percentile_cont(0.5) WITHIN GROUP (
        ORDER BY extract(epoch FROM s.at - p.created_at) / 86400) FILTER (WHERE s.at IS NOT NULL)
    FROM campaigns_participation p
    LEFT JOIN LATERAL (
      SELECT min(s.at) AS at FROM kernel_statechange s
      WHERE s.subject_id = p.id AND s.machine = 'campaigns.participation.state'
        AND s.target = 'won') AS s ON true
    WHERE p.campaign_id = %s AND p.role = 'friend' AND p.state <> 'out'
"""

_OTHER_GOODS = """
    SELECT count(*) FROM campaigns_participation
    WHERE campaign_id = %s AND role = 'friend' AND state = 'in' AND order_id IS NULL
      AND data->>'reason' = 'goods'
"""

_KEPT = """
    SELECT (
      SELECT count(*) FROM campaigns_keptunit k JOIN campaigns_instance i ON i.id = k.instance_id
      WHERE i.campaign_id = %(campaign)s) + (
      SELECT count(*) FROM entitlements_priceright
      WHERE campaign_id = %(campaign)s AND keeps AND state = 'held')
"""

_SALE = """
    WITH bought AS (
      SELECT DISTINCT ON (r.checkout_id) r.checkout_id, k.buyer_id, k.created_at, r.code
      FROM sales_right r JOIN orders_checkout k ON k.id = r.checkout_id
      WHERE r.sale_id = %(sale)s AND r.state = 'redeemed')
    SELECT count(DISTINCT coalesce(buyer_id, -checkout_id)),
      count(DISTINCT coalesce(buyer_id, -checkout_id)) FILTER (WHERE NOT EXISTS (
        SELECT FROM orders_order o JOIN orders_checkout k ON k.id = o.checkout_id
        WHERE k.buyer_id = bought.buyer_id AND o.paid_at < bought.created_at)),
      coalesce((SELECT sum(o.total_amount - o.refunded_amount) FROM orders_order o
        WHERE o.checkout_id IN (SELECT checkout_id FROM bought) AND o.paid_at IS NOT NULL
          AND o.shop_id = (SELECT shop_id FROM sales_sale WHERE id = %(sale)s)), 0)::bigint,
      (SELECT count(*) FROM sales_right r
       WHERE r.sale_id = %(sale)s AND r.state = 'redeemed' AND r.code <> '')
    FROM bought
"""

_OPENINGS = """
    SELECT count(*) FILTER (WHERE t.verdict IN ('bot', 'preview', 'prefetch')), count(*)
    FROM sales_sale s
    JOIN sharing_link l ON (l.target_kind, l.target_id) IN (
      SELECT 'campaign', s.campaign_id UNION ALL
      SELECT 'product', v.product_id FROM sales_item i
      JOIN catalog_variant v ON v.id = i.variant_id WHERE i.sale_id = s.id)
    JOIN sharing_touch t ON t.link_id = l.id AND t.verdict <> 'self'
      AND t.at >= s.starts_at - %(before)s AND t.at < coalesce(s.ended_at, s.ends_at)
    WHERE s.id = %(sale)s
"""
