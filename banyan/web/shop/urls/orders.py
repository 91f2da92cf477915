"""URLs of checkout and the buyer's orders."""

from django.urls import path

from ..orders import checkout, coupons_mine, delivered, pay_link, payment_request, purchase, refunds

urlpatterns = [
    path("checkout", checkout.checkout, name="checkout"),
    path("me/coupons", coupons_mine.coupons_mine, name="coupons_mine"),
    path("orders", purchase.orders_mine, name="orders_mine"),
    path("orders/find", purchase.order_find, name="order_find"),
    path("o/<str:token>", purchase.purchase, name="purchase"),
    path("o/<str:token>/pay", purchase.purchase_pay, name="purchase_pay"),
    path("o/<str:token>/cancel", purchase.purchase_cancel, name="purchase_cancel"),
    path("o/<str:token>/<int:order_id>/received", purchase.order_received, name="order_received"),
    path("o/<str:token>/<int:order_id>/note", purchase.order_note, name="order_note"),
    path("o/<str:token>/<int:order_id>/refund", refunds.refund_ask, name="refund_ask"),
    path("d/<str:signed>", delivered.bought_file, name="bought_file"),
    path("v/<str:code>", delivered.voucher, name="voucher"),
    path("v/<str:code>/qr", delivered.voucher_qr, name="voucher_qr"),
    path("pay/request/<str:code>", payment_request.payment_request, name="payment_request"),
    path("pay/link/<str:code>", pay_link.pay_link, name="pay_link"),
    path("pay/link/<str:code>/go", pay_link.pay_link_go, name="pay_link_go"),
    path("pay/link/<str:code>/wait", pay_link.pay_link_wait, name="pay_link_wait"),
    path("pay/link/<str:code>/state", pay_link.pay_link_state, name="pay_link_state"),
    path("pay/link/<str:code>/back", pay_link.pay_link_back, name="pay_link_back"),
    path("refunds/<int:refund_id>", refunds.refund, name="refund"),
    path("refunds/<int:refund_id>/retry", refunds.refund_retry, name="refund_retry"),
    path("refunds/<int:refund_id>/help", refunds.refund_help, name="refund_help"),
]
