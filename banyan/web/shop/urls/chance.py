"""URLs of checking a draw."""

from django.urls import path

from ..chance import verify

urlpatterns = [
    path("verify", verify.verify, name="verify"),
    path("verify/verifier.py", verify.verifier, name="verifier"),
]
