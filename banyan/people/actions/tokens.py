"""Personal API tokens: shown once, kept as a hash, revocable."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Invalid, NotFound

from ..access import get_own_account, visible_tokens
from ..models import ApiToken

PREFIX = "byn_"
SCOPES = ("read", "write")
MOST = 20
_SEEN_EVERY = dt.timedelta(minutes=1)


def create_token(
    *, actor: Actor, name: str, scopes: tuple[str, ...] = SCOPES
) -> tuple[ApiToken, str]:
    """Make a token of the actor's account; returns it with the secret, which is never shown again.

    Raises Invalid without a name, with unknown scopes, or with 20 live tokens already.
    """
    account = get_own_account(actor)
    name = name.strip()
    if not name or len(name) > 60:
        raise Invalid(fields={"name": _("Give the token a name of at most 60 characters.")})
    if not scopes or set(scopes) - set(SCOPES):
        raise Invalid(fields={"scopes": _("Choose one of these.")})
    if visible_tokens(actor).filter(revoked_at=None).count() >= MOST:
        raise Invalid(_("At most 20 tokens. Revoke one first."), code="tokens_full")
    secret = PREFIX + new_code(190)
    with transaction.atomic():
        token = ApiToken.objects.create(
            account=account,
            name=name,
            token_hash=_hash(secret),
            hint=f"{secret[:6]}…{secret[-4:]}",
            scopes=[scope for scope in SCOPES if scope in scopes],
            created_at=clock.now(),
        )
        _log(actor, "token.create", token)
    return token, secret


def renew_token(*, actor: Actor, name: str) -> tuple[ApiToken, str]:
    """Make a token in place of the live ones of the same name: one program, one token.

    For a sign-in by program, which would otherwise fill the list. Raises what create_token does.
    """
    with transaction.atomic():
        for token in visible_tokens(actor).filter(name=name.strip(), revoked_at=None):
            revoke_token(actor=actor, token_id=token.pk)
        return create_token(actor=actor, name=name)


def revoke_token(*, actor: Actor, token_id: int) -> None:
    """End a token of the actor's own at once. Repeatable."""
    token = visible_tokens(actor).filter(pk=token_id).first()
    if token is None:
        raise NotFound()
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=clock.now()):
            _log(actor, "token.revoke", token)


def use_token(secret: str) -> ApiToken | None:
    """Return the live token of a secret with its open account, or None; notes the use by minute."""
    token = (
        ApiToken.objects.select_related("account")
        .filter(token_hash=_hash(secret), revoked_at=None, account__is_active=True)
        .first()
    )
    if token is None:
        return None
    now = clock.now()
    ApiToken.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - _SEEN_EVERY), pk=token.pk
    ).update(last_used_at=now)
    return token


def _hash(secret: str) -> str:
    # A plain digest is enough: the secret has 190 random bits, nothing to guess at.
    return hashlib.sha256(secret.encode()).hexdigest()


def _log(actor: Actor, action: str, token: ApiToken) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="api_token",
        subject_id=token.pk,
        subject_label=token.name,
        detail={"scopes": token.scopes},
    )
