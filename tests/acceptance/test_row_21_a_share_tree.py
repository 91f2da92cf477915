"""Row 21, the trunk's part: a share grows along relations, and its figures are exact."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command

from banyan.catalog.models import Product
from banyan.earnings.actions import set_plan
from banyan.sharing.models import Touch
from tests.support import factories as make
from tests.support.reading import Oracle, Shown, read_story, rows_of
from tests.support.walkers import Town, Walker

pytestmark = pytest.mark.django_db
LAPTOP = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 Version/17.4 Safari"


def goods() -> Product:
    shop = make.shop()
    set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    return make.product(shop, price=10_000)


def begin(town: Town, item: Product, handle: str = "ana") -> tuple[Walker, str]:
    """Ana shares a product; returns her browser and her link's code."""
    ana = Walker(town, make.member(handle))
    ana.go(f"/shop/{item.shop.slug}/{item.slug}")
    return ana, ana.share()


def story(owner: Walker, code: str) -> Shown:
    """Open a share's page through the list of one's shares, as a member would."""
    owner.go("/me")
    owner.follow(r"^/me/links$")
    return read_story(owner.follow(rf"^/me/links/{code}$"))


def newcomer(town: Town, code: str, contact: str) -> tuple[Walker, str]:
    """Somebody opens a link as a stranger, signs up, and shows it on."""
    walker = Walker(town)
    landed = walker.open(code)
    assert "shared with you" in landed
    here = walker.at
    walker.sign_up(contact)
    walker.go(here)
    return walker, walker.share()


def test_row_21_a_one_three_nine(town: Town) -> None:
    ana, root = begin(town, goods())

    # 1 -> 3: each opens Ana's link as a stranger, signs up and shows it on
    children = [newcomer(town, root, f"child{n}@example.com") for n in range(3)]
    # 3 -> 9
    leaves = [[Walker(town) for _ in range(3)] for _ in children]
    for (_walker, code), below in zip(children, leaves, strict=True):
        for leaf in below:
            leaf.open(code)

    # the same people again: a repeat, another branch, the root, and one on a second device
    one, two = children[0][1], children[1][1]
    leaves[0][0].open(one)
    leaves[0][0].open(two)
    leaves[2][1].open(root)
    laptop = Walker(town, agent=LAPTOP)
    laptop.open(one)
    # nobody: link previews, robots, HEAD, prefetch, sharers at their own links
    town.knock(root, agent="facebookexternalhit/1.1")
    town.knock(one, agent="WhatsApp/2.23.20.0 A")
    town.knock(two, agent="Googlebot/2.1")
    town.knock(root, method="HEAD")
    town.knock(one, HTTP_SEC_PURPOSE="prefetch;prerender")
    ana.open(root)
    children[0][0].open(one)
    # somebody who never got as far as a page
    town.knock(two)

    fourteen = story(ana, root)
    assert fourteen.number("people") == 14

    # the second device turns out to be a leaf's: they sign up on both
    leaves[0][1].sign_up("leaf@example.com")
    laptop.sign_up("leaf@example.com")

    shown = story(ana, root)
    assert shown.number("people") == 13
    assert shown.number("depth") == 2
    assert shown.number("r") == 3.0
    assert [people for people, _url, _r in shown.generations] == [1, 3, 9]
    assert [r for *_rest, r in shown.generations[:2]] == ['<data value="3.0">3.00</data>'] * 2
    assert {why: n for why, (n, _url) in shown.left_out.items()} == {
        "robots": 5,
        "own": 2,
        "repeats": 4,
        "unproven": 1,
    }
    assert len(rows_of(ana, shown.links["people"])) == 13
    Oracle.of(ana, shown.export).check(ana, shown)


def test_the_export_names_sharers_and_nobody_else(town: Town) -> None:
    ana, root = begin(town, goods())
    _ben, code = newcomer(town, root, "ben@example.com")
    watcher = Walker(town)
    watcher.open(code)
    watcher.sign_up("secret.person@example.com")

    text = ana.browser.get(story(ana, root).export).content.decode()

    touch = Touch.objects.filter(link__code=code).latest("id")
    assert touch.account_id is not None
    handles = {row["sharer"] for row in Oracle.of(ana, story(ana, root).export).rows}
    assert "ana" in handles
    assert len(handles) == 2
    for secret in ("secret", "@", str(touch.account_id), touch.visitor):
        assert secret not in text


