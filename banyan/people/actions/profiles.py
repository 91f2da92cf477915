"""What members say of themselves, and what they allow."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.media.actions import claim_staged

from ..access import get_own_account
from ..models import Account, Consent, Profile
from ..ports import check_names
from ..rules.profiles import AUDIENCES, PURPOSES, birthday_problem
from .accounts import change_handle
from .contacts import follow_choice
from .holds import hold_choices
from .words import index_accounts


def change_profile(
    *,
    actor: Actor,
    handle: str,
    display_name: str,
    bio: str = "",
    region: str = "",
    birthday: dt.date | None = None,
    birthday_audience: str = "private",
    hometown: str = "",
    dialect: str = "",
    school: str = "",
) -> Account:
    """Write the actor's own profile, handle included; all or nothing.

    ``birthday_audience``: private, friends or everybody. Raises Invalid with every field that is
    not acceptable, or ``words_blocked``.
    """
    account = get_own_account(actor)
    name, bio, region = display_name.strip(), bio.strip(), region.strip()
    sides = {"hometown": hometown.strip(), "dialect": dialect.strip(), "school": school.strip()}
    wrong = {
        "display_name": _("Please fill this in.") if not name else _too_long(name, 60),
        "bio": _too_long(bio, 300),
        "region": _too_long(region, 12),
        "birthday": birthday_problem(birthday, clock.now().date()),
        "birthday_audience": None if birthday_audience in AUDIENCES else _("Choose one of these."),
        **{key: _too_long(side, 40) for key, side in sides.items()},
    }
    fields = {field: text for field, text in wrong.items() if text}
    check_names(actor=actor, display_name=name, bio=bio, region=region)
    with transaction.atomic():
        try:
            account = change_handle(actor=actor, handle=handle)
        except Invalid as problem:
            raise Invalid(code=problem.code, fields=problem.fields | fields) from problem
        if fields:
            raise Invalid(fields=fields)
        Account.objects.filter(pk=account.pk).update(display_name=name)
        account.display_name = name
        index_accounts([account])
        Profile.objects.update_or_create(
            account=account,
            defaults={
                "bio": bio,
                "region": region,
                "birthday": birthday,
                "birthday_audience": birthday_audience,
                **sides,
            },
        )
    return get_own_account(actor)


def _too_long(text: str, most: int) -> object | None:
    if len(text) <= most:
        return None
    return _("At most %(most)d characters, please.") % {"most": most}


def set_avatar(*, actor: Actor, token: str) -> None:
    """Show a staged picture as the actor's face; StagedGone when the token is not theirs."""
    account = get_own_account(actor)
    with transaction.atomic():
        images = claim_staged(actor=actor, tokens=[token])
        if images:
            Account.objects.filter(pk=account.pk).update(avatar=images[0])


def remove_avatar(*, actor: Actor) -> None:
    """Show initials again. Repeatable."""
    Account.objects.filter(pk=get_own_account(actor).pk).update(avatar=None)


def set_language(*, actor: Actor, language: str) -> None:
    """Remember the language for messages and new browsers; Invalid for one we do not have."""
    if language not in dict(settings.LANGUAGES):
        raise Invalid(fields={"language": _("Choose one of these.")})
    Account.objects.filter(pk=get_own_account(actor).pk).update(language=language)


def set_theme(*, actor: Actor, theme: str) -> None:
    """Remember light, dark, or (empty) whatever the device says."""
    if theme not in ("", "light", "dark"):
        raise Invalid(fields={"theme": _("Choose one of these.")})
    Account.objects.filter(pk=get_own_account(actor).pk).update(theme=theme)


def set_privacy(*, actor: Actor, approves_followers: bool, is_suggested: bool) -> None:
    """Say whether followers wait for a yes, and whether friends of friends may be told of one.

    Who asks already goes on waiting, and who follows stays.
    """
    Account.objects.filter(pk=get_own_account(actor).pk).update(
        approves_followers=approves_followers, is_suggested=is_suggested
    )


def record_consent(*, actor: Actor, purpose: str, granted: bool) -> None:
    """Record a yes or no for one purpose; nothing is written when it was said already.

    It counts at once: what stands on a yes that is taken back is erased in the same transaction.
    """
    if purpose not in PURPOSES:
        raise Invalid(fields={"purpose": _("Choose one of these.")})
    account = get_own_account(actor)
    with transaction.atomic():
        hold_choices(account.pk)
        latest = Consent.objects.filter(account=account, purpose=purpose).order_by("-id").first()
        if granted == (latest is not None and latest.granted):
            return
        Consent.objects.create(account=account, purpose=purpose, granted=granted, at=clock.now())
        follow_choice(account, purpose, granted=granted)
