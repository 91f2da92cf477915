"""Campaigns and their versions, instances, who takes part, who helped whom, what was granted."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.catalog.models import Shop, Variant
from banyan.kernel.ids import IdField
from banyan.media.models import Image
from banyan.people.models import Account

from .states import CAMPAIGN, OUTSIDE, PARTICIPATION

DRIVES = ("honour", "benefit", "both")
LANDINGS = ("direct", "coupon", "right")
MARKETS = ("CN", "EU", "US", "none")
TIERS = ("member", "proven", "buyer", "payer")
DECLARED = ("hometown", "dialect", "school")
AUDIENCES = ("all", "newcomers", "followers", "group", *DECLARED)


class Campaign(models.Model):
    """A mechanic at work in the window [starts_at, ends_at), for a shop or (no shop) the platform.

    ``drive`` says what moves people: honour, benefit or both; ``landing`` where it ends: straight
    in the shop, or with a coupon or a right for later. ``tier``, ``min_age`` and ``audience`` say
    who may take part (see ``audience``), ``help_tier`` what who helps needs, if that is another;
    ``audience_of`` which group (its id), hometown, dialect or school. Of ``budget``, in minor units
    of ``currency``, ``reserved`` is promised by instances that run, ``spent`` was given by those
    that have ended. ``public`` is what everybody may read of its draw, short: lists and the proof
    are in ProofFile. ``version`` is what new instances begin under; ``template`` the preset it was
    made from, ``origin`` the campaign that it is a copy of.
    """

    id = IdField(primary_key=True)
    code = models.CharField(max_length=24, unique=True)
    shop = models.ForeignKey(Shop, null=True, on_delete=models.PROTECT, related_name="campaigns")
    creator = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    mechanic = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    about = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(max_length=10, choices=CAMPAIGN.choices(), default=CAMPAIGN.initial)
    drive = models.CharField(max_length=7, default="benefit")
    landing = models.CharField(max_length=6, default="direct")
    market = models.CharField(max_length=4, default="none")
    tier = models.CharField(max_length=8, default="member")
    help_tier = models.CharField(max_length=8, blank=True, default="")
    min_age = models.SmallIntegerField(null=True)
    audience = models.CharField(max_length=9, default="all")
    audience_of = models.CharField(max_length=40, blank=True, default="")
    currency = models.CharField(max_length=3)
    budget = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    spent = models.BigIntegerField(default=0)
    public = models.JSONField(default=dict)
    version = models.ForeignKey(
        "CampaignVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    template = models.CharField(max_length=24, blank=True, default="")
    origin = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="copies")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "campaigns_campaign"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="campaign_window"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0)
                & Q(spent__gte=0)
                & Q(budget__gte=F("reserved") + F("spent")),
                name="campaign_budget",
            ),
            models.CheckConstraint(condition=Q(drive__in=DRIVES), name="campaign_drive"),
            models.CheckConstraint(condition=Q(landing__in=LANDINGS), name="campaign_landing"),
            models.CheckConstraint(condition=Q(tier__in=TIERS), name="campaign_tier"),
            models.CheckConstraint(
                condition=Q(help_tier__in=("", *TIERS)), name="campaign_help_tier"
            ),
            models.CheckConstraint(condition=Q(audience__in=AUDIENCES), name="campaign_audience"),
        ]
        indexes = [
            models.Index(fields=["shop", "-id"], name="campaign_shop"),
            models.Index(
                fields=["ends_at"],
                name="campaign_running",
                condition=Q(state__in=["published", "paused"]),
            ),
        ]


class CampaignVersion(models.Model):
    """The terms of a campaign as they were published; an instance keeps the ones it began under.

    ``terms`` are the mechanic's parameters, ``checked`` what the policy found, with its sources.
    """

    id = IdField(primary_key=True)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number = models.IntegerField()
    terms = models.JSONField()
    checked = models.JSONField(default=dict)
    published_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        db_table = "campaigns_version"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaign_version_once")
        ]


class ProofFile(models.Model):
    """What anybody can check the chance of a whole campaign by: too large for its own row.

    ``entries`` ([code, weight], and the word of who gave one) and ``voids`` ([code, reason]) are
    the lists of a draw as they were frozen; ``text`` is the proof file, once it is over.
    """

    id = IdField(primary_key=True)
    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="proof_file")
    entries = models.JSONField(default=list)
    voids = models.JSONField(default=list)
    text = models.TextField(blank=True, default="")

    class Meta:
        db_table = "campaigns_prooffile"


class Instance(models.Model):
    """One play of a campaign: a pack, a group, a bargain, a packet, the entries of one draw.

    ``taken`` of ``cap`` places are taken (reserved ones too), ``done`` of them are confirmed,
    ``held`` are kept for visitors who sign in (:class:`PlaceHold`).
    ``owner`` began it, as their ``turn``-th one. ``promise`` is the money that the campaign's
    budget keeps for it until it ends, ``spent`` what was given of that. ``secret`` is drawn when it
    opens and stays with us; its fingerprint ``commitment`` is public. ``public`` is what everybody
    may read of it. ``cause`` tells apart what began it by itself: once each, an order once in all.
    ``place`` is the chat room it was put into, or empty. Ends at ``deadline`` whatever happens.
    """

    id = IdField(primary_key=True)
    code = models.CharField(max_length=24, unique=True)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="instances", db_index=False
    )
    version = models.ForeignKey(
        CampaignVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    turn = models.IntegerField(null=True)
    state = models.CharField(max_length=12)
    cap = models.IntegerField()
    taken = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    held = models.IntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    promise = models.BigIntegerField(default=0)
    spent = models.BigIntegerField(default=0)
    secret = models.JSONField(default=dict)
    public = models.JSONField(default=dict)
    commitment = models.CharField(max_length=64, blank=True, default="")
    cause = models.CharField(max_length=40, null=True)  # noqa: DJ001 (unique when set)
    place = models.CharField(max_length=40, blank=True, default="")
    link_id = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "campaigns_instance"
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0)
                & Q(done__gte=0)
                & Q(held__gte=0)
                & Q(taken__gte=F("done") + F("held"))
                & Q(taken__lte=F("cap")),
                name="instance_places",
            ),
            models.CheckConstraint(
                condition=Q(spent__gte=0) & Q(spent__lte=F("promise")), name="instance_promise"
            ),
            models.UniqueConstraint(fields=["campaign", "cause"], name="instance_cause_once"),
            models.UniqueConstraint(
                fields=["cause"],
                condition=Q(cause__startswith="order:"),
                name="instance_order_once",
            ),
            models.UniqueConstraint(
                fields=["campaign", "owner", "turn"], name="instance_turn_once"
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "state", "-id"], name="instance_of_campaign"),
            models.Index(fields=["deadline"], name="instance_due", condition=Q(ended_at=None)),
        ]


class Participation(models.Model):
    """Somebody in an instance: who began it, a member of a group, a claimer, an entrant.

    ``place`` counts the places of the instance from 1. ``amount`` is what they got or pay, in minor
    units. ``is_named``: others may see who it is. ``right_id``, ``checkout_id`` and ``order_id``
    are rows of lower floors; ``order_due_at``: something has to be done about the order (undo it,
    let it leave, give a difference back); ``due_at``: the mechanic has to decide then. ``through``
    is the share link that brought them.
    ``data`` is the mechanic's own, for nobody else to see.
    """

    id = IdField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, related_name="participations", db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10)
    state = models.CharField(
        max_length=8, choices=PARTICIPATION.choices(), default=PARTICIPATION.initial
    )
    place = models.IntegerField(null=True)
    amount = models.BigIntegerField(default=0)
    weight = models.IntegerField(default=1)
    data = models.JSONField(default=dict)
    is_named = models.BooleanField(default=False)
    right_id = models.BigIntegerField(null=True)
    checkout_id = models.BigIntegerField(null=True)
    order_id = models.BigIntegerField(null=True)
    order_due_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    through = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=16, blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "campaigns_participation"
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "account"],
                condition=~Q(state="out"),
                name="participation_once",
            ),
            models.UniqueConstraint(
                fields=["instance", "place"],
                condition=Q(place__isnull=False) & ~Q(state="out"),
                name="participation_place_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["checkout_id"],
                name="participation_checkout",
                condition=Q(checkout_id__isnull=False),
            ),
            models.Index(
                fields=["order_id"], name="participation_order", condition=Q(order_id__isnull=False)
            ),
            models.Index(
                fields=["order_due_at"],
                name="participation_order_due",
                condition=Q(order_due_at__isnull=False),
            ),
            models.Index(
                fields=["due_at"],
                name="participation_to_decide",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"], name="participation_due", condition=Q(state="reserved")
            ),
        ]


class PlaceHold(models.Model):
    """A place that is kept for a visitor who signs in, until ``expires_at``: ``key`` takes it.

    It counts as taken. The row goes with whoever takes the place, or when the time is over.
    """

    id = IdField(primary_key=True)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="holds")
    key = models.CharField(max_length=24, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "campaigns_placehold"


class KeptUnit(models.Model):
    """A unit of stock that is held for an instance, so that nobody else can have it meanwhile.

    The row goes with the unit, once: to the price that the owner gets, or back to free stock.
    """

    instance = models.OneToOneField(
        Instance, primary_key=True, on_delete=models.PROTECT, related_name="kept_unit"
    )
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "campaigns_keptunit"


class PersonKey(models.Model):
    """A key under which somebody took part: an account, a proven contact, a browser.

    ``scope`` is what they can do once only ("instance:12", "campaign:7"); whoever comes under a
    second name meets their first.
    """

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=40)
    key = models.CharField(max_length=120)

    class Meta:
        db_table = "campaigns_personkey"
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="played_once")]


class Contribution(models.Model):
    """An edge of the graph of help, never changed: ``helper`` did something for ``helped``.

    ``nth`` counts the instance's contributions from 1, ``turn`` the helper's own ones of this
    ``day`` (of the shop) in the campaign, which is how a daily quota is kept. ``amount`` is what it
    moved (a cut, in minor units), ``weight`` what it counts for. ``undone_at``: taken back (an
    un-like).
    """

    id = IdField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, related_name="contributions", db_index=False
    )
    helper = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    helped = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    nth = models.IntegerField()
    day = models.DateField()
    turn = models.IntegerField()
    amount = models.BigIntegerField(default=0)
    weight = models.IntegerField(default=1)
    is_named = models.BooleanField(default=False)
    through = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=16, blank=True, default="")
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "campaigns_contribution"
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "helper"],
                condition=Q(undone_at=None),
                name="contribution_once",
            ),
            models.UniqueConstraint(
                fields=["campaign", "helper", "day", "turn"], name="contribution_turn_once"
            ),
        ]
        indexes = [models.Index(fields=["instance", "nth"], name="contribution_of_instance")]


class Grant(models.Model):
    """Something that a campaign gave somebody, and why: once per cause and rule of a kind.

    ``kind``: coupon, right, credit, honour or perk; ``reference`` is the row that it became,
    ``cost`` what it may cost at most, in minor units. Honour is a mark: it became no row and costs
    nothing. A perk is owed (``cost``) before it is paid (``amount``); its ``reference`` is the
    place that it is owed for. ``undone_at``: taken back unused, so that it cost nothing.
    """

    id = IdField(primary_key=True)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="grants", db_index=False
    )
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="grants")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=16)
    cause = models.CharField(max_length=40)
    kind = models.CharField(max_length=8)
    cost = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    reference = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "campaigns_grant"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "cause", "rule", "account", "kind"], name="granted_once"
            ),
            models.CheckConstraint(condition=Q(cost__gte=0), name="grant_cost"),
            models.CheckConstraint(
                condition=~Q(kind="honour") | Q(cost=0, amount=0, reference=None),
                name="grant_honour",
            ),
        ]


class Preview(models.Model):
    """A draft that is tried out on two phones for an hour: nothing but what was pressed on them.

    ``steps`` are played again in a transaction that is undone each time somebody looks: of each
    step ``at``, ``phone``, ``verb`` and what was ``given``. ``account`` manages the shop.
    """

    id = IdField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="previews")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    steps = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "campaigns_preview"


class OutsidePicture(models.Model):
    """A picture that shows likes on another network, and who looked at it.

    ``first`` vouched for it, ``second`` decided: two people where it was accepted. ``why`` is what
    its owner reads of a refusal. ``look`` is the difference hash by which the same picture is known
    again, empty for one too plain. A play has one that waits or was accepted.
    """

    id = IdField(primary_key=True)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="pictures")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="+")
    look = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=OUTSIDE.choices(), default=OUTSIDE.initial)
    first = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=200, blank=True, default="")
    shown_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "campaigns_outsidepicture"
        constraints = [
            models.UniqueConstraint(
                fields=["instance"], condition=~Q(state="refused"), name="outside_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | (Q(first__isnull=False, second__isnull=False) & ~Q(first=F("second"))),
                name="outside_two_people",
            ),
        ]
