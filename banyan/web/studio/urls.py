"""URLs of the studio."""

from django.urls import path

from ..shop.sharing import travel
from . import (
    behind,
    coupons,
    delivery,
    goods,
    handing_over,
    home,
    orders,
    price_lists,
    product,
    product_files,
    redeem,
    shares,
    shop_settings,
    standing,
    today,
)

urlpatterns = [
    path("", home.home, name="studio_home"),
    path("new", home.shop_open, name="shop_open"),
    path("<slug:shop_slug>/", today.today, name="studio_today"),
    path("<slug:shop_slug>/ask-again", today.approval, name="studio_ask_again"),
    path("<slug:shop_slug>/day/<str:date>", behind.day, name="studio_day"),
    path("<slug:shop_slug>/promised", behind.promised, name="studio_promised"),
    path("<slug:shop_slug>/people", behind.people, name="studio_people"),
    path("<slug:shop_slug>/counted", behind.counted, name="studio_counted"),
    path("<slug:shop_slug>/orders", orders.queue, name="studio_orders"),
    path("<slug:shop_slug>/orders/<int:order_id>", orders.order, name="studio_order"),
    path("<slug:shop_slug>/orders/<int:order_id>/ship", orders.ship, name="studio_order_ship"),
    path(
        "<slug:shop_slug>/orders/<int:order_id>/refund", orders.refund, name="studio_order_refund"
    ),
    path(
        "<slug:shop_slug>/orders/<int:order_id>/answer", orders.answer, name="studio_order_answer"
    ),
    path("<slug:shop_slug>/orders/<int:order_id>/note", orders.note, name="studio_order_note"),
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
    path(
        "<slug:shop_slug>/goods/<int:product_id>/delivery",
        handing_over.handing_over,
        name="studio_handing_over",
    ),
    path(
        "<slug:shop_slug>/orders/<int:order_id>/downloads/<int:grant_id>",
        handing_over.allow_more,
        name="studio_allow_more",
    ),
    path("<slug:shop_slug>/keys/<int:key_id>", handing_over.key, name="studio_key"),
    path("<slug:shop_slug>/redeem", redeem.redeem, name="studio_redeem"),
    path("<slug:shop_slug>/redeem/list", redeem.offline_list, name="studio_redeem_list"),
    path("<slug:shop_slug>/redeem/sync", redeem.sync, name="studio_redeem_sync"),
    path(
        "<slug:shop_slug>/redeem/<int:scan_id>/seen",
        redeem.conflict_seen,
        name="studio_conflict_seen",
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
    path("<slug:shop_slug>/delivery", delivery.delivery, name="studio_delivery"),
    path("<slug:shop_slug>/delivery/zones/new", delivery.zone, name="studio_zone_new"),
    path("<slug:shop_slug>/delivery/zones/<int:zone_id>", delivery.zone, name="studio_zone"),
    path(
        "<slug:shop_slug>/delivery/zones/<int:zone_id>/ways/new",
        delivery.way,
        name="studio_way_new",
    ),
    path(
        "<slug:shop_slug>/delivery/zones/<int:zone_id>/ways/<int:method_id>",
        delivery.way,
        name="studio_way",
    ),
    path("<slug:shop_slug>/delivery/taxes/new", delivery.tax, name="studio_tax_new"),
    path("<slug:shop_slug>/delivery/taxes/<int:zone_id>", delivery.tax, name="studio_tax"),
    path("<slug:shop_slug>/price-lists", price_lists.price_lists, name="studio_price_lists"),
    path("<slug:shop_slug>/price-lists/new", price_lists.price_list, name="studio_price_list_new"),
    path(
        "<slug:shop_slug>/price-lists/<int:list_id>",
        price_lists.price_list,
        name="studio_price_list",
    ),
    path(
        "<slug:shop_slug>/price-lists/<int:list_id>/prices",
        price_lists.list_prices,
        name="studio_list_prices",
    ),
    path("<slug:shop_slug>/standing", standing.shop_standing, name="studio_standing"),
    path("<slug:shop_slug>/standing/appeal", standing.appeal, name="studio_appeal"),
    path("<slug:shop_slug>/standing/permit", standing.permit, name="studio_permit"),
    path("<slug:shop_slug>/settings", shop_settings.shop_settings, name="studio_settings"),
]
