"""Counters of campaigns counted again from their rows: a drift is told, never mended in silence."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db import connection

from banyan.kernel import audit
from banyan.kernel.actors import Actor

logger = logging.getLogger(__name__)

QUESTIONS: Mapping[str, str] = {
    "places are participations": """
        SELECT i.id, i.taken, count(p.id) FROM campaigns_instance i
        LEFT JOIN campaigns_participation p ON p.instance_id = i.id
         AND p.state <> 'out' AND p.role <> 'owner'
        GROUP BY i.id, i.taken HAVING i.taken <> count(p.id) + i.held + (
          SELECT count(*) FROM campaigns_contribution c
          WHERE c.instance_id = i.id AND c.undone_at IS NULL AND c.weight > 0)
    """,
    "a place that is held has a row": """
        SELECT i.id, i.held, count(h.id) FROM campaigns_instance i
        LEFT JOIN campaigns_placehold h ON h.instance_id = i.id
        GROUP BY i.id, i.held HAVING i.held <> count(h.id)
    """,
    "what is done is in": """
        SELECT i.id, i.done, count(p.id) FROM campaigns_instance i
        JOIN campaigns_participation p ON p.instance_id = i.id
         AND p.order_id IS NOT NULL AND p.right_id IS NOT NULL
         AND p.state IN ('in', 'won', 'lost') AND p.role <> 'owner'
        GROUP BY i.id, i.done HAVING i.done <> count(p.id)
    """,
    "what is reserved is promised by what runs": """
        SELECT c.id, c.reserved, coalesce(sum(i.promise), 0) FROM campaigns_campaign c
        LEFT JOIN campaigns_instance i ON i.campaign_id = c.id AND i.ended_at IS NULL
        GROUP BY c.id, c.reserved HAVING c.reserved <> coalesce(sum(i.promise), 0)
    """,
    "what is spent was spent by what has ended": """
        SELECT c.id, c.spent, coalesce(sum(i.spent), 0) FROM campaigns_campaign c
        LEFT JOIN campaigns_instance i ON i.campaign_id = c.id AND i.ended_at IS NOT NULL
        GROUP BY c.id, c.spent HAVING c.spent <> coalesce(sum(i.spent), 0)
    """,
    "what an instance spent was granted": """
        SELECT i.id, i.spent, coalesce(sum(g.cost), 0) FROM campaigns_instance i
        LEFT JOIN campaigns_grant g ON g.instance_id = i.id AND g.undone_at IS NULL
        GROUP BY i.id, i.spent HAVING i.spent <> coalesce(sum(g.cost), 0)
    """,
    "the turns of a wheel are those of its plays": """
        SELECT c.id, c.public->>'turns', count(t) FROM campaigns_campaign c
        LEFT JOIN campaigns_instance i ON i.campaign_id = c.id
        LEFT JOIN LATERAL jsonb_array_elements(i.public->'turns') t ON true
        WHERE c.public ? 'turns' GROUP BY c.id HAVING (c.public->>'turns')::bigint <> count(t)
    """,
    "what is gone of a prize was given": """
        SELECT b.subject_id, b.kind, b.used FROM kernel_boundedcounter b
        WHERE b.kind LIKE 'campaigns.prize.%' AND b.used <> (
          SELECT count(*) FROM campaigns_instance i, jsonb_array_elements(i.public->'turns') t
          WHERE i.campaign_id = b.subject_id AND t->>1 = split_part(b.kind, '.', 3))
    """,
    "what is gone of coupons for latecomers was given": """
        SELECT b.subject_id, b.used FROM kernel_boundedcounter b
        WHERE b.kind = 'campaigns.late' AND b.used <> (
          SELECT count(*) FROM campaigns_grant g
          WHERE g.campaign_id = b.subject_id AND g.rule = 'late' AND g.kind IN ('coupon', 'right'))
    """,
    "a prize of a draw has no more holders than there are of it": """
        SELECT h.campaign_id, h.prize, h.many FROM (
          SELECT campaign_id, data->>'prize' AS prize, count(*) AS many
          FROM campaigns_participation
          WHERE role = 'owner' AND data ? 'prize' AND state IN ('in', 'won') GROUP BY 1, 2) h
        WHERE h.many > (
          SELECT coalesce(sum((z->>1)::bigint), 0)
          FROM campaigns_prooffile f,
            jsonb_array_elements(nullif(f.text, '')::jsonb->'terms'->'prizes') z
          WHERE f.campaign_id = h.campaign_id AND z->>0 = h.prize)
    """,
    "a packet holds what is not given yet": """
        SELECT i.id, i.amount, a.balance FROM campaigns_instance i
        JOIN ledger_account a ON a.kind = 'packet' AND a.owner_id = i.id
        WHERE a.balance <> CASE WHEN i.ended_at IS NULL THEN i.amount - (
          SELECT coalesce(sum(g.amount), 0) FROM campaigns_grant g
          WHERE g.instance_id = i.id AND g.kind = 'credit') ELSE 0 END
    """,
    "for honour alone there are marks, and for a benefit alone none": """
        SELECT g.id, c.drive, g.kind FROM campaigns_grant g
        JOIN campaigns_campaign c ON c.id = g.campaign_id
        WHERE (c.drive = 'honour' AND g.kind <> 'honour')
           OR (c.drive = 'benefit' AND g.kind = 'honour')
    """,
    "a granted coupon is there": """
        SELECT g.id, g.reference FROM campaigns_grant g
        WHERE g.kind = 'coupon' AND NOT EXISTS (
          SELECT FROM entitlements_grant e
          WHERE e.id = g.reference AND e.account_id = g.account_id)
    """,
    "a coupon that was taken back is gone": """
        SELECT g.id, e.state FROM campaigns_grant g
        JOIN entitlements_grant e ON e.id = g.reference
        WHERE g.kind = 'coupon' AND (g.undone_at IS NOT NULL) <> (e.state = 'revoked')
    """,
    "what a leader of a group has is booked": """
        SELECT g.id, g.amount, coalesce(sum(p.amount), 0) FROM campaigns_grant g
        LEFT JOIN ledger_journal j ON j.key IN ('grant:' || g.id, 'grant:' || g.id || ':back')
        LEFT JOIN ledger_posting p ON p.journal_id = j.id
         AND EXISTS (SELECT FROM ledger_account a
                     WHERE a.id = p.account_id AND a.kind = 'earner_payable')
        WHERE g.kind = 'perk' GROUP BY g.id, g.amount HAVING g.amount <> coalesce(sum(p.amount), 0)
    """,
    "a unit is kept for what still needs it": """
        SELECT k.instance_id, i.state FROM campaigns_keptunit k
        JOIN campaigns_instance i ON i.id = k.instance_id
        WHERE i.ended_at IS NOT NULL OR EXISTS (
          SELECT FROM entitlements_priceright r WHERE r.instance_id = i.id AND r.keeps)
    """,
    "what plays and prices keep is held in stock": """
        SELECT s.variant_id, s.held FROM catalog_stock s
        WHERE s.variant_id IN (
          SELECT variant_id FROM campaigns_keptunit
          UNION SELECT variant_id FROM entitlements_priceright WHERE keeps AND state = 'held')
        AND s.held < (
          SELECT count(*) FROM campaigns_keptunit k WHERE k.variant_id = s.variant_id) + (
          SELECT coalesce(sum(r.quantity), 0) FROM entitlements_priceright r
          WHERE r.variant_id = s.variant_id AND r.keeps AND r.state = 'held')
    """,
    "a granted price is there": """
        SELECT g.id, g.reference FROM campaigns_grant g
        WHERE g.kind = 'right' AND NOT EXISTS (
          SELECT FROM entitlements_priceright e
          WHERE e.id = g.reference AND e.account_id = g.account_id
            AND e.campaign_id = g.campaign_id)
    """,
}


def campaign_audit() -> dict[str, list[tuple[object, ...]]]:
    """Return the rows that contradict each question; empty when everything adds up."""
    found = {}
    with connection.cursor() as cursor:
        for question, statement in QUESTIONS.items():
            cursor.execute(statement)
            if rows := cursor.fetchall():
                found[question] = rows
    return found


def prove(*, actor: Actor) -> dict[str, list[tuple[object, ...]]]:
    """Recount, and leave an audit entry of what was found. A drift is logged as an error."""
    found = campaign_audit()
    for question, rows in found.items():
        logger.error("campaigns drift: %s: %s", question, rows[:10])
    audit.record(
        actor=actor,
        action="campaign.recount",
        subject_kind="campaign",
        subject_id=0,
        detail={question: len(rows) for question, rows in found.items()},
    )
    return found
