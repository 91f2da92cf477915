"""Signing up and in: a typed code for a bearer token."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, NotFound
from banyan.legal import actions as legal
from banyan.people import actions as people
from banyan.people.actions.sign_in import SIGN_IN, Begun, attempt_of
from banyan.people.models import Account, SignInCode
from banyan.people.ports import leaving_on
from banyan.people.queries import has_second_factor
from banyan.people.rules import mask_contact

from .gate import ANYONE_WRITES, actor, caller_of
from .schemas import Answer, Body, IdOut, Moment, Token

router = Router(tags=["sign-in"])


class SecondFactorRequired(Forbidden):
    """The account signs in with a second factor, which programs do not have."""

    code = "second_factor_required"
    message = _("This account has a second factor. Make a token on its page of API tokens.")


class AccountLeaving(Conflict):
    """Its owner is leaving; ``extra["erased_at"]`` says when all is erased."""

    code = "account_leaving"
    message = _("This account is being left. Ask for a new code and say that you stay.")


class SignInBody(Body):
    """Where the code goes."""

    contact: Annotated[
        str,
        StringConstraints(min_length=3, max_length=120),
        Field(description="An e-mail address, or a phone number with its country code."),
    ]
    region: Annotated[
        str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(description="For numbers without +.")
    ] = "CN"


class CodeBody(Body):
    """The typed code, and what the token is called."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    device: Annotated[
        str,
        StringConstraints(min_length=1, max_length=60),
        Field(description="Name of the token; signing in again under it ends the one before."),
    ] = "Program"
    stay: Annotated[
        bool, Field(description="Open an account that is being left, and do not erase it.")
    ] = False


class SignInAnswer(Answer):
    """A sign-in under way. ``demo_code`` is the code itself, in a demo only."""

    id: str
    sent_to: str
    expires_at: Moment
    demo_code: str | None


class SignedIn(Answer):
    """The bearer ``token``, shown this once."""

    token: str
    account_id: IdOut
    handle: str
    created: bool


def _answer(attempt: SignInCode) -> SignInAnswer:
    return SignInAnswer(
        id=attempt.token,
        sent_to=mask_contact(attempt.contact),
        expires_at=attempt.expires_at,
        demo_code=people.demo_code(attempt) or None,
    )


@router.post("/sign-in", auth=ANYONE_WRITES, response={201: SignInAnswer})
def request_code(request: HttpRequest, body: SignInBody) -> Any:
    """Send a six-digit code to an e-mail address or phone number.

    A contact that is new gets an account when its code is confirmed; nothing tells before whether
    there is one. A guest's `Cart-Token` joins the account's cart.
    """
    caller = caller_of(request)
    attempt = people.request_code(
        actor=caller.actor,
        contact=body.contact,
        region=body.region,
        language=get_language() or "en",
        begun=Begun(cart_token=caller.cart_token),
        source=caller.address,
    )
    return Status(201, _answer(attempt))


@router.post("/sign-in/{attempt}/resend", auth=ANYONE_WRITES, response={200: SignInAnswer})
def resend_code(request: HttpRequest, attempt: Path[Token]) -> Any:
    """Send a new code for the same sign-in, three times at most; the one before stops working."""
    _own(attempt)
    return _answer(
        people.resend_code(actor=actor(request), token=attempt, source=caller_of(request).address)
    )


@router.post("/sign-in/{attempt}/confirm", auth=ANYONE_WRITES, response={200: SignedIn})
def confirm_code(request: HttpRequest, attempt: Path[Token], body: CodeBody) -> Any:
    """Take the typed code and answer with a token that may read and write.

    Five tries, ten minutes. An account with a second factor is refused: its tokens are made on
    the page. Of an account that its owner is leaving, `stay` opens it; without, the answer is 409
    `account_leaving` with the day in `erased_at`, and nothing changes. The code is spent then.
    """
    _own(attempt)
    caller = caller_of(request)
    done = people.verify_code(
        actor=caller.actor, token=attempt, code=body.code, source=caller.address
    )
    account = done.account
    if has_second_factor(account.pk):
        raise SecondFactorRequired()
    _stay_or_refuse(account, body)
    people.join_browser(account=account, visitor=None, cart_token=done.attempt.cart_token)
    _token, secret = people.renew_token(
        actor=Actor(kind="member", id=account.pk, label=str(account)), name=body.device
    )
    return SignedIn(
        token=secret, account_id=account.pk, handle=account.handle, created=done.created
    )


def _stay_or_refuse(account: Account, body: CodeBody) -> None:
    if account.is_active:
        return
    due = leaving_on(account.pk)
    if due is None:
        raise Forbidden(_("This account is closed."), code="account_closed")
    if not body.stay:
        raise AccountLeaving(extra={"erased_at": due.isoformat()})
    if not legal.stay(actor=Actor(kind="member", id=account.pk, label=str(account))):
        raise Forbidden(_("This account is closed."), code="account_closed")


def _own(token: str) -> None:
    if attempt_of(token).purpose != SIGN_IN:
        raise NotFound()
