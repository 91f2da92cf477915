"""URLs of the earnings pages and of the wallet."""

from django.urls import path

from ..earnings import destination, mine, statement, wallet

urlpatterns = [
    path("earnings", mine.earnings, name="earnings"),
    path("earnings/<int:commission_id>", mine.earning, name="earning"),
    path("earnings/destination", destination.destination, name="payout_destination"),
    path("earnings/destination/remove", destination.remove, name="payout_destination_remove"),
    path("me/statement", statement.statement, name="statement"),
    path("me/statement/csv", statement.export, name="statement_export"),
    path("me/wallet", wallet.wallet, name="wallet"),
]
