"""Who is one person, in SQL: alike for openings, cards and orders, so that steps compare.

The account where one is known, else the browser's id, else the single touch or checkout
(docs/reference/measures.md).
"""

from __future__ import annotations

LINKS = "WITH links AS MATERIALIZED (SELECT unnest(%s::bigint[]) AS id)"

TOUCH_PERSON = (
    "coalesce('a' || touch.account_id, 'v' || nullif(touch.visitor, ''), 't' || touch.id)"
)
TOUCH_JOIN = "sharing_touch touch JOIN links ON links.id = touch.link_id"

CARD_PERSON = (
    "CASE WHEN card.visitor LIKE 'account-%%' THEN 'a' || substr(card.visitor, 9)"
    " ELSE coalesce('a' || known.account_id, 'v' || card.visitor) END"
)
CARD_JOIN = (
    "sharing_exposure card JOIN links ON links.id = card.link_id"
    " LEFT JOIN sharing_visitoraccount known ON known.visitor = card.visitor"
)

# A guest whose browser kept no id is found again by the touch that came along in the address.
ORDER_PERSON = (
    "coalesce('a' || checkout.buyer_id, 'a' || known.account_id,"
    " 'v' || nullif(checkout.visitor, ''),"
    " 'a' || came.account_id, 'v' || nullif(came.visitor, ''), 't' || came.id, 'c' || checkout.id)"
)
ORDER_JOIN = (
    "orders_orderline line JOIN links ON links.id = line.link_id"
    " JOIN orders_order bought ON bought.id = line.order_id"
    " JOIN orders_checkout checkout ON checkout.id = bought.checkout_id"
    " LEFT JOIN sharing_visitoraccount known ON known.visitor = nullif(checkout.visitor, '')"
    " LEFT JOIN sharing_touch came ON came.id = line.touch_id"
)
