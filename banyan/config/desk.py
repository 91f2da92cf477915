"""How the desk looks: django-unfold with our colours, and our own menu."""

from __future__ import annotations

# Warm greys and fig, as in the shop's stylesheet; every text pair keeps a contrast of 4.5.
_BASE = {
    "50": "#fbf8f3", "100": "#f4eee5", "200": "#ece5db", "300": "#d9cfc1", "400": "#a89d91",
    "500": "#6b635a", "600": "#554e46", "700": "#473f37", "800": "#2e2924", "900": "#1f1b18",
    "950": "#14120f",
}  # fmt: skip
_PRIMARY = {
    "50": "#fdf3ef", "100": "#fce9e3", "200": "#f8d2c6", "300": "#f4ab95", "400": "#f5805f",
    "500": "#f0633f", "600": "#c23c21", "700": "#a93419", "800": "#8a2b16", "900": "#6f2514",
    "950": "#3a1f18",
}  # fmt: skip

UNFOLD = {
    "SITE_TITLE": "Banyan desk",
    "SITE_HEADER": "Banyan",
    "SITE_SUBHEADER": "banyan.web.desk.menu.subheader",
    "SITE_URL": "/",
    "SITE_SYMBOL": "park",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "10px",
    "COLORS": {"base": _BASE, "primary": _PRIMARY},
    "STYLES": ["banyan.web.desk.menu.stylesheet"],
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "banyan.web.desk.menu.favicon"}
    ],
    "ACCOUNT": {"navigation": "banyan.web.desk.menu.account_links"},
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "banyan.web.desk.menu.navigation",
    },
}
