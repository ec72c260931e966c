"""The people, orders and parcels of the demo shop, made from a seed and a moment. `shop.demo` stores them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

from shop import demo_rules
from shop import demo_texts as texts
from shop.records import Customer, Item, Order, OrderStatus, Parcel, ParcelEvent, ParcelStatus
from shop.service_requests import Refund, RefundState

CUSTOMERS = 240
ORDERS = 1200

# How many customers tests and the README name.
WELL_KNOWN = 8

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

PROMISED = {"HK": 4 * DAY, "TW": 7 * DAY, "CN": 6 * DAY}


class DemoShop:
    """The well-known rows that tests and the README name, and a crowd around them."""

    def __init__(self, random: Random, now: datetime) -> None:
        self.now = now
        self.random = random
        self.customers: list[Customer] = []
        self.orders: list[Order] = []
        self.parcels: list[tuple[str, Parcel]] = []
        self.refunds: list[tuple[str, Refund]] = []
        self._tracking_numbers: set[str] = set()
        self._add_well_known()
        self._add_crowd()

    def _add_well_known(self) -> None:
        self.customers.extend(_well_known_customers(self.now))
        mei_ling, chih_hao, wang_fang, alex, ka_yi, ya_ting, liu_yang, priya = self.customers
        self._add_order(mei_ling, "HG10019932", 24 * DAY, OrderStatus.DELIVERED, (0, 5), 20 * DAY)
        self._add_order(mei_ling, "HG10023847", 3 * DAY + 4 * HOUR, OrderStatus.SHIPPED, (13, 9), timedelta(minutes=40))
        self._add_order(chih_hao, "HG10024001", 2 * DAY + 15 * HOUR, OrderStatus.PACKING, (6, 8), 3 * HOUR)
        self._add_order(
            wang_fang, "HG10024105", 2 * DAY + 6 * HOUR, OrderStatus.SHIPPED, (14,), 5 * HOUR, ParcelStatus.EXCEPTION
        )
        self._add_order(alex, "HG10024222", DAY + 20 * HOUR, OrderStatus.DELIVERED, (1, 17), DAY)
        self._add_aftersales(ka_yi, ya_ting, liu_yang, priya)

    def _add_aftersales(self, ka_yi: Customer, ya_ting: Customer, liu_yang: Customer, priya: Customer) -> None:
        """An order for each thing that a customer may ask to have done, and for each reason not to do it."""
        paid, packing, unpaid = OrderStatus.PAID, OrderStatus.PACKING, OrderStatus.AWAITING_PAYMENT
        delivered, returning = OrderStatus.DELIVERED, OrderStatus.RETURNING
        cancelled, refunded = OrderStatus.CANCELLED, OrderStatus.REFUNDED
        self._add_order(ka_yi, "HG10020810", 22 * DAY, delivered, (11,), 18 * DAY)
        self._add_order(ka_yi, "HG10022410", 12 * DAY, returning, (12,), 2 * DAY)
        self._add_order(ka_yi, "HG10023120", 8 * DAY, delivered, (0, 8), 5 * DAY)
        self._add_order(ka_yi, "HG10024410", 18 * HOUR, paid, (16,), 17 * HOUR)
        self._add_order(ya_ting, "HG10022430", 13 * DAY, refunded, (10,), 3 * DAY)
        self._add_order(ya_ting, "HG10022910", 9 * DAY, delivered, (2, 4), 4 * DAY)
        self._add_order(ya_ting, "HG10024300", 30 * HOUR, packing, (5, 9), 4 * HOUR)
        self._add_order(ya_ting, "HG10024600", 2 * HOUR, unpaid, (3,), 2 * HOUR)
        self._add_order(liu_yang, "HG10022050", 15 * DAY, delivered, (15,), 10 * DAY)
        self._add_order(liu_yang, "HG10023010", 8 * DAY, delivered, (13, 17), 3 * DAY)
        self._add_order(liu_yang, "HG10024120", 2 * DAY, cancelled, (1,), 40 * HOUR)
        self._add_order(liu_yang, "HG10024510", 9 * HOUR, paid, (14,), 8 * HOUR)
        self._add_order(priya, "HG10023210", 7 * DAY, delivered, (1, 9), 2 * DAY)
        out, on_its_way = ParcelStatus.OUT_FOR_DELIVERY, ParcelStatus.IN_TRANSIT
        self._add_order(priya, "HG10023990", 3 * DAY, OrderStatus.SHIPPED, (6, 8, 16), 3 * HOUR, out, on_its_way)
        self._add_order(priya, "HG10024420", 16 * HOUR, packing, (12, 12), 2 * HOUR)
        self._add_order(priya, "HG10024430", 15 * HOUR, paid, (7,), 14 * HOUR)

    def _add_crowd(self) -> None:
        for position in range(len(self.customers) + 1, CUSTOMERS + 1):
            self.customers.append(self._somebody(f"c-{position:04}"))
        taken = {order.number for order in self.orders}
        # Every third order is recent: the shop has customers with something on its way.
        days = (self.random.uniform(*((0.02, 12) if self.random.random() < 0.33 else (12, 180))) for _ in range(ORDERS))
        for age in sorted((day * DAY for day in days), reverse=True):
            number = _number_at(age)
            while number in taken:
                number = f"HG{int(number[2:]) + 1}"
            taken.add(number)
            self._add_order_of_crowd(number, age)

    def _add_order_of_crowd(self, number: str, age: timedelta) -> None:
        # The well-known customers keep exactly the orders that tests count.
        customer = self.random.choice(self.customers[WELL_KNOWN:])
        status = self._status_at(age, PROMISED[customer.region])
        bought = tuple(self.random.sample(range(len(texts.PRODUCTS)), self.random.choice((1, 1, 2, 2, 3, 4))))
        self._add_order(customer, number, age, status, bought, *self._news(status, age, PROMISED[customer.region]))

    def _news(self, status: OrderStatus, age: timedelta, promised: timedelta) -> tuple[timedelta, ParcelStatus | None]:
        """How old the newest word on an order is, and what the courier says when it is under way."""
        if status is not OrderStatus.SHIPPED:
            return age - min(age * 0.9, promised * self.random.uniform(0.3, 1.1)), None
        parcel_status = self.random.choices(
            (
                ParcelStatus.ANNOUNCED,
                ParcelStatus.IN_TRANSIT,
                ParcelStatus.OUT_FOR_DELIVERY,
                ParcelStatus.AWAITING_PICKUP,
                ParcelStatus.EXCEPTION,
            ),
            (1, 5, 2, 2, 2),
        )[0]
        is_stale = age > 5 * DAY and self.random.random() < 0.4
        silence = self.random.uniform(80, 110) * HOUR if is_stale else self.random.uniform(0.1, 20) * HOUR
        return min(silence, age * 0.8), parcel_status

    def _status_at(self, age: timedelta, promised: timedelta) -> OrderStatus:
        if age < 6 * HOUR:
            choices = {OrderStatus.AWAITING_PAYMENT: 3, OrderStatus.PAID: 5, OrderStatus.CANCELLED: 1}
        elif age < 2 * DAY:
            choices = {OrderStatus.PAID: 2, OrderStatus.PACKING: 5, OrderStatus.SHIPPED: 3, OrderStatus.CANCELLED: 1}
        elif age < promised:
            choices = {OrderStatus.SHIPPED: 7, OrderStatus.DELIVERED: 4, OrderStatus.CANCELLED: 1}
        elif age < 10 * DAY:
            choices = {OrderStatus.SHIPPED: 2, OrderStatus.DELIVERED: 12, OrderStatus.CANCELLED: 1}
        else:
            choices = {OrderStatus.DELIVERED: 40, OrderStatus.CANCELLED: 3, OrderStatus.REFUNDED: 2}
            if age < 30 * DAY:
                choices[OrderStatus.RETURNING] = 3
        return self.random.choices(list(choices), list(choices.values()))[0]

    def _add_order(
        self,
        customer: Customer,
        number: str,
        age: timedelta,
        status: OrderStatus,
        bought: tuple[int, ...],
        news_age: timedelta,
        *parcel_statuses: ParcelStatus | None,
    ) -> None:
        currency = texts.CURRENCIES[customer.region]
        items = tuple(self._item(texts.PRODUCTS[product], currency) for product in bought)
        order = Order(
            number=number,
            customer_id=customer.id,
            placed_at=self.now - age,
            status=status,
            items=items,
            total=sum((item.price * item.quantity for item in items), start=Decimal("0.00")),
            currency=currency,
            region=customer.region,
            promised_by=None if status is OrderStatus.CANCELLED else self.now - age + PROMISED[customer.region],
            updated_at=self.now - news_age,
        )
        self.orders.append(order)
        for arrived in self._parcel_statuses(order, parcel_statuses):
            self.parcels.append((number, self._parcel(order, arrived)))
        if refund := self._refund(order):
            self.refunds.append((number, refund))

    def _refund(self, order: Order) -> Refund | None:
        """Money that is or will be on its way back, for an order that was paid."""
        state = {
            OrderStatus.CANCELLED: RefundState.SENT,
            OrderStatus.REFUNDED: RefundState.SENT,
            OrderStatus.RETURNING: RefundState.CHECKING,
        }.get(order.status)
        if state is None:
            return None
        days = demo_rules.CHECK_DAYS if state is RefundState.CHECKING else demo_rules.BANK_DAYS[order.region]
        return Refund(state, order.total, order.currency, order.updated_at, order.updated_at + days * DAY)

    def _item(self, product: texts.Product, currency: str) -> Item:
        price = Decimal(product.prices[currency]).quantize(Decimal("0.01"))
        return Item(product.name, self.random.choice((1, 1, 1, 2, 3)), price)

    def _parcel_statuses(self, order: Order, given: tuple[ParcelStatus | None, ...]) -> Iterator[ParcelStatus]:
        if order.status is OrderStatus.SHIPPED:
            yield from (one or ParcelStatus.IN_TRANSIT for one in given or (None,))
        elif order.status in (OrderStatus.DELIVERED, OrderStatus.RETURNING, OrderStatus.REFUNDED):
            yield ParcelStatus.RETURNED if order.status is OrderStatus.REFUNDED else ParcelStatus.DELIVERED
            if len(order.items) > 3:
                yield ParcelStatus.DELIVERED

    def _parcel(self, order: Order, status: ParcelStatus) -> Parcel:
        carriers = texts.CARRIERS[order.region]
        is_well_known = order.customer_id <= f"c-{WELL_KNOWN:04}"
        carrier = carriers[0] if is_well_known else self.random.choice(carriers)
        events = tuple(self._events(order, status, is_well_known))
        is_final = status in (ParcelStatus.DELIVERED, ParcelStatus.RETURNED)
        return Parcel(
            tracking_number=self._tracking_number(carrier),
            carrier=carrier,
            status=status,
            events=events,
            updated_at=order.updated_at,
            eta=None if is_final or status is ParcelStatus.EXCEPTION else order.promised_by,
        )

    def _events(self, order: Order, status: ParcelStatus, is_well_known: bool) -> Iterator[ParcelEvent]:
        """Spread evenly between packing and the newest word, which is the last event."""
        warehouse, hub, stations = texts.PLACES[order.region]
        station = self.random.choice(stations)
        said = list(texts.JOURNEYS[status])
        if status is ParcelStatus.EXCEPTION:
            said.append(texts.ADDRESS_PROBLEM if is_well_known else self.random.choice(texts.EXCEPTIONS))
        way = order.updated_at - order.placed_at
        for position, what in enumerate(said):
            at = order.updated_at - way * 0.8 * (len(said) - 1 - position) / len(said)
            yield ParcelEvent(at, (warehouse, warehouse, hub)[position] if position < 3 else station, what)

    def _tracking_number(self, carrier: str) -> str:
        while True:
            number = _TRACKING[carrier](self.random)
            if number not in self._tracking_numbers:
                self._tracking_numbers.add(number)
                return number

    def _somebody(self, customer_id: str) -> Customer:
        region = self.random.choices(("HK", "TW", "CN"), (9, 8, 5))[0]
        speaks_english = region == "HK" and self.random.random() < 0.2
        name, login = self._english_name() if speaks_english else self._chinese_name(region)
        return Customer(
            id=customer_id,
            name=name,
            phone=self._phone(region),
            email=f"{login}{customer_id[-3:]}@example.com",
            locale="en" if speaks_english else texts.LOCALES_OF_REGION[region],
            region=region,
            tags=tuple(tag for tag in texts.TAGS if self.random.random() < 0.15),
            since=self.now - self.random.uniform(190, 1500) * DAY,
            points=self.random.randrange(0, 5000, 10),
        )

    def _english_name(self) -> tuple[str, str]:
        name = self.random.choice(texts.ENGLISH_NAMES)
        return name, name.lower().replace(" ", ".")

    def _chinese_name(self, region: str) -> tuple[str, str]:
        family, given = self.random.choice(texts.FAMILY_NAMES[region]), self.random.choice(texts.GIVEN_NAMES[region])
        return family[0] + given[0], f"{given[1]}.{family[1]}"

    def _phone(self, region: str) -> str:
        """Written as people in each place write theirs."""
        digits = "".join(self.random.choices("0123456789", k=8))
        if region == "HK":
            return f"+852 {self.random.choice('569')}{digits[:3]} {digits[3:7]}"
        if region == "TW":
            return f"+886 9{digits[:2]} {digits[2:5]} {digits[5:8]}"
        return f"+86 13{digits[0]} {digits[1:5]} {digits[4:8]}"


def _well_known_customers(now: datetime) -> tuple[Customer, ...]:
    return (
        Customer(
            "c-0001",
            "陳美玲",
            "+852 9123 4567",
            "chan.meiling@example.com",
            "zh-HK",
            "HK",
            ("vip",),
            now - 800 * DAY,
            1280,
        ),
        Customer(
            "c-0002", "林志豪", "+886 912 345 678", "lin.chihhao@example.com", "zh-TW", "TW", (), now - 410 * DAY, 350
        ),
        Customer(
            "c-0003",
            "王芳",
            "+86 138 0013 8000",
            "wang.fang@example.com",
            "zh-CN",
            "CN",
            ("newsletter",),
            now - 260 * DAY,
            90,
        ),
        Customer("c-0004", "Alex Wong", "+852 6234 5678", "alex.wong@example.com", "en", "HK", (), now - 95 * DAY, 460),
        Customer("c-0005", "何嘉怡", "+852 9876 2468", "ho.kayi@example.com", "zh-HK", "HK", (), now - 500 * DAY, 820),
        Customer(
            "c-0006", "張雅婷", "+886 933 221 357", "chang.yating@example.com", "zh-TW", "TW", (), now - 330 * DAY, 640
        ),
        Customer(
            "c-0007", "刘洋", "+86 139 1234 8642", "liu.yang@example.com", "zh-CN", "CN", (), now - 210 * DAY, 150
        ),
        Customer(
            "c-0008",
            "Priya Nair",
            "+852 5566 9753",
            "priya.nair@example.com",
            "en",
            "HK",
            ("vip",),
            now - 640 * DAY,
            990,
        ),
    )


# Order numbers have grown with time; the well-known orders lie on this line.
_NUMBERS_BY_DAYS = ((181.0, 10_000_100), (24.0, 10_019_932), (3.17, 10_023_847), (1.83, 10_024_222), (0.0, 10_024_640))


def _number_at(age: timedelta) -> str:
    days = age / DAY
    for (older, first), (newer, last) in pairwise(_NUMBERS_BY_DAYS):
        if days >= newer:
            return f"HG{first + int((last - first) * (older - days) / (older - newer))}"
    raise ValueError("an order from the future")


def _digits(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def _postal_number(random: Random) -> str:
    """UPU S10: eight digits and their check digit."""
    serial = _digits(random, 8)
    check = 11 - sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"RR{serial}{ {10: 0, 11: 5}.get(check, check) }HK"


_TRACKING = {
    "SF Express": lambda random: f"SF{_digits(random, 13)}",
    "Black Cat": lambda random: f"9{_digits(random, 11)}",
    "ZTO": lambda random: f"ZTO{_digits(random, 12)}",
    "Hongkong Post": _postal_number,
}
