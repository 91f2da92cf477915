"""What buyers say of what they received, and what anybody says against goods."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import get_product_for_id, require_outsider
from banyan.catalog.actions import rate_product
from banyan.catalog.queries import staff_of
from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, Invalid, LoginRequired, NotFound
from banyan.kernel.ratelimits import hit
from banyan.kernel.states import transition
from banyan.moderation.actions import check_names
from banyan.orders.models import OrderLine
from banyan.people.models import Account
from banyan.trust.queries import clusters_of

from ..access import get_line_to_review, require_moderation
from ..events import ProductReported, ReviewWritten
from ..models import Report, Review
from ..rules import REASONS
from ..states import REPORT

REPORTS_A_DAY = 20


def write_review(
    *, actor: Actor, line_id: int, stars: int, body: str = "", access_token: str = ""
) -> Review:
    """Say how good it is, once per line that was bought and received. Emits review.written.

    A second time returns the first review. Raises Conflict ``not_received`` before that, and of
    what was cancelled, Forbidden ``own_shop`` for whoever works in the shop, as one person with
    all their accounts, and Invalid ``words_blocked``.
    """
    line = get_line_to_review(actor, line_id, access_token)
    if not 1 <= stars <= 5:
        raise Invalid(fields={"stars": _("Give one to five stars.")})
    if len(body.strip()) > 2000:
        raise Invalid(fields={"body": _("At most 2,000 letters.")})
    if line.order.state != "received" or not line.shipped_quantity:
        raise Conflict(_("You can say so once it arrived."), code="not_received")
    _check_independent(line)
    check_names(actor=actor, body=body)
    with transaction.atomic():
        review, new = Review.objects.get_or_create(
            line=line,
            defaults={
                "product_id": line.product_id,
                "shop_id": line.order.shop_id,
                "author_id": actor.id,
                "stars": stars,
                "body": body.strip(),
                "created_at": clock.now(),
            },
        )
        if new:
            written = ReviewWritten(
                review_id=review.pk,
                product_id=review.product_id,
                shop_id=review.shop_id,
                stars=stars,
            )
            events.emit(written, actor=actor)
            rate_product(actor=actor, product_id=review.product_id, stars=stars)
    return review


def _check_independent(line: OrderLine) -> None:
    """Refuse a rating by who sells: whoever works in the shop, also from another account.

    Asked of who bought it: what a guest bought is theirs whose address or number is on it.
    """
    checkout, shop = line.order.checkout, line.order.shop
    staff = {one.account_id for one in staff_of(shop.pk)} | {shop.owner_id}
    persons = clusters_of(staff | ({checkout.buyer_id} if checkout.buyer_id else set()))
    mine = persons.get(checkout.buyer_id or 0) in {persons[one] for one in staff}
    same = Q(email__iexact=checkout.contact_email) if checkout.contact_email else Q(pk__in=[])
    if checkout.contact_phone:
        same |= Q(phone=checkout.contact_phone)
    if mine or Account.objects.filter(same, pk__in=staff).exists():
        raise Forbidden(_("Who works in a shop does not rate what it sells."), code="own_shop")


def report_product(*, actor: Actor, product_id: int, reason: str, body: str) -> Report:
    """Say that a product is not good; moderation looks at it. Emits product.reported.

    For members, 20 a day; while one's own is open, it is returned.
    """
    if actor.id is None:
        raise LoginRequired()
    product = get_product_for_id(actor, product_id)
    if reason not in REASONS:
        raise Invalid(fields={"reason": _("Choose one of these.")})
    if not 1 <= len(body.strip()) <= 1000:
        raise Invalid(fields={"body": _("Say what is wrong, in 1 to 1,000 letters.")})
    hit(f"report:{actor.id}", REPORTS_A_DAY, 86_400)
    try:
        with transaction.atomic():
            report = Report.objects.create(
                product=product,
                reporter_id=actor.id,
                reason=reason,
                body=body.strip(),
                created_at=clock.now(),
            )
            told = ProductReported(
                product_id=product.pk, shop_id=product.shop_id, report_id=report.pk
            )
            events.emit(told, actor=actor)
    except IntegrityError as error:
        if "report_once" not in str(error):
            raise
        return Report.objects.get(product=product, reporter_id=actor.id, state="open")
    return report


def decide_report(*, actor: Actor, report_id: int, upheld: bool, reason: str) -> Report:
    """Say whether a report is right; an upheld one counts against the shop. Audited."""
    require_moderation(actor)
    with transaction.atomic():
        report = Report.objects.select_for_update().filter(pk=report_id).first()
        if report is None:
            raise NotFound()
        require_outsider(actor, report.product.shop_id)
        to = "upheld" if upheld else "dismissed"
        transition(REPORT, report, to, actor=actor, reason=reason, decided_at=clock.now())
        audit.record(
            actor=actor,
            action=f"report.{to}",
            subject_kind="report",
            subject_id=report.pk,
            subject_label=report.product.title,
            reason=reason,
        )
    return report
