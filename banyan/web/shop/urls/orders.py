"""URLs of checkout and the buyer's orders."""

from django.urls import path

from ..orders import addresses, checkout, papers, purchase, refunds, returns

urlpatterns = [
    path("checkout", checkout.checkout, name="checkout"),
    path("orders", purchase.orders_mine, name="orders_mine"),
    path("orders/find", purchase.order_find, name="order_find"),
    path("o/<str:token>", purchase.purchase, name="purchase"),
    path("o/<str:token>/pay", purchase.purchase_pay, name="purchase_pay"),
    path("o/<str:token>/cancel", purchase.purchase_cancel, name="purchase_cancel"),
    path("o/<str:token>/<int:order_id>/received", purchase.order_received, name="order_received"),
    path("o/<str:token>/<int:order_id>/cancel", purchase.order_cancel, name="order_cancel"),
    path("o/<str:token>/<int:order_id>/later", purchase.order_extend, name="order_extend"),
    path("o/<str:token>/<int:order_id>/note", purchase.order_note, name="order_note"),
    path("o/<str:token>/<int:order_id>/refund", refunds.refund_ask, name="refund_ask"),
    path("o/<str:token>/<int:order_id>/return", returns.return_ask, name="return_ask"),
    path("o/<str:token>/<int:order_id>/papers", papers.document_issue, name="document_issue"),
    path("o/<str:token>/<int:order_id>/fapiao", papers.fapiao, name="order_fapiao"),
    path("o/<str:token>/<int:order_id>/address", addresses.order_address, name="order_address"),
    path("documents/<int:document_id>", papers.document, name="document"),
    path("orders/<int:order_id>/fapiao", papers.fapiao_file, name="fapiao_file"),
    path("returns/<int:return_id>", returns.return_page, name="return"),
    path("returns/<int:return_id>/sent", returns.return_sent, name="return_sent"),
    path("returns/<int:return_id>/withdraw", returns.return_withdraw, name="return_withdraw"),
    path("refunds/<int:refund_id>", refunds.refund, name="refund"),
    path("refunds/<int:refund_id>/retry", refunds.refund_retry, name="refund_retry"),
    path("refunds/<int:refund_id>/help", refunds.refund_help, name="refund_help"),
]
