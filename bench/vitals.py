"""How heavy pages are and when they are there, on a phone with slow 4G and a processor of a fourth.

Chromium loads each page once with an empty cache. The network is 1.6 Mbit/s with 150 ms, the
processor four times slower, as in docs/explanation/speed.md. LCP and CLS are what the browser
itself reports, TBT is the sum of what its long tasks take beyond 50 ms.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from banyan.ops.doctor import find_chromium
from bench.installation import Installation
from bench.orders import Ask
from bench.report import Table

PHONE: Any = {"width": 390, "height": 844}
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 200_000,
    "uploadThroughput": 93_750,
}
MOST_KB, MOST_CLS = 50.0, 0.02
SETTLING_MS = 1_500
WATCH = """
window.vitals = {lcp: 0, cls: 0, tbt: 0};
const watch = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each))
  .observe({type, buffered: true});
watch("largest-contentful-paint", (one) => { vitals.lcp = one.startTime; });
watch("layout-shift", (one) => { if (!one.hadRecentInput) vitals.cls += one.value; });
watch("longtask", (one) => { vitals.tbt += Math.max(0, one.duration - 50); });
"""


def run(table: Table, installation: Installation, ask: Ask) -> None:
    """Load every page of ``inside.pages`` once; about a minute."""
    known = ask("pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, path in known["pages"].items():
            _page(table, browser, installation.origin, name, path, known["session"])
        browser.close()


def _page(table: Table, browser: Browser, origin: str, name: str, path: str, session: str) -> None:
    context = browser.new_context(viewport=PHONE, locale="en")
    cookie: Any = {"name": "banyan_session", "value": session, "url": origin}
    context.add_cookies([cookie])
    page = context.new_page()
    page.add_init_script(WATCH)
    sizes = _weighed(page)
    page.goto(f"{origin}{path}", wait_until="load")
    page.wait_for_timeout(SETTLING_MS)
    found = page.evaluate("vitals")
    images = sizes.pop("Image", 0)
    rest = sum(sizes.values()) / 1024
    parts = ", ".join(f"{kind} {size / 1024:.1f}" for kind, size in sorted(sizes.items()))
    table.held(f"{name}: all but pictures", rest, "KB", rest <= MOST_KB, f"<= {MOST_KB:.0f} KB")
    table.row("  of these", len(sizes), "kinds", parts)
    table.row("  pictures loaded", images / 1024, "KB")
    table.row("  LCP", found["lcp"], "ms")
    table.held("  CLS", found["cls"], "", found["cls"] <= MOST_CLS, f"<= {MOST_CLS}")
    table.row("  TBT", found["tbt"], "ms")
    context.close()


def _weighed(page: Page) -> dict[str, int]:
    """Return a tally, filled while the page loads, of bytes on the wire by kind of file."""
    sizes: dict[str, int] = defaultdict(int)
    kinds: dict[str, str] = {}
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", SLOW_4G)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def loaded(event: dict[str, Any]) -> None:
        sizes[kinds.get(event["requestId"], "Other")] += int(event["encodedDataLength"])

    devtools.on("Network.responseReceived", answered)
    devtools.on("Network.loadingFinished", loaded)
    return sizes
