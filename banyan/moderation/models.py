"""Reports, cases, decisions, sanctions, appeals; listed words, blocked pictures, notices."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .rules.reasons import AGAINST_PERSON, REASONS, VERDICTS
from .states import APPEAL, CASE, RIGHTS_NOTICE

_AT_MOST_ONE = Q(state=CASE.initial)


class Case(models.Model):
    """Something that a moderator has to look at; one open case per subject.

    ``author`` is whose it is. ``source``: report, filter (the word filter holds it), rights.
    """

    id = IdField(primary_key=True)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    author = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=CASE.choices(), default=CASE.initial)
    assignee = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    reports = models.IntegerField(default=0)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "moderation_case"
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=_AT_MOST_ONE,
                name="moderation_case_one_open",
            )
        ]
        indexes = [models.Index(fields=["state", "-id"], name="moderation_case_queue")]


class Report(models.Model):
    """Somebody says what is wrong; nobody but moderation learns who. Open as long as its case."""

    id = IdField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="said")
    reporter = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=20)
    note = models.CharField(max_length=1000, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "moderation_report"
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=list(REASONS)), name="moderation_report_reason"
            ),
            models.UniqueConstraint(fields=["case", "reporter"], name="moderation_report_once"),
        ]


class CaseNote(models.Model):
    """What moderators tell each other about a case; nobody else reads it."""

    id = IdField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    body = models.CharField(max_length=500)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "moderation_casenote"


class Decision(models.Model):
    """How a case ended; ``token`` opens the page where its author reads and appeals it.

    ``hidden`` tells whether the subject was taken off the pages. ``until`` ends a limit or a
    suspension; without it, it lasts until it is lifted.
    """

    id = IdField(primary_key=True)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="decision")
    token = models.CharField(max_length=40, unique=True)
    verdict = models.CharField(max_length=10)
    reason = models.CharField(max_length=20)
    words = models.CharField(max_length=500)
    label = models.CharField(max_length=120, blank=True, default="")
    hidden = models.BooleanField(default=False)
    until = models.DateTimeField(null=True)
    by = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "moderation_decision"
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=list(VERDICTS)), name="moderation_decision_verdict"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=list(REASONS)), name="moderation_decision_reason"
            ),
        ]


class Sanction(models.Model):
    """A limit or a suspension while it lasts: not ``ended_at``, and ``until`` not passed."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="sanctions")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="sanction")
    kind = models.CharField(max_length=10)
    until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "moderation_sanction"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=sorted(AGAINST_PERSON)), name="moderation_sanction_kind"
            )
        ]
        indexes = [
            models.Index(
                fields=["account", "kind"],
                name="moderation_sanction_now",
                condition=Q(ended_at=None),
            )
        ]


class Appeal(models.Model):
    """The author says why a decision is wrong, once; somebody else decides."""

    id = IdField(primary_key=True)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="appeal")
    body = models.CharField(max_length=2000)
    state = models.CharField(max_length=10, choices=APPEAL.choices(), default=APPEAL.initial)
    answer = models.CharField(max_length=500, blank=True, default="")
    by = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "moderation_appeal"


class ListedWord(models.Model):
    """A word that texts may not hold (``block``), or that is looked at first (``hold``).

    ``key`` is the word as it is compared (``rules.words.key_of``).
    """

    id = IdField(primary_key=True)
    text = models.CharField(max_length=80)
    key = models.CharField(max_length=80, unique=True)
    effect = models.CharField(max_length=5)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "moderation_listedword"
        constraints = [
            models.CheckConstraint(
                condition=Q(effect__in=["block", "hold"]), name="moderation_word_effect"
            ),
            models.CheckConstraint(condition=~Q(key=""), name="moderation_word_not_empty"),
        ]


class BlockedPicture(models.Model):
    """A picture that is not taken in again: the same file, or one that looks the same.

    ``look`` is the difference hash (``rules.pictures``), empty for pictures too plain for one.
    """

    id = IdField(primary_key=True)
    sha256 = models.CharField(max_length=64, unique=True)
    look = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "moderation_blockedpicture"


class RightsNotice(models.Model):
    """A rights holder says that something infringes their rights, and what became of it.

    ``token`` opens the claimant's page, ``author_token`` the author's. ``due_at`` is when the next
    step comes by itself. ``counter`` is the author's counter-notice.
    """

    id = IdField(primary_key=True)
    token = models.CharField(max_length=40, unique=True)
    author_token = models.CharField(max_length=40, unique=True)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    label = models.CharField(max_length=120, blank=True, default="")
    author = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    claimant = models.CharField(max_length=120)
    email = models.EmailField()
    address = models.CharField(max_length=300)
    language = models.CharField(max_length=8, default="en")
    work = models.CharField(max_length=2000)
    words = models.CharField(max_length=2000)
    state = models.CharField(
        max_length=12, choices=RIGHTS_NOTICE.choices(), default=RIGHTS_NOTICE.initial
    )
    counter = models.CharField(max_length=2000, blank=True, default="")
    counter_name = models.CharField(max_length=120, blank=True, default="")
    answer = models.CharField(max_length=500, blank=True, default="")
    filed_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "moderation_rightsnotice"
        constraints = [
            models.UniqueConstraint(
                F("subject_kind"),
                F("subject_id"),
                F("email"),
                condition=Q(state__in=["filed", "taken_down", "countered"]),
                name="moderation_notice_one_open",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="moderation_notice_due", condition=Q(due_at__isnull=False)
            )
        ]
