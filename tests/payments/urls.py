"""The payment pages alone."""

from django.urls import include, path

urlpatterns = [path("", include("banyan.web.payments.urls"))]
