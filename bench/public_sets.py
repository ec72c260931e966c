"""`python -m bench.public_sets FOLDER MODEL`: the bot's understanding on public English sets, and chit-chat.

Nobody trained on any of these sentences. They are of other trades (templates of a support desk, a bank, hotels,
airlines), so the figures say what carries over, not how good the bot is in a shop. Prints JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from faq_kb.masking import Masking
from nlu.decision import ASK_PERSON, FALLBACK, FETCHES_A_PERSON, OUT_OF_SCOPE
from nlu.evaluation import reported
from nlu.parsing import Parsed, parse_all

# What of ours is right for an intent of Bitext's; those that articles answer here are left out.
BITEXT = {
    "track_order": {"order_status", "delivery_status"},
    "cancel_order": {"cancel_order"},
    "change_shipping_address": {"change_address"},
    "track_refund": {"refund_status"},
    "get_refund": {"return_request", "refund_status"},
    "payment_issue": {"payment_problem"},
    "get_invoice": {"invoice_request"},
    "check_invoice": {"invoice_request"},
    "contact_human_agent": {"ask_person"},
    "contact_customer_service": {"ask_person"},
    "complaint": {"complaint"},
    "recover_password": {"account_login"},
    "registration_problems": {"account_login"},
    "create_account": {"account_login"},
    "edit_account": {"account_login"},
}
# What leads to a person at once.
PERSON = {ASK_PERSON, *FETCHES_A_PERSON}
SECRET = {"card_number", "ssn"}


def main() -> None:
    """Measure everything the folder has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of the sets")
    parser.add_argument("model", type=Path, help="a trained model, as in var/models/")
    wish = parser.parse_args()
    print(json.dumps(measured(wish.data, wish.model), indent=1))


def measured(data: Path, model: Path) -> dict[str, Any]:
    """The figures of each set: shares between 0 and 1."""
    return {
        "bitext": _bitext(data / "en_intents_bitext", model),
        "handoff": {
            "helpdesk": _wishes(_lines(data / "en_handoff_helpdesk"), lambda one: bool(one["handoff"]), model),
            "nlupp": _wishes(_lines(data / "en_nlupp"), lambda one: "handoff" in one.get("intents", ()), model),
        },
        "chit_chat": _chit_chat(_lines(data / "zh_oos_chitchat"), model),
        "numbers": _numbers(data / "en_entities_multidogo"),
    }


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.open(encoding="utf-8")]


def _bitext(folder: Path, model: Path) -> dict[str, Any]:
    rows = [row for path in folder.glob("*.csv") for row in csv.DictReader(path.open(encoding="utf-8-sig"))]
    rows = [row for row in rows if row["intent"] in BITEXT]
    taken = [reported(one).intent for one in parse_all(model, [row["utterance"] for row in rows], "en")]
    right = [told in BITEXT[row["intent"]] for row, told in zip(rows, taken, strict=True)]
    count = Counter(row["intent"] for row in rows)
    hits = Counter(row["intent"] for row, is_right in zip(rows, right, strict=True) if is_right)
    wrong = Counter(
        (row["intent"], told) for row, told, is_right in zip(rows, taken, right, strict=True) if not is_right
    )
    return {
        "sentences": len(rows),
        "accuracy": round(sum(right) / len(rows), 3),
        "by_intent": {name: round(hits[name] / count[name], 3) for name in sorted(count)},
        "most_often_wrong": [[*pair, times] for pair, times in wrong.most_common(12)],
    }


def _wishes(rows: Sequence[dict[str, Any]], is_wish: Any, model: Path) -> dict[str, Any]:
    """How many wishes for a person are heard, and how many sentences are taken for one that are none."""
    taken = [one.intent in PERSON for one in parse_all(model, [row["text"] for row in rows], "en")]
    meant = [is_wish(row) for row in rows]
    heard = sum(told for told, wish in zip(taken, meant, strict=True) if wish)
    return {
        "sentences": len(rows),
        "wishes": sum(meant),
        "heard": round(heard / sum(meant), 3),
        "taken_for_one": round((sum(taken) - heard) / (len(rows) - sum(meant)), 4),
    }


def _chit_chat(rows: Sequence[dict[str, Any]], model: Path) -> dict[str, Any]:
    """What a shop's bot should not take for one of its jobs or its articles."""
    parsed = parse_all(model, [row["text"] for row in rows], "zh-CN")
    kinds = Counter(_kind(one) for one in parsed)
    return {"sentences": len(rows), **{name: round(count / len(rows), 3) for name, count in kinds.most_common(8)}}


def _kind(one: Parsed) -> str:
    return "nothing of the shop" if one.intent in {FALLBACK, OUT_OF_SCOPE} else one.intent


def _numbers(folder: Path) -> dict[str, Any]:
    """How many sentences with a number, none of them a card's or a person's, have one masked by mistake."""
    masking = Masking()
    texts = [text for text, labels in _utterances(folder.glob("*.tsv")) if not labels & SECRET]
    texts = [text for text in texts if any(character.isdigit() for character in text)]
    return {"sentences": len(texts), "masked_by_mistake": sum(masking.hide(text) != text for text in texts)}


def _utterances(paths: Iterable[Path]) -> Iterator[tuple[str, set[str]]]:
    for path in sorted(paths):
        with path.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row.get("utterance") and row.get("slot-labels"):
                    yield row["utterance"], set(row["slot-labels"].split())


if __name__ == "__main__":
    main()
