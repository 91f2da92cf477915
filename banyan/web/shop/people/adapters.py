"""What django-allauth asks of us: accounts by verified contacts only, our pages, our limits."""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.signals import authenticator_added
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel import keyrings
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.people.ports import leaving_on
from banyan.people.rules import Contact, clean_email

from .sessions import cart_token, client_address, visitor
from .staying import ask_to_stay

YEAR = 31_536_000


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # an untyped base
    """Sign-in without passwords: codes are proven by ``people.actions`` before a login starts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Let other sites' sign-ins make accounts; allauth's own sign-up page is not installed."""
        return True

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Let a member who is leaving prove all that a sign-in asks for before they choose."""
        if not user.is_active and leaving_on(user.pk) is not None:
            return None
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def login(self, request: HttpRequest, user: Any) -> None:
        """Open the session; who is leaving is asked first whether to stay, however they came."""
        if not user.is_active:
            raise ImmediateHttpResponse(ask_to_stay(request, user))
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Join what this browser did before, and show the account's language and theme."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        people.join_browser(account=user, visitor=visitor(request), cart_token=cart_token(request))
        secure = request.is_secure()
        chosen = {settings.LANGUAGE_COOKIE_NAME: user.language, "banyan_theme": user.theme}
        for name, value in chosen.items():
            if value and name not in request.COOKIES:
                response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=secure)
        return response

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Say nothing where the page says it already: being signed in shows."""
        if message_template and message_template.endswith(("logged_in.txt", "logged_out.txt")):
            return
        super().add_message(request, level, message_template, *args, **kwargs)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that asks, by our one rule."""
        return client_address(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return where a sign-in without a way back ends."""
        return "/"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse: every message of ours goes through ``notify.actions.send``."""
        raise ImproperlyConfigured(f"not sent by the sign-in library: {template_prefix}")

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        """Return the account's phone; only proven ones are kept."""
        return (user.phone, True) if user.phone else None

    def get_user_by_phone(self, phone: str) -> Account | None:
        """Return the account of a phone number in E.164."""
        return Account.objects.filter(phone=phone).first()

    def set_phone(self, user: Any, phone: str, verified: bool) -> None:
        """Keep a proven number; an unproven one is not kept."""
        if verified:
            self.set_phone_verified(user, phone)

    def set_phone_verified(self, user: Any, phone: str) -> None:
        """Make a proven number the account's."""
        people.attach_contact(
            actor=Actor.system("sign-in"), account=user, contact=Contact("sms", phone)
        )

    def send_verification_code_sms(self, user: Any, phone: str, code: str, **kwargs: Any) -> None:
        """Refuse: codes are sent by ``people.actions.request_code``."""
        raise ImproperlyConfigured("codes are sent by people.actions")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # an untyped base
    """TOTP secrets are sealed in the database."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return keyrings.seal(keyrings.Ring.COOKIES, text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret."""
        return keyrings.unseal(keyrings.Ring.COOKIES, encrypted_text.encode()).decode()

    def get_totp_label(self, user: Any) -> str:
        """Return what the authenticator app shows."""
        return str(user)


@receiver(authenticator_added)
def just_proven(sender: object, request: HttpRequest, user: Account, **kwargs: Any) -> None:
    """Who has this moment used a new key or app need not prove it again to see recovery codes."""
    record_authentication(request, user, method="mfa", reauthenticated=True)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # an untyped base
    """Another site's word counts for an e-mail address only if that site has verified it."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Forget addresses that the site has not verified: they prove nothing to us."""
        sociallogin.email_addresses = [e for e in sociallogin.email_addresses if e.verified]

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> Any:
        """Take over the name only: contacts and handle are ours to decide."""
        user = sociallogin.user
        name = data.get("name") or " ".join(
            filter(None, [data.get("first_name"), data.get("last_name")])
        )
        user.display_name = name[:60]
        return user

    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None
    ) -> Account:
        """Make the account by our own action, with the address that the site has verified."""
        proven = [clean_email(e.email) for e in sociallogin.email_addresses if e.verified]
        contact = Contact("email", proven[0]) if proven and proven[0] else None
        create = partial(
            people.create_account,
            actor=Actor.guest(visitor(request) or None),
            contact=contact,
            language=request.LANGUAGE_CODE,
            channel="social",
        )
        try:
            account = create(display_name=sociallogin.user.display_name)
        except Invalid:
            account = create()  # a name that is not said here keeps nobody out
        sociallogin.user = account
        sociallogin.email_addresses = []
        sociallogin.save(request, connect=True)
        return account

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Go back to the sign-in page and say so."""
        messages.error(request, _("Signing in there did not work. A code always does."))
        raise ImmediateHttpResponse(redirect(reverse("login")))
