"""What the shop does with an order when a customer asks: for those who proved it, by its rules, once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from shop_fakes import API_TOKEN, NOW, FixedClock, ShopApi, send

from shop import (
    Accepted,
    Allowed,
    HttpShop,
    Identity,
    OrderDesk,
    OrderStatus,
    PhoneProof,
    Proof,
    Refund,
    RefundState,
    Refusal,
    Refused,
    RefusedBecause,
    RequestKind,
    Shop,
    ShopUnavailable,
    SqlShop,
    Unavailable,
)

KA_YI = Identity("c-0005", NOW + timedelta(hours=1))


@pytest.fixture
def changing_shop(tmp_path: Path, shop_url: str, clock: FixedClock) -> Iterator[SqlShop]:
    """A shop of this test's own, since it is changed."""
    shutil.copyfile(shop_url.removeprefix("sqlite:///"), tmp_path / "shop.db")
    shop = SqlShop(f"sqlite:///{tmp_path}/shop.db", clock)
    yield shop
    shop.close()


@pytest.fixture(params=["sql", "http"])
def shop(request: pytest.FixtureRequest, changing_shop: SqlShop) -> Iterator[Shop]:
    if request.param == "sql":
        yield changing_shop
        return
    api = ShopApi(changing_shop)
    http = HttpShop(api.url, API_TOKEN, answer_seconds=2)
    yield http
    http.close()
    api.stop()


@pytest.fixture
def desk(shop: Shop, open_desk: Callable[[Shop], OrderDesk]) -> OrderDesk:
    return open_desk(shop)


def phone(ending: str) -> Proof:
    return PhoneProof(ending, "conversation")


def test_a_paid_order_is_cancelled_and_its_money_on_the_way(desk: OrderDesk, shop: Shop) -> None:
    proof = phone("2468")
    assert desk.may_request(RequestKind.CANCEL, "hg1002 4410", proof, {}) == Allowed()
    done = desk.request(RequestKind.CANCEL, "hg1002 4410", proof, {})
    assert isinstance(done, Accepted) and done.reference.startswith("C-") and done.at == NOW
    order = shop.order("HG10024410")
    assert order is not None and (order.status, order.updated_at) == (OrderStatus.CANCELLED, NOW)
    refund = desk.refund_of("HG10024410", KA_YI)
    assert isinstance(refund, Refund) and (refund.state, refund.amount) == (RefundState.SENT, order.total)


def test_the_same_request_twice_has_the_same_reference(desk: OrderDesk) -> None:
    first = desk.request(RequestKind.CANCEL, "HG10024410", phone("2468"), {})
    assert desk.request(RequestKind.CANCEL, "hg-10024410", KA_YI, {}) == first
    assert isinstance(first, Accepted)
    again = desk.may_request(RequestKind.CANCEL, "HG10024410", phone("2468"), {})
    assert again == Refused(RefusedBecause.ALREADY_REQUESTED, reference=first.reference)


def test_requests_at_the_same_moment_are_one(changing_shop: SqlShop, open_desk: Callable[[Shop], OrderDesk]) -> None:
    desk = open_desk(changing_shop)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: desk.request(RequestKind.CANCEL, "HG10024410", KA_YI, {}), range(16)))
    assert len(set(done)) == 1 and isinstance(done[0], Accepted)


def test_an_address_is_changed_until_dispatch_as_often_as_somebody_moves(desk: OrderDesk, shop: Shop) -> None:
    def change(address: str) -> Accepted | Refused | Refusal:
        return desk.request(RequestKind.CHANGE_ADDRESS, "HG10024300", phone("1357"), {"address": address})

    first, second = change("台北市大安區和平東路 1 號"), change("台中市西屯區 5 號")
    assert isinstance(first, Accepted) and isinstance(second, Accepted)
    assert first.reference != second.reference
    assert change(" 台北市大安區和平東路  1 號 ") == first
    order = shop.order("HG10024300")
    assert order is not None and order.status is OrderStatus.PACKING


