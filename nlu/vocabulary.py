"""What the bot knows to be named: the shop's pattern file, followed on disk, and its products, asked for at times.

A pattern file that breaks is named in the log with its line, and the last good one stays, also over a new start: a copy
of it lies in the data folder.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from faq_kb import fold_keeping_length
from nlu.finding import MAX_CHARACTERS, EntityPatterns, Found, longest
from nlu.order_numbers import LAST_GOOD, PATTERNS
from nlu.pattern_file import PatternsError
from nlu.products import ProductNames
from shop import ShopError
from shop.serving import served as served_shop

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
PRODUCTS_SECONDS = 600.0
MAX_PRODUCTS = 500
# What spaCy remembers of pieces it saw is forgotten when there are this many: some 30 MB.
MAX_WORDS = 200_000

ProductsOf = Callable[[int], "list[Mapping[str, str]]"]


class Vocabulary:
    """Serves the last good patterns and the last products the shop told of."""

    def __init__(self, path: Path, last_good: Path | None = None, products: ProductsOf | None = None) -> None:
        """Raises PatternsError when neither the file nor its last good copy can be used."""
        self._path = path
        self._last_good = last_good
        self._products_of = products
        self._products = ProductNames()
        self._asked_at = float("-inf")
        self._stamp: tuple[int, int, int] | None = None
        self._refused: tuple[int, int, int] | None = None
        self._stop = threading.Event()
        self._patterns = self._first()

    def find(self, text: str, today: date, month_first: bool = False) -> list[Found]:
        """All that a message names."""
        folded = fold_keeping_length(text[:MAX_CHARACTERS])
        found = self._patterns.find(text, today, month_first)
        products = [Found("product", one.start, one.end, one.value) for one in self._products.find(folded)]
        return longest(folded, [*found, *products]) if products else found

    def start(self) -> None:
        """Follow file and shop in a thread of its own: no message ever waits for either."""
        threading.Thread(target=self._follow, name="vocabulary", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def look(self) -> None:
        """Take up a changed file, and new products when it is time."""
        stamp = self._stamp_of_file()
        if stamp != self._stamp and stamp != self._refused:
            self._take_up(stamp)
        elif self._patterns.words_known > MAX_WORDS:
            self._patterns = self._patterns.afresh()
        if self._products_of and time.monotonic() - self._asked_at >= PRODUCTS_SECONDS:
            self._ask_for_products(self._products_of)

    def _first(self) -> EntityPatterns:
        stamp = self._stamp_of_file()
        try:
            patterns = EntityPatterns.load(self._path)
        except PatternsError as error:
            if self._last_good is None or not self._last_good.exists():
                raise
            self._refuse(stamp, error)
            return EntityPatterns.load(self._last_good)
        self._stamp = stamp
        self._keep()
        return patterns

    def _take_up(self, stamp: tuple[int, int, int] | None) -> None:
        try:
            self._patterns = EntityPatterns.load(self._path)
        except PatternsError as error:
            self._refuse(stamp, error)
            return
        self._stamp, self._refused = stamp, None
        self._keep()
        log.info("Entity patterns are in force", extra={"event": "patterns_served", "file": self._path.name})

    def _refuse(self, stamp: tuple[int, int, int] | None, error: PatternsError) -> None:
        self._refused = stamp
        log.error("Entity patterns not served: %s", error, extra={"event": "patterns_refused"})

    def _keep(self) -> None:
        if self._last_good is None:
            return
        try:
            self._last_good.parent.mkdir(parents=True, exist_ok=True)
            draft = self._last_good.with_suffix(f".{os.getpid()}")
            draft.write_bytes(self._path.read_bytes())
            draft.replace(self._last_good)
        except OSError as error:
            log.warning("The good patterns could not be kept: %s", error, extra={"event": "patterns_not_kept"})

    def _stamp_of_file(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _ask_for_products(self, products_of: ProductsOf) -> None:
        self._asked_at = time.monotonic()
        try:
            self._products = ProductNames(products_of(MAX_PRODUCTS))
        except ShopError as error:
            log.warning("The shop did not name its products: %s", error, extra={"event": "products_unavailable"})

    def _follow(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                # Whatever a file or a shop does to us, what was good goes on and the next look may succeed.
                log.exception("Looking at the vocabulary failed", extra={"event": "vocabulary_look_failed"})
            if self._stop.wait(CHECK_SECONDS):
                return


@lru_cache(maxsize=4)
def served(path: Path = PATTERNS) -> Vocabulary:
    """The running vocabulary of this process. Its copy lies in `SWITCHBOARD_DATA_DIR`; without that, or an address of
    the shop's own, as when a model is trained, there is no shop to ask."""
    data, shop_url = os.environ.get("SWITCHBOARD_DATA_DIR"), os.environ.get("SWITCHBOARD_SHOP_URL")
    products = _products if data or shop_url else None
    vocabulary = Vocabulary(path, Path(data) / LAST_GOOD if data else None, products)
    vocabulary.start()
    return vocabulary


def _products(limit: int) -> list[Mapping[str, str]]:
    return served_shop().product_names(limit)
