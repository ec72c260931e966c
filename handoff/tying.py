"""Tying a sender to a customer by proof, and untying it: the one way that codes and account links go.

Who proves the same as somebody else did is that person, and their records are united; where either may be more than one
person, nothing is. Each tie and its end stands in the record's history: who, by which proof.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from handoff import contact_proofs, conversations, customer_merges, customers
from handoff.contact_proofs import ACCOUNT, Token
from handoff.customers import TIED, UNTIED, Hand, Sender
from handoff.errors import CustomerChanged, CustomersNotProved
from handoff.floor import DESK_TOPIC, Floor
from handoff.models import Tier
from handoff.records import Conversation, Message

log = logging.getLogger(__name__)

# Two who prove one thing at once change one record; who was second begins again.
MOST_BEGINNINGS = 3
# Browsers in which the shop signed for a customer, the latest ones.
MOST_SIGNED_IN = 20

Work = Callable[[Connection], tuple[Conversation, Message]]


@dataclass(frozen=True)
class ByProof:
    """The customer, who changed a record by a proof of their own."""

    name: str
    id: None = None


@dataclass(frozen=True)
class Itself:
    """A sender that is what was proved, wherever it writes; `is_sure` where nobody else can write as it."""

    sender: Sender
    is_sure: bool


def tie(
    connection: Connection, talk: Conversation, proved: Token, itself: Sequence[Itself], hand: Hand, now: datetime
) -> None:
    """What was proved in this conversation is this customer's: so is who writes from it, and every record that proved
    it as well. Raises CustomersNotProved where more than one person may write from this place."""
    sender = (talk.channel, talk.sender)
    is_lasting = any(one.sender == sender for one in itself)
    place = contact_proofs.anywhere(sender) if is_lasting else talk.id
    together = contact_proofs.people(connection, customers.of(connection, sender).senders, [(place, proved)])
    if len(together) > 1 or contact_proofs.is_several(together[0]):
        raise CustomersNotProved("Somebody else proved who they are from this place.", reason="several_accounts")
    if not is_lasting:
        contact_proofs.add(connection, sender, proved, talk.id, now)
    for one in itself:
        contact_proofs.add(connection, one.sender, proved, "", now)
        there = conversations.open_one(connection, *one.sender) if one.is_sure else None
        if there is not None:
            conversations.prove_contact(connection, there.id)
    conversations.prove_contact(connection, talk.id)
    _unite_all(connection, sender, proved, hand, now)
    _note(connection, sender, hand, now, TIED, proved)


def untie(connection: Connection, sender: Sender, account: str, hand: Hand, now: datetime) -> bool:
    """End an account link: what it united is parted, and nothing that the sender wrote is the customer's any more.
    False where there was none. What other proofs united stays."""
    proved = Token(ACCOUNT, account)
    if not contact_proofs.remove(connection, sender, proved):
        return False
    tier = Tier.CONTACT if contact_proofs.is_itself(connection, sender) else Tier.ANONYMOUS
    conversations.forget_account(connection, sender, account, tier)
    _note(connection, sender, hand, now, UNTIED, proved)
    others = [one for one in customers.of(connection, sender).senders if one != sender]
    while True:
        record = customers.of(connection, sender)
        ours = [
            one
            for one in customer_merges.standing(connection, customers.united_in(connection, record))
            if one.kept_id == record.id and one.account == account
        ]
        went = next((one for one in ours if list(sender) in [list(other) for other in one.senders]), None)
        if not ours:
            break
        customer_merges.part(connection, (went or ours[0]).id, hand, now)
    # Those who still prove the account were perhaps united through this one.
    still = [one for one in contact_proofs.senders_of(connection, proved) if one in others]
    if still:
        _unite_all(connection, still[0], proved, hand, now)
    return True


class Ties:
    """Ties in transactions of their own, and tells the customer and the desk."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def carry_out(self, work: Work) -> Conversation:
        """Do it, once more where somebody was faster; then send the line and have the desk read the customer anew."""
        talk, line = await self._until_first(work)
        await self._floor.tell_and_deliver(talk, [line])
        await self.tell_desk(talk)
        return talk

    async def tell_desk(self, talk: Conversation) -> None:
        """The customer of this conversation is known otherwise now."""
        record = await self._floor.database.read(lambda c: customers.of(c, (talk.channel, talk.sender)))
        self._floor.live.publish(DESK_TOPIC, {"kind": "row", "conversation": talk.id})
        self._floor.live.publish(
            DESK_TOPIC, {"kind": "customer", "conversation": talk.id, "record": record.id, "version": record.version}
        )

    async def _until_first(self, work: Work) -> tuple[Conversation, Message]:
        for _ in range(MOST_BEGINNINGS - 1):
            try:
                return await self._floor.database.write(work)
            except CustomerChanged:
                continue
        return await self._floor.database.write(work)


def _unite_all(connection: Connection, sender: Sender, proved: Token, hand: Hand, now: datetime) -> None:
    others = contact_proofs.senders_of(connection, proved)
    if proved.kind == ACCOUNT:
        others += conversations.senders_of_account(connection, proved.value, MOST_SIGNED_IN)
    for other in others:
        records = [customers.of(connection, one) for one in (sender, other)]
        if other in records[0].senders:
            continue
        # The older record stays, so that two who prove one thing at once unite the same way round.
        kept, gone = sorted(records, key=lambda one: (one.id is None, one.id or 0))
        try:
            customer_merges.unite(connection, kept, gone, hand, now)
        except CustomersNotProved as exc:
            log.info("Records stay apart", extra={"event": "records_apart", "reason": exc.details.get("reason")})


def _note(connection: Connection, sender: Sender, hand: Hand, now: datetime, what: str, proved: Token) -> None:
    record = customers.kept(connection, customers.of(connection, sender), hand, now)
    said = {"channel": sender[0], "proof": proved.kind, "value": proved.value}
    customers.raise_version(connection, record, hand, now)
    customers.note_change(connection, record, hand, now, what, None, said)