@pytest.mark.parametrize(
    ("kind", "number", "proof", "because"),
    [
        (RequestKind.CANCEL, "HG10023847", phone("4567"), RefusedBecause.ALREADY_SHIPPED),
        (RequestKind.CHANGE_ADDRESS, "HG10023847", phone("4567"), RefusedBecause.ALREADY_SHIPPED),
        (RequestKind.CANCEL, "HG10023120", phone("2468"), RefusedBecause.ALREADY_DELIVERED),
        (RequestKind.CANCEL, "HG10024120", phone("8642"), RefusedBecause.ALREADY_CANCELLED),
        (RequestKind.RETURN, "HG10024410", phone("2468"), RefusedBecause.NOT_SHIPPED_YET),
        (RequestKind.RETURN, "HG10023847", phone("4567"), RefusedBecause.NOT_DELIVERED_YET),
        (RequestKind.EXCHANGE, "HG10023847", phone("4567"), RefusedBecause.NOT_DELIVERED_YET),
        (RequestKind.RETURN, "HG10022410", phone("2468"), RefusedBecause.RETURN_IN_PROGRESS),
        (RequestKind.RETURN, "HG10022430", phone("1357"), RefusedBecause.ALREADY_REFUNDED),
        (RequestKind.RETURN, "HG10020810", phone("2468"), RefusedBecause.TOO_LATE),
        (RequestKind.RETURN, "HG10022050", phone("8642"), RefusedBecause.TOO_LATE),
    ],
)
def test_what_the_rules_forbid_is_refused_by_its_reason(
    desk: OrderDesk, kind: RequestKind, number: str, proof: Proof, because: RefusedBecause
) -> None:
    asked = desk.may_request(kind, number, proof, {})
    assert isinstance(asked, Refused) and asked.because is because
    assert desk.request(kind, number, proof, {}) == asked


def test_the_days_to_return_are_those_of_the_region(desk: OrderDesk) -> None:
    hong_kong = desk.may_request(RequestKind.RETURN, "HG10020810", phone("2468"), {})
    mainland = desk.may_request(RequestKind.RETURN, "HG10022050", phone("8642"), {})
    assert isinstance(hong_kong, Refused) and isinstance(mainland, Refused)
    assert (hong_kong.days, mainland.days) == (14, 7)
    # A fault gives longer on the mainland.
    assert isinstance(desk.may_request(RequestKind.RETURN, "HG10022050", phone("8642"), {"reason": "faulty"}), Allowed)


def test_the_last_day_to_return_lasts_until_midnight(desk: OrderDesk, clock: FixedClock) -> None:
    delivered = NOW - timedelta(days=3)
    asked = desk.may_request(RequestKind.RETURN, "HG10023010", phone("8642"), {})
    assert isinstance(asked, Allowed) and asked.until is not None
    assert asked.until.date() - delivered.date() == timedelta(days=7) and asked.until.strftime("%H:%M") == "15:59"
    clock.now = asked.until
    assert isinstance(desk.may_request(RequestKind.RETURN, "HG10023010", phone("8642"), {}), Allowed)
    clock.advance(seconds=1)
    assert isinstance(desk.may_request(RequestKind.RETURN, "HG10023010", phone("8642"), {}), Refused)


def test_a_return_keeps_what_the_customer_said_and_waits_for_the_goods(desk: OrderDesk, shop: Shop) -> None:
    done = desk.request(RequestKind.RETURN, "HG10023120", phone("2468"), {"item": "茶壺", "reason": "changed_mind"})
    assert isinstance(done, Accepted) and done.reference.startswith("R-")
    order = shop.order("HG10023120")
    assert order is not None and order.status is OrderStatus.RETURNING
    refund = shop.refund_of("HG10023120")
    assert refund is not None and refund.state is RefundState.AWAITING_RETURN


def test_an_exchange_is_made_once(desk: OrderDesk) -> None:
    done = desk.request(RequestKind.EXCHANGE, "HG10022910", phone("1357"), {"swap": "黑色"})
    other = desk.request(RequestKind.EXCHANGE, "HG10022910", phone("1357"), {"swap": "紅色"})
    assert isinstance(done, Accepted)
    assert other == Refused(RefusedBecause.ALREADY_REQUESTED, reference=done.reference)


