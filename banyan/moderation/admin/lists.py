"""Listed words and blocked pictures."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from banyan.kernel.office import Act, Ask, Errand, OfficeAdmin

from .. import actions
from ..models import BlockedPicture, ListedWord
from .words import MODERATION


def _list_word(errand: Errand) -> ListedWord:
    return actions.list_word(
        actor=errand.actor,
        text=errand.answers["text"],
        effect=errand.answers["effect"],
        reason=errand.reason,
    )


def _unlist(errand: Errand) -> None:
    actions.unlist_word(actor=errand.actor, word_id=errand.row.pk, reason=errand.reason)


EFFECTS = {
    "block": gettext_lazy("Texts with it are refused"),
    "hold": gettext_lazy("A moderator looks first"),
}


@admin.register(ListedWord)
class ListedWordAdmin(OfficeAdmin):
    """Words that are not said here, or that are looked at first."""

    place, singular, plural = (
        "listed-words",
        gettext_lazy("Listed word"),
        gettext_lazy("Listed words"),
    )
    roles = MODERATION
    coded = frozenset({"effect"})
    words = EFFECTS
    list_display = ("text", "effect_words", "created_at")
    list_filter = ("effect",)
    search_fields = ("text", "key")
    search_help_text = gettext_lazy("Word")
    ordering = ("key",)
    facts = ("word_text", "effect_words", "created_at")
    list_acts = (
        Act(
            "list", gettext_lazy("List a word"), _list_word,
            gettext_lazy("Case, accents, look-alikes and spaces between letters do not help."),
            gettext_lazy("It is on the list."), MODERATION,
            asks=(
                Ask("text", gettext_lazy("Word or phrase")),
                Ask("effect", gettext_lazy("Effect"), choices=lambda row: list(EFFECTS.items())),
            ),
        ),
    )  # fmt: skip
    acts = (
        Act(
            "unlist", gettext_lazy("Take it off the list"), _unlist,
            gettext_lazy("It may be said again."), gettext_lazy("It is off the list."), MODERATION,
        ),
    )  # fmt: skip

    def title_of(self, row: ListedWord) -> str:
        """Return the word."""
        return row.text

    @admin.display(description=gettext_lazy("Word or phrase"))
    def word_text(self, row: ListedWord) -> str:
        """Return the word as it was typed."""
        return row.text

    @admin.display(description=gettext_lazy("Effect"))
    def effect_words(self, row: ListedWord) -> str:
        """Return what it does."""
        return str(EFFECTS[row.effect])


def _unblock(errand: Errand) -> None:
    actions.unblock_picture(actor=errand.actor, blocked_id=errand.row.pk, reason=errand.reason)


@admin.register(BlockedPicture)
class BlockedPictureAdmin(OfficeAdmin):
    """Pictures that are not taken in again; the picture itself is not kept here."""

    place = "blocked-pictures"
    singular, plural = gettext_lazy("Blocked picture"), gettext_lazy("Blocked pictures")
    roles = MODERATION
    list_display = ("file", "reason", "created_at")
    search_fields = ("sha256", "reason")
    search_help_text = gettext_lazy("Reason")
    ordering = ("-id",)
    facts = ("file", "reason", "created_at")
    acts = (
        Act(
            "unblock", gettext_lazy("Take it in again"), _unblock,
            gettext_lazy("It may be uploaded again."), gettext_lazy("It is off the list."),
            MODERATION,
        ),
    )  # fmt: skip

    def title_of(self, row: BlockedPicture) -> str:
        """Return the beginning of its fingerprint."""
        return row.sha256[:12]

    @admin.display(description=gettext_lazy("Fingerprint"))
    def file(self, row: BlockedPicture) -> str:
        """Return the beginning of its fingerprint."""
        return row.sha256[:12]