def test_a_share_is_its_owners_alone_to_read(town: Town) -> None:
    ana, root = begin(town, goods())
    ben, code = newcomer(town, root, "ben@example.com")
    del ana

    for room in ("", "/people", "/orders", "/left-out", "/export.csv"):
        assert ben.browser.get(f"/me/links/{root}{room}").status_code == 404
        assert ben.browser.get(f"/me/links/{code}{room}").status_code == 200
    # what lies beside one's own branch is not shown
    assert story(ben, code).number("people") == 1


def test_the_shop_reads_the_same_tree_in_its_studio(town: Town) -> None:
    item = goods()
    ana, root = begin(town, item)
    newcomer(town, root, "ben@example.com")
    owner = Walker(town, item.shop.owner)
    owner.go("/studio/")
    owner.follow(r"/shares$")
    seen = read_story(owner.follow(rf"/shares/{root}$"))

    mine = story(ana, root)
    assert seen.number("people") == mine.number("people") == 2
    Oracle.of(owner, seen.export).check(owner, seen)
    stranger = Walker(town, make.shop().owner)
    shops = stranger.browser.get("/studio/", follow=True).redirect_chain[-1][0]
    assert stranger.browser.get(f"{shops}shares/{root}").status_code == 404


def test_row_21_a_a_chain_of_a_hundred_and_one(town: Town) -> None:
    item = goods()
    ana, root = begin(town, item)
    code = root
    for n in range(99):
        walker = Walker(town, make.member(f"link{n}"))
        walker.glance(code)
        code = walker.share_at(f"/share/product/{item.pk}?via={code}")
    Walker(town).glance(code)
    town.load()

    shown = story(ana, root)
    assert shown.number("people") == 101
    assert shown.number("depth") == 100
    assert shown.number("virality") == 34.0
    assert shown.number("r") == 1.0


def test_row_21_a_a_star_of_a_hundred_and_one(town: Town) -> None:
    ana, root = begin(town, goods())
    for _ in range(100):
        Walker(town).glance(root)
    town.load()

    shown = story(ana, root)
    assert shown.number("people") == 101
    assert shown.number("depth") == 1
    assert shown.number("broadcast") == 1.0
    virality = shown.number("virality")
    assert virality is not None
    assert abs(virality - 2 * 100 / 101) < 1e-9
    assert round(virality, 2) == 1.98
    assert shown.number("r") is None
    assert len(rows_of(ana, shown.links["people"])) == 101
    (row,) = _report("--of", "shares")
    assert (row["id"], row["depth_histogram"]) == (root, [1, 100])
    assert row["structural_virality"] == virality


def test_row_21_a_imported_cascades_say_the_same(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "cascades.tsv"
    chain = [f"u{'/u'.join(str(n) for n in range(k + 1))}:{k}" for k in range(101)]
    star = ["c:0", *(f"c/s{k}:{k}" for k in range(1, 101))]
    tree = ["r:0", *(f"r/m{a}:{a}" for a in range(1, 4))]
    tree += [f"r/m{a}/l{a}{b}:{10 * a + b}" for a in range(1, 4) for b in range(3)]
    lines = [
        f"chain\tu0\t1500000000\t101\t{' '.join(chain)}",
        f"star\tc\t1500000000\t101\t{' '.join(star)}",
        f"tree\tr\t1500000000\t13\t{' '.join(tree)}",
    ]
    file.write_text("\n".join(lines) + "\n")
    call_command("import_cascades", str(file), stdout=io.StringIO())

    rows = {row["id"]: row for row in _report()}

    assert rows["chain"]["structural_virality"] == 34.0
    assert round(float(str(rows["star"]["structural_virality"])), 2) == 1.98
    assert rows["tree"]["depth_histogram"] == [1, 3, 9]
    assert [row["size"] for row in rows.values()] == [101, 101, 13]


def _report(*options: str) -> list[dict[str, object]]:
    out = io.StringIO()
    call_command("cascades_report", "--format", "json", *options, stdout=out)
    found: list[dict[str, object]] = json.loads(out.getvalue())
    return found