@pytest.mark.parametrize("kind", RequestKind)
def test_nothing_is_done_for_somebody_who_proves_nothing(desk: OrderDesk, shop: Shop, kind: RequestKind) -> None:
    before = shop.order("HG10024410"), shop.order("HG10023120")
    for proof in (phone("1111"), phone(""), Identity("c-0006", NOW + timedelta(hours=1))):
        assert desk.request(kind, "HG10024410", proof, {}) == Refusal("no_match")
        assert desk.request(kind, "HG99999999", proof, {}) == Refusal("no_match")
        assert desk.may_request(kind, "HG10023120", KA_YI if proof is KA_YI else proof, {}) != Allowed()
    assert (shop.order("HG10024410"), shop.order("HG10023120")) == before


def test_guessing_by_way_of_requests_is_limited_like_any_proof(desk: OrderDesk) -> None:
    answers = [desk.request(RequestKind.CANCEL, "HG10024410", phone(f"{n:04}"), {}) for n in range(1000, 1006)]
    assert isinstance(answers[-1], Refusal) and answers[-1].reason == "too_many_attempts"


def test_what_a_refund_comes_to_is_for_identities_only(desk: OrderDesk) -> None:
    by_phone, signed_in = desk.refund_of("HG10022410", phone("2468")), desk.refund_of("HG10022410", KA_YI)
    assert isinstance(by_phone, Refund) and isinstance(signed_in, Refund)
    assert (by_phone.amount, by_phone.state) == (None, RefundState.CHECKING)
    assert signed_in.amount and signed_in.expected_by and signed_in.expected_by > NOW
    assert desk.refund_of("HG10024410", KA_YI) == Refund(RefundState.NONE)
    assert desk.refund_of("HG10024410", phone("0000")) == Refusal("no_match")


def test_a_shop_that_takes_no_requests_says_so(changing_shop: SqlShop) -> None:
    api = ShopApi(changing_shop, trouble=lambda request: send(request, 501, {}))
    shop = HttpShop(api.url, API_TOKEN)
    assert shop.may_request("HG10024410", RequestKind.CANCEL) == Refused(RefusedBecause.NOT_OFFERED)
    shop.close()
    api.stop()


def test_a_request_whose_answer_is_lost_is_done_once(
    changing_shop: SqlShop, open_desk: Callable[[Shop], OrderDesk]
) -> None:
    api = ShopApi(changing_shop)

    def does_it_and_hangs_up(request: BaseHTTPRequestHandler) -> None:
        if request.command != "POST":
            return api.answer(request)
        api.trouble = None
        request.wfile.write = lambda *_: 0  # type: ignore[method-assign]
        api.answer(request)
        request.close_connection = True
        return None

    api.trouble = does_it_and_hangs_up
    shop = HttpShop(api.url, API_TOKEN)
    done = open_desk(shop).request(RequestKind.CANCEL, "HG10024410", KA_YI, {})
    assert isinstance(done, Accepted)
    assert [path.rsplit("/", 1)[1] for path in api.requests].count("requests") == 2
    shop.close()
    api.stop()


@pytest.mark.parametrize(
    "answer",
    [{}, {"request": {"accepted": "yes"}}, {"request": {"accepted": True}}, {"request": {"accepted": False}}],
    ids=str,
)
def test_an_answer_that_is_not_as_documented_is_never_taken_for_a_yes(
    changing_shop: SqlShop, open_desk: Callable[[Shop], OrderDesk], answer: dict[str, object]
) -> None:
    api = ShopApi(changing_shop)
    api.trouble = lambda request: send(request, 200, answer) if request.command == "POST" else api.answer(request)
    shop = HttpShop(api.url, API_TOKEN)
    with pytest.raises(ShopUnavailable) as refused:
        open_desk(shop).request(RequestKind.CANCEL, "HG10024410", KA_YI, {})
    assert refused.value.reason is Unavailable.UNREADABLE
    shop.close()
    api.stop()
