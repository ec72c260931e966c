"""The demo shop: big enough, alive, the same at every filling, and never in the place of a real one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import phonenumbers
import pytest
from shop_fakes import NOW, FixedClock

from shop import NotADemoShop, OrderStatus, ParcelStatus, SqlShop
from shop.demo import fill

ROOT = Path(__file__).parents[2]


def counted(path: Path, question: str) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute(question).fetchone()[0])
    finally:
        connection.close()


@pytest.mark.alone
def test_filling_is_quick_large_and_idempotent(tmp_path: Path, clock: FixedClock) -> None:
    url = f"sqlite:///{tmp_path}/new/folder/shop.db"
    started = time.monotonic()
    first = fill(url, clock=clock)
    assert time.monotonic() - started < 3
    assert first.customers >= 200 and first.orders >= 1000 and first.parcels >= 1000
    shop = SqlShop(url)
    before = shop.order("HG10023847"), shop.parcels_of("HG10023847"), shop.customer("c-0100")
    assert fill(url, clock=clock) == first
    assert (shop.order("HG10023847"), shop.parcels_of("HG10023847"), shop.customer("c-0100")) == before
    shop.close()


def test_filling_again_later_makes_the_shop_look_alive(tmp_path: Path, clock: FixedClock) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    fill(url, clock=clock)
    clock.advance(days=40)
    fill(url, clock=clock)
    shop = SqlShop(url)
    (parcel,) = shop.parcels_of("HG10023847")
    assert clock.now - parcel.updated_at == timedelta(minutes=40)
    shop.close()


def test_the_well_known_orders_are_as_the_readme_says(sql_shop: SqlShop) -> None:
    known = {
        number: (order.customer_id, order.status)
        for number in ("HG10023847", "HG10019932", "HG10024001", "HG10024105", "HG10024222")
        if (order := sql_shop.order(number))
    }
    assert known == {
        "HG10023847": ("c-0001", OrderStatus.SHIPPED),
        "HG10019932": ("c-0001", OrderStatus.DELIVERED),
        "HG10024001": ("c-0002", OrderStatus.PACKING),
        "HG10024105": ("c-0003", OrderStatus.SHIPPED),
        "HG10024222": ("c-0004", OrderStatus.DELIVERED),
    }
    assert sql_shop.parcels_of("HG10024001") == []
    (sf,) = sql_shop.parcels_of("HG10023847")
    assert sf.status is ParcelStatus.IN_TRANSIT and len(sf.tracking_number) == 15 and sf.eta is not None
    (delivered,) = sql_shop.parcels_of("HG10024222")
    assert NOW - delivered.updated_at == timedelta(days=1)


def test_the_shop_has_every_situation_a_customer_may_ask_about(shop_url: str) -> None:
    path = Path(shop_url.removeprefix("sqlite:///"))
    for status in OrderStatus:
        assert counted(path, f"select count(*) from shop_orders where status = '{status.value}'"), status
    for parcel_status in ParcelStatus:
        assert counted(path, f"select count(*) from shop_parcels where status = '{parcel_status.value}'"), parcel_status
    stale = (NOW - timedelta(hours=72)).strftime("%Y-%m-%d %H:%M:%S")
    assert counted(
        path, f"select count(*) from shop_parcels where status in ('in_transit','announced') and updated_at < '{stale}'"
    )
    assert counted(path, "select count(distinct currency || region) from shop_orders") == 3
    assert not counted(path, f"select count(*) from shop_parcel_events where at > '{NOW:%Y-%m-%d %H:%M:%S}.1'")


def test_every_customer_can_prove_an_order(sql_shop: SqlShop) -> None:
    for position in range(1, 241):
        customer = sql_shop.customer(f"c-{position:04}")
        assert customer is not None
        assert phonenumbers.is_possible_number(phonenumbers.parse(customer.phone))


def test_a_shop_the_script_did_not_make_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    fill(url)
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("delete from shop_demo_marks")
    connection.commit()
    connection.close()
    with pytest.raises(NotADemoShop):
        fill(url)
    assert counted(tmp_path / "shop.db", "select count(*) from shop_customers") == 240


def test_readers_never_see_a_half_filled_shop(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    fill(url)
    filling = subprocess.Popen([sys.executable, "-m", "shop.demo", url], stdout=subprocess.DEVNULL, cwd=ROOT)
    shop = SqlShop(url)
    while filling.poll() is None:
        order = shop.order("HG10023847")
        assert order is not None and len(order.items) == 2
    assert filling.returncode == 0
    shop.close()


def test_the_command_says_what_it_did_or_what_is_wrong(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "shop.demo", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    done = run(f"sqlite:///{tmp_path}/shop.db")
    assert (done.returncode, done.stderr) == (0, "") and "240 customers" in done.stdout
    assert run().returncode == 2
    (tmp_path / "full").write_bytes(b"no database at all" * 100)
    broken = run(f"sqlite:///{tmp_path}/full")
    assert (broken.returncode, broken.stderr.count("\n")) == (1, 1)
    refused = run("nonsense")
    assert refused.returncode == 1 and refused.stderr.startswith("url: expected") and "Traceback" not in refused.stderr


def test_dates_are_aware_utc(sql_shop: SqlShop) -> None:
    order = sql_shop.order("HG10023847")
    assert order is not None and order.placed_at.tzinfo is timezone.utc
    assert isinstance(order.promised_by, datetime) and order.promised_by.tzinfo is timezone.utc
