"""URLs of the earnings pages."""

from django.urls import path

from ..earnings import mine

urlpatterns = [
    path("earnings", mine.earnings, name="earnings"),
    path("earnings/<int:commission_id>", mine.earning, name="earning"),
]
