"""URLs of the studio."""

from django.urls import path

from ..shop.sharing import travel
from . import (
    after_sale,
    behind,
    coupons,
    goods,
    home,
    product,
    product_files,
    shares,
    shop_settings,
    staff,
    standing,
    today,
)
from .orders import bulk, changes, money, one, papers, queue, returns

urlpatterns = [
    path("", home.home, name="studio_home"),
    path("new", home.shop_open, name="shop_open"),
    path("<slug:shop_slug>/", today.today, name="studio_today"),
    path("<slug:shop_slug>/ask-again", today.approval, name="studio_ask_again"),
    path("<slug:shop_slug>/day/<str:date>", behind.day, name="studio_day"),
    path("<slug:shop_slug>/promised", behind.promised, name="studio_promised"),
    path("<slug:shop_slug>/people", behind.people, name="studio_people"),
    path("<slug:shop_slug>/counted", behind.counted, name="studio_counted"),
    path("<slug:shop_slug>/orders", queue.queue, name="studio_orders"),
    path("<slug:shop_slug>/orders/export.csv", queue.export, name="studio_orders_export"),
    path("<slug:shop_slug>/orders/packing", bulk.packing, name="studio_packing"),
    path("<slug:shop_slug>/orders/send", bulk.ship, name="studio_bulk_ship"),
    path("<slug:shop_slug>/orders/<int:order_id>", one.order, name="studio_order"),
    path("<slug:shop_slug>/orders/<int:order_id>/ship", one.ship, name="studio_order_ship"),
    path("<slug:shop_slug>/orders/<int:order_id>/refund", money.refund, name="studio_order_refund"),
    path("<slug:shop_slug>/orders/<int:order_id>/answer", money.answer, name="studio_order_answer"),
    path("<slug:shop_slug>/orders/<int:order_id>/note", one.note, name="studio_order_note"),
    path("<slug:shop_slug>/orders/<int:order_id>/papers", papers.document, name="studio_document"),
    path(
        "<slug:shop_slug>/orders/<int:order_id>/fapiao",
        papers.fapiao_answer,
        name="studio_fapiao_answer",
    ),
    path(
        "<slug:shop_slug>/orders/<int:order_id>/change", changes.change, name="studio_order_change"
    ),
    path("<slug:shop_slug>/fapiao", papers.fapiao, name="studio_fapiao"),
    path("<slug:shop_slug>/returns", returns.desk, name="studio_returns"),
    path("<slug:shop_slug>/returns/<int:return_id>", returns.one, name="studio_return"),
    path("<slug:shop_slug>/goods", goods.goods, name="studio_goods"),
    path("<slug:shop_slug>/goods/new", product.product_new, name="studio_product_new"),
    path("<slug:shop_slug>/goods/export.csv", product_files.goods_export, name="studio_export"),
    path("<slug:shop_slug>/goods/import", product_files.goods_import, name="studio_import"),
    path(
        "<slug:shop_slug>/goods/import/<slug:token>",
        product_files.import_file,
        name="studio_import_file",
    ),
    path(
        "<slug:shop_slug>/goods/import/<slug:token>/pictures",
        product_files.import_pictures,
        name="studio_import_pictures",
    ),
    path(
        "<slug:shop_slug>/goods/import/<slug:token>/fetch",
        product_files.import_fetch,
        name="studio_import_fetch",
    ),
    path("<slug:shop_slug>/goods/<int:product_id>", product.product, name="studio_product"),
    path(
        "<slug:shop_slug>/goods/<int:product_id>/state", goods.publish, name="studio_product_state"
    ),
    path("<slug:shop_slug>/stock/<int:variant_id>", goods.stock, name="studio_stock"),
    path("<slug:shop_slug>/coupons", coupons.coupons, name="studio_coupons"),
    path(
        "<slug:shop_slug>/coupons/<int:coupon_id>/stop",
        coupons.coupon_retire,
        name="studio_coupon_stop",
    ),
    path("<slug:shop_slug>/shares", shares.shares, name="studio_shares"),
    *travel.routes("<slug:shop_slug>/shares/<str:code>", "studio_share", shares.share_room),
    path("<slug:shop_slug>/standing", standing.shop_standing, name="studio_standing"),
    path("<slug:shop_slug>/standing/appeal", standing.appeal, name="studio_appeal"),
    path("<slug:shop_slug>/standing/permit", standing.permit, name="studio_permit"),
    path("<slug:shop_slug>/staff", staff.staff, name="studio_staff"),
    path("<slug:shop_slug>/staff/leave", staff.leave, name="studio_leave"),
    path("<slug:shop_slug>/staff/acts", staff.acts, name="studio_acts"),
    path("<slug:shop_slug>/after-sale", after_sale.after_sale, name="studio_after_sale"),
    path("<slug:shop_slug>/settings", shop_settings.shop_settings, name="studio_settings"),
]
