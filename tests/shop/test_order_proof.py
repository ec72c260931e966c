"""Who sees what of an order, and that refusals tell nothing (lessons D9, attack 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from shop_fakes import NOW, FixedClock, ShopApi
from sqlalchemy import event
from sqlalchemy.engine import Engine

from shop import (
    Customer,
    HttpShop,
    Identity,
    Order,
    OrderDesk,
    OrderStatus,
    ProvedOrder,
    Refusal,
    Shop,
    ShopUnavailable,
    SqlShop,
    Tier,
    Unavailable,
    order_card,
)

ANAS = "HG10023847"
UNKNOWN = "HG10023848"
NO_MATCH = Refusal("no_match", 0)
OpenDesk = Callable[[Shop], OrderDesk]

on_both_databases = pytest.mark.parametrize(
    "attempts_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def identity(customer_id: str) -> Identity:
    return Identity(customer_id, NOW + timedelta(hours=1))


@on_both_databases
def test_number_and_phone_ending_show_the_order(desk: OrderDesk) -> None:
    proved = desk.order_by_proof(ANAS, "4567", "conversation-1")
    assert isinstance(proved, ProvedOrder)
    assert (proved.tier, proved.order.status) == (Tier.ORDER, OrderStatus.SHIPPED)
    assert proved.parcels[0].tracking_number.startswith("SF")


@pytest.mark.parametrize(
    "written",
    [
        "4567",
        " 4567 ",
        "４５６７",
        "4 5 6 7",
        "尾號4567",
        "+852 9123 4567",
        "91234567",
        "9123-4567",
        "(852) 9123 4567",
        "+85291234567",
    ],
)
def test_the_ending_is_read_in_any_format(desk: OrderDesk, written: str) -> None:
    assert isinstance(desk.order_by_proof("ｈｇ 1002-3847", written, "conversation-1"), ProvedOrder)


@pytest.mark.parametrize(("number", "ending"), [("HG10024001", "5678"), ("HG10024105", "8000"), ("HG10024222", "5678")])
def test_phones_of_every_region_have_an_ending(desk: OrderDesk, number: str, ending: str) -> None:
    assert isinstance(desk.order_by_proof(number, ending, "conversation-1"), ProvedOrder)


class OnePhone:
    """A shop whose only customer wrote the phone in their own way."""

    def __init__(self, shop: Shop, phone: str) -> None:
        self._shop, self._phone = shop, phone

    def customer(self, customer_id: str) -> Customer | None:
        customer = self._shop.customer(customer_id)
        return customer and replace(customer, phone=self._phone)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shop, name)


@pytest.mark.parametrize(
    "stored",
    [
        "91234567",
        "9123 4567",
        "+852-9123-4567",
        "00852 91234567",
        "＋８５２ ９１２３ ４５６７",
        "9123 4567 ext. 12",
        "tel:+85291234567",
    ],
)
def test_a_stored_phone_may_have_any_format(open_desk: OpenDesk, sql_shop: SqlShop, stored: str) -> None:
    desk = open_desk(OnePhone(sql_shop, stored))
    assert isinstance(desk.order_by_proof(ANAS, "4567", "conversation-1"), ProvedOrder)


@pytest.mark.parametrize("stored", ["", "n/a", "123", "9" * 3000])
@pytest.mark.parametrize("given", ["", "n/a", "123", "----", "????"])
def test_a_phone_without_an_ending_matches_nothing(
    open_desk: OpenDesk, sql_shop: SqlShop, stored: str, given: str
) -> None:
    assert open_desk(OnePhone(sql_shop, stored)).order_by_proof(ANAS, given, "conversation-1") == NO_MATCH


GUESSES = [
    "0000",
    "",
    "456",
    "567",
    "45678",
    "abcd",
    "%",
    "_567",
    "' OR '1'='1",
    "4567\x00" * 1000,
    "\ud800",
    "四五六七",
]


@pytest.mark.parametrize("given", GUESSES)
def test_a_wrong_ending_and_an_unknown_order_are_the_same_refusal(desk: OrderDesk, given: str) -> None:
    wrong = desk.order_by_proof(ANAS, given, "conversation-1")
    unknown = desk.order_by_proof(UNKNOWN, given, "conversation-1")
    assert wrong == unknown == NO_MATCH
    assert repr(wrong) == repr(unknown)


@pytest.mark.parametrize("number", ["", "?", "HG", "x" * 5000, "HG1' --", "\x00", "٤٢", "NOSUCHORDER", "\ud800"])
@pytest.mark.parametrize("given", ["4567", "0000"])
def test_what_is_no_order_number_is_refused_alike(desk: OrderDesk, number: str, given: str) -> None:
    assert desk.order_by_proof(number, given, "conversation-1") == NO_MATCH


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every SQL statement of every database, without its values."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@on_both_databases
@pytest.mark.parametrize(
    ("number", "given"), [(UNKNOWN, "4567"), (UNKNOWN, "x"), ("", "4567"), ("x" * 99, "9"), ("HG10024001", "0000")]
)
def test_refusals_cost_the_same_statements(desk: OrderDesk, number: str, given: str) -> None:
    with statements() as for_wrong_ending:
        desk.order_by_proof(ANAS, "0000", "conversation-1")
    with statements() as for_this:
        desk.order_by_proof(number, given, "conversation-2")
    assert for_this == for_wrong_ending
    kinds = Counter(statement.split()[0] for statement in for_this)
    del kinds["BEGIN"]  # said aloud on SQLite only
    assert kinds == {"UPDATE": 1, "DELETE": 1, "SELECT": 4, "INSERT": 1}


def test_refusals_cost_the_same_requests_over_http(open_desk: OpenDesk, http_shop: HttpShop, shop_api: ShopApi) -> None:
    desk = open_desk(http_shop)
    costs = []
    for number, given in ((ANAS, "0000"), (UNKNOWN, "4567"), ("", "4567")):
        shop_api.requests.clear()
        assert desk.order_by_proof(number, given, "conversation-1") == NO_MATCH
        costs.append([path.split("/")[3] for path in shop_api.requests])
    assert costs == [["orders", "customers"]] * 3


def test_refusals_leave_the_same_log_line(desk: OrderDesk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "shop.proof")
    desk.order_by_proof(ANAS, "0000", "conversation-1")
    desk.order_by_proof(UNKNOWN, "4567", "conversation-1")
    first, second = caplog.records
    assert first.getMessage() == second.getMessage()
    assert "HG1" not in caplog.text and "4567" not in caplog.text


@on_both_databases
def test_five_wrong_attempts_end_a_conversation_for_an_hour(desk: OrderDesk, clock: FixedClock) -> None:
    for attempt in range(5):
        assert desk.order_by_proof(f"HG2000000{attempt}", "0000", "conversation-1") == NO_MATCH
        clock.advance(minutes=1)
    # Even the right pair: or the sixth guess would be free.
    refused = desk.order_by_proof(ANAS, "4567", "conversation-1")
    assert refused == Refusal("too_many_attempts", 55 * 60)
    assert isinstance(desk.order_by_proof(ANAS, "4567", "conversation-2"), ProvedOrder)
    clock.advance(minutes=55)
    assert isinstance(desk.order_by_proof(ANAS, "4567", "conversation-1"), ProvedOrder)


@on_both_databases
@pytest.mark.parametrize("number", [ANAS, UNKNOWN])
def test_eight_wrong_attempts_close_a_number_to_everybody_known_or_not(
    desk: OrderDesk, clock: FixedClock, number: str
) -> None:
    for attempt in range(8):
        assert desk.order_by_proof(number, "0000", f"conversation-{attempt}") == NO_MATCH
    for written in (number, number.lower(), f" #{number}"):
        assert desk.order_by_proof(written, "4567", "conversation-9") == Refusal("too_many_attempts", 3600)
    clock.advance(hours=1)
    assert desk.order_by_proof(number, "0000", "conversation-9") == NO_MATCH


@on_both_databases
def test_refused_attempts_do_not_make_the_wait_longer(desk: OrderDesk, clock: FixedClock) -> None:
    for _ in range(20):
        desk.order_by_proof(UNKNOWN, "0000", "conversation-1")
        clock.advance(minutes=2)
    clock.advance(minutes=20)
    assert desk.order_by_proof(UNKNOWN, "0000", "conversation-1") == NO_MATCH


@on_both_databases
def test_right_attempts_are_free(desk: OrderDesk) -> None:
    for _ in range(12):
        assert isinstance(desk.order_by_proof(ANAS, "4567", "conversation-1"), ProvedOrder)
    # And they wash nothing off: five wrong ones are five wrong ones.
    for _ in range(4):
        desk.order_by_proof(UNKNOWN, "0000", "conversation-1")
    desk.order_by_proof(ANAS, "4567", "conversation-1")
    desk.order_by_proof(UNKNOWN, "0000", "conversation-1")
    assert desk.order_by_proof(ANAS, "4567", "conversation-1") == Refusal("too_many_attempts", 3600)


@on_both_databases
def test_limits_survive_a_restart_and_hold_for_every_process(open_desk: OpenDesk, sql_shop: SqlShop) -> None:
    for _ in range(5):
        open_desk(sql_shop).order_by_proof(UNKNOWN, "0000", "conversation-1")
    assert open_desk(sql_shop).order_by_proof(ANAS, "4567", "conversation-1") == Refusal("too_many_attempts", 3600)


@on_both_databases
def test_processes_may_start_together(open_desk: OpenDesk, sql_shop: SqlShop) -> None:
    start = Barrier(8)

    def open_and_prove(_: int) -> ProvedOrder | Refusal:
        start.wait()
        return open_desk(sql_shop).order_by_proof(ANAS, "4567", "conversation-1")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(open_and_prove, range(8)))
    # Each counts as wrong until it proves right, so one of many at once may be asked to wait; none fails.
    assert any(isinstance(answer, ProvedOrder) for answer in answers)


def test_attempts_that_cannot_be_counted_are_not_allowed(sql_shop: SqlShop, clock: FixedClock, tmp_path: Path) -> None:
    desk = OrderDesk(sql_shop, f"sqlite:///{tmp_path}/attempts.db", clock)
    (tmp_path / "attempts.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ShopUnavailable):
        desk.order_by_proof(ANAS, "4567", "conversation-1")


@on_both_databases
def test_a_clock_set_back_opens_nothing(desk: OrderDesk, clock: FixedClock) -> None:
    for _ in range(5):
        desk.order_by_proof(UNKNOWN, "0000", "conversation-1")
    clock.advance(days=-3)
    assert desk.order_by_proof(ANAS, "4567", "conversation-1") == Refusal("too_many_attempts", 3600)


@on_both_databases
@pytest.mark.parametrize("of_own_process", [False, True])
def test_sixteen_at_once_do_not_exceed_the_limits(open_desk: OpenDesk, sql_shop: SqlShop, of_own_process: bool) -> None:
    shared = open_desk(sql_shop)
    desks = [open_desk(sql_shop) if of_own_process else shared for _ in range(16)]

    def all_at_once(number: Callable[[int], str], conversation: Callable[[int], str]) -> Counter[str]:
        start = Barrier(16)

        def guess(who: int) -> str:
            start.wait()
            answer = desks[who].order_by_proof(number(who), "0000", conversation(who))
            assert isinstance(answer, Refusal)
            return answer.reason

        with ThreadPoolExecutor(16) as pool:
            return Counter(pool.map(guess, range(16)))

    one_conversation = all_at_once(lambda who: f"HG300000{who:02}", lambda who: "conversation-1")
    assert one_conversation == {"no_match": 5, "too_many_attempts": 11}
    one_order = all_at_once(lambda who: ANAS, lambda who: f"conversation-a{who}")
    assert one_order == {"no_match": 8, "too_many_attempts": 8}


def test_the_database_of_attempts_names_nobody(sql_shop: SqlShop, clock: FixedClock, tmp_path: Path) -> None:
    desk = OrderDesk(sql_shop, f"sqlite:///{tmp_path}/attempts.db", clock)
    desk.order_by_proof(UNKNOWN, "0000", "conversation-of-ana")
    desk.close()
    stored = (tmp_path / "attempts.db").read_bytes()
    assert UNKNOWN.encode() not in stored and b"conversation-of-ana" not in stored


def test_a_shop_that_cannot_be_asked_costs_no_attempt(
    open_desk: OpenDesk, http_shop: HttpShop, shop_api: ShopApi
) -> None:
    desk = open_desk(http_shop)

    def fails(request: Any) -> None:
        request.send_error(503)

    shop_api.trouble = fails
    for _ in range(7):
        with pytest.raises(ShopUnavailable) as refused:
            desk.order_by_proof(ANAS, "4567", "conversation-1")
        assert refused.value.reason is Unavailable.FAILED
    shop_api.trouble = None
    assert isinstance(desk.order_by_proof(ANAS, "4567", "conversation-1"), ProvedOrder)


def test_an_identity_sees_its_own_orders(desk: OrderDesk) -> None:
    assert [order.number for order in desk.orders_for(identity("c-0001"))] == [ANAS, "HG10019932"]
    proved = desk.order_for(identity("c-0001"), "hg 1002 3847")
    assert isinstance(proved, ProvedOrder) and proved.tier is Tier.IDENTITY
    assert desk.orders_for(identity("c-9999")) == []


def test_another_customers_order_and_an_unknown_one_are_the_same_to_an_identity(desk: OrderDesk) -> None:
    with statements() as for_foreign:
        foreign = desk.order_for(identity("c-0002"), ANAS)
    with statements() as for_unknown:
        unknown = desk.order_for(identity("c-0002"), UNKNOWN)
    assert foreign == unknown == NO_MATCH
    assert for_foreign == for_unknown


def test_an_adapter_that_mixes_up_customers_shows_nothing(open_desk: OpenDesk, sql_shop: SqlShop) -> None:
    class Careless(OnePhone):
        def orders_of(self, customer_id: str, limit: int = 10) -> list[Order]:
            return [order for someone in ("c-0001", "c-0002") for order in sql_shop.orders_of(someone)]

    desk = open_desk(Careless(sql_shop, ""))
    assert {order.customer_id for order in desk.orders_for(identity("c-0002"))} == {"c-0002"}


# The fields of a card that say something, by what was proved.
SHOWN = {
    Tier.ORDER: {"number", "status", "status_label", "placed_at", "updated_at", "age", "parcels"},
    Tier.IDENTITY: {
        "number", "status", "status_label", "placed_at", "updated_at", "age", "parcels", "total", "currency", "items",
    },
}  # fmt: skip


@pytest.mark.parametrize("tier", SHOWN)
def test_each_tier_shows_exactly_its_fields(desk: OrderDesk, tier: Tier) -> None:
    if tier is Tier.ORDER:
        proved = desk.order_by_proof(ANAS, "4567", "conversation-1")
    else:
        proved = desk.order_for(identity("c-0001"), ANAS)
    assert isinstance(proved, ProvedOrder)
    card = order_card(proved.order, proved.parcels, "en", NOW)
    assert {name for name, value in card.items() if value} == SHOWN[tier]
    # No tier shows a person: not even the owner's name or phone is in an order.
    assert not any(secret in repr(proved) + repr(card) for secret in ("陳美玲", "4567", "c-0001", "example.com"))


@pytest.mark.parametrize(
    ("number", "ending", "later", "concern"),
    [
        (ANAS, "4567", timedelta(0), None),
        (ANAS, "4567", timedelta(hours=30), "late"),
        (ANAS, "4567", timedelta(hours=73), "stale"),
        ("HG10024105", "8000", timedelta(0), "exception"),
        ("HG10024222", "5678", timedelta(days=30), None),
        ("HG10024001", "5678", timedelta(0), None),
        ("HG10024001", "5678", timedelta(days=6), "late"),
    ],
)
def test_an_order_says_when_a_person_should_look_at_it(
    desk: OrderDesk, number: str, ending: str, later: timedelta, concern: str | None
) -> None:
    proved = desk.order_by_proof(number, ending, "conversation-1")
    assert isinstance(proved, ProvedOrder)
    assert proved.concern(NOW + later) == concern
