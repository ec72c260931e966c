"""Reception: what a visitor's page may ask for. The widget's transport calls it and decides nothing."""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeGuard

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

import shop
from faq_kb import Article, Category, KnowledgeFollower, Reader
from faq_kb.help.library import STRANGER
from handoff import (
    contact_proofs,
    conversations,
    page_offers,
    shapes,
    texts,
    transcript,
    transcript_file,
    visitors,
    visits,
)
from handoff import ratings as service_ratings
from handoff.clock import Clock
from handoff.database import Database
from handoff.errors import (
    BadInput,
    HandoffError,
    NotSignedInCustomer,
    RateLimited,
    ShopUnavailable,
    TokenRefused,
    UnknownArticle,
    UnknownConversation,
)
from handoff.floor import DESK_TOPIC, QUEUE_TOPIC, Floor, customer_topic
from handoff.inviting import Inviting
from handoff.models import Author, Status
from handoff.plain import is_plain, plain
from handoff.records import Conversation, Message, Rating
from handoff.transcript_file import TranscriptFile
from handoff.visitors import Visitor
from switchboard import language
from switchboard.contact_proving import ContactProving
from switchboard.identities import Identities
from switchboard.line import Line
from switchboard.live import Listener, LocalLive
from switchboard.post import WIDGET
from switchboard.rates import Rates
from switchboard.records import Identity, Inbound, SessionWish
from switchboard.tokens import VisitorToken, VisitorTokens
from switchboard.transcript_post import TranscriptPost
from switchboard.visitor_files import VisitorFiles

log = logging.getLogger(__name__)

SEEN_EVERY = timedelta(minutes=5)
MAX_CLIENT_ID = 80
_ARTICLE_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,79}$")
Frame = dict[str, Any]


class Reception:
    """Knows visitors by their tokens and passes what they say on to the line."""

    def __init__(
        self,
        database: Database,
        line: Line,
        floor: Floor,
        live: LocalLive,
        knowledge: KnowledgeFollower,
        orders: shop.Shop,
        tokens: VisitorTokens,
        identities: Identities,
        shop_name: str,
        help_address: str,
        default_language: str,
        session_rates: Rates,
        files: VisitorFiles,
        inviting: Inviting,
        transcripts: TranscriptPost,
        proving: ContactProving,
        clock: Clock,
    ) -> None:
        self.inviting = inviting
        self._database = database
        self._line = line
        self._floor = floor
        self._live = live
        self._knowledge = knowledge
        self._orders = orders
        self._tokens = tokens
        self._identities = identities
        self._shop_name = shop_name
        self._help_address = help_address
        self._default_language = default_language
        self._session_rates = session_rates
        self._files = files
        self._clock = clock
        self._transcripts = transcripts
        self._proving = proving

    # -- sessions ----------------------------------------------------------------------------------------------

    async def begin(self, wish: SessionWish, address: str) -> Frame:
        """A session for a page: the old visitor when the token holds and the person is the same, else a new one."""
        wish = self._usable(wish)
        known = await self._known(wish)
        who = await self._identities.verified(wish.identity) if wish.identity else None
        if known is not None and await self._is_somebody_else(known, who):
            await self._revoke(known)
            known = None
        if known is None:
            wait = self._session_rates.wait_for(address)
            if wait:
                raise RateLimited(retry_after=math.ceil(wait))
        visitor = await self._database.write(lambda c: self._visitor(c, known, who, wish))
        return await self._session(visitor, wish.language)

    async def visitor_of(self, token: object) -> Visitor:
        """Whose token this is. Raises TokenRefused, also when the visitor signed out elsewhere."""
        read = self._tokens.read(token)
        visitor = await self._database.read(lambda c: visitors.find(c, read.visitor_id))
        if visitor is None or visitor.token_version != read.version or visitor.inbox != read.inbox:
            raise TokenRefused()
        return visitor

    async def catch_up(self, visitor: Visitor, after: int | None) -> Frame:
        """State and messages after an id: the truth behind every live update."""
        sender = visitor.id

        def work(connection: Connection) -> Frame:
            lines = transcript.for_customer(connection, WIDGET, sender, after)
            state = self._floor.state_for(connection, WIDGET, sender, visitor.language or self._default_language)
            cursor = lines[-1].id if lines else (after or 0)
            ratings = self._line.feedback.ratings_of(connection, lines)
            messages = [shapes.for_customer(line, ratings.get(line.id)) for line in lines]
            _show_scores(
                messages, service_ratings.of_lines(connection, [line.id for line in lines if "csat" in line.body])
            )
            return {"state": state, "messages": messages, "cursor": cursor}

        return await self._database.read(work)

    async def still_valid(self, visitor: Visitor) -> bool:
        """Whether this visitor's tokens still hold."""
        now = await self._database.read(lambda c: visitors.find(c, visitor.id))
        return now is not None and now.token_version == visitor.token_version

    def listen(self, visitor: Visitor) -> Listener:
        """Hear what changes for this visitor, and for the queue they may stand in."""
        return self._live.listen(customer_topic(WIDGET, visitor.id), QUEUE_TOPIC)

    # -- frames ------------------------------------------------------------------------------------------------

    async def take(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        """One frame of the page; the frames to answer with. A refusal is an `error` frame, never an exception."""
        kind = frame.get("type")
        handler = self._handlers.get(kind) if isinstance(kind, str) else None
        client_id = frame["client_id"] if _is_client_id(frame.get("client_id")) else None
        try:
            if handler is None:
                raise BadInput("Unknown kind of frame.")
            if frame.get("client_id") is not None and client_id is None:
                raise BadInput("client_id must be a short text.", field="client_id")
            return await handler(self, visitor, frame)
        except HandoffError as exc:
            return [_error_frame(exc, client_id)]
        except Exception:
            log.exception("A frame could not be taken", extra={"event": "frame_failed", "kind": str(kind)[:30]})
            failure = HandoffError("Something went wrong on our side.")
            failure.code = "internal_error"
            return [_error_frame(failure, client_id)]

    async def _message(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        text = frame.get("text")
        if not isinstance(text, str):
            raise BadInput("text must be text.", field="text")
        attached = await self._files.named(visitor, frame.get("attachments"))
        return await self._pass_on(visitor, frame, text=text, attachments=attached)

    async def _button(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        message_id, index = frame.get("message_id"), frame.get("index")
        if not _is_index(message_id) or not _is_index(index):
            raise BadInput("message_id and index must be whole numbers.")

        def offered(connection: Connection) -> Mapping[str, str] | None:
            current = conversations.open_one(connection, WIDGET, visitor.id)
            # Only buttons of the open conversation: the bot that offered older ones has forgotten them.
            message = transcript.find(connection, [current.id], message_id) if current else None
            buttons = message.buttons if message and message.author is not Author.CUSTOMER else []
            return buttons[index] if index < len(buttons) else None

        button = await self._database.read(offered)
        if button is None:
            state = await self._state(visitor)
            raise BadInput(texts.say("not_a_command", state["language"]))
        return await self._pass_on(visitor, frame, text=button["title"], payload=button.get("payload"))

    async def _person(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        return await self._pass_on(visitor, frame, text="/ask_person", asks_person=True)

    async def _article(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        article = self._find_article(frame.get("article_id"), visitor)
        spoken = await self._state(visitor)
        return await self._pass_on(
            visitor, frame, text=article.question_in(spoken["language"]), picked_article=article.id
        )

    async def _rate(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        message_id, helpful = frame.get("message_id"), frame.get("helpful")
        if not _is_index(message_id) or not isinstance(helpful, bool):
            raise BadInput("message_id must be a whole number, helpful true or false.")
        rated = await self._line.feedback.rate(WIDGET, visitor.id, message_id, helpful)
        return [_accepted(frame, shapes.for_customer(rated, helpful))]

    async def _csat(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        """How it was: a score, and perhaps words, for a question of one of the visitor's conversations."""
        rating_id, score, comment = frame.get("rating"), frame.get("score"), frame.get("comment")
        if not _is_index(rating_id) or not _is_index(score):
            raise BadInput("rating and score must be whole numbers.", field="score")
        if comment is not None and not isinstance(comment, str):
            raise BadInput("comment must be text.", field="comment")
        words = self._floor.masking.hide(plain(comment).strip()) if comment is not None else None

        def work(connection: Connection) -> Rating:
            ids = conversations.ids_of_sender(connection, WIDGET, visitor.id)
            return service_ratings.answer(connection, ids, rating_id, score, words, self._clock())

        rating = await self._database.write(work)
        self._live.publish(DESK_TOPIC, {"kind": "rated", "conversation": rating.conversation_id})
        return [_accepted(frame, None)]

    async def _page_answer(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        """Whether to open the page that an agent offered. The first answer stands."""
        message_id, accepted = frame.get("message_id"), frame.get("accepted")
        if not _is_index(message_id) or not isinstance(accepted, bool):
            raise BadInput("message_id must be a whole number, accepted true or false.")

        def work(connection: Connection) -> tuple[Conversation, Message, bool]:
            ids = conversations.ids_of_sender(connection, WIDGET, visitor.id)
            return page_offers.answer(connection, self._floor, ids, message_id, accepted, self._clock())

        try:
            conversation, line, is_new = await self._database.write(work)
        except IntegrityError:
            # Another tab of the customer answered in the same moment.
            conversation, line, is_new = await self._database.write(work)
        if is_new:
            await self._floor.tell_and_deliver(conversation, [line])
        return [_accepted(frame, shapes.for_customer(line))]

    async def _prove(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        """The customer typed an address or a number: a code goes there, where it is known."""
        return [_proof(frame, await self._proving.ask(visitor, frame.get("contact")))]

    async def _prove_code(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        """The code that came."""
        return [_proof(frame, await self._proving.answer(visitor, frame.get("code")))]

    async def _invitation(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        """The visitor accepts an invitation that their page showed."""
        invitation = frame.get("invitation")
        if not _is_index(invitation):
            raise BadInput("invitation must be a whole number.", field="invitation")
        await self.inviting.accept(visitor, visits.key_of(frame.get("visit")), invitation)
        return [_accepted(frame, None)]

    async def _leave_queue(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        await self._line.leave_queue(WIDGET, visitor.id)
        return [_accepted(frame, None)]

    async def _leave_message(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        await self._line.offer_message(WIDGET, visitor.id)
        return [_accepted(frame, None)]

    async def _contact(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        number = frame.get("ticket")
        if not isinstance(number, str):
            raise BadInput("ticket must be a case number.", field="ticket")

        def work(connection: Connection) -> Any:
            ids = conversations.ids_of_sender(connection, WIDGET, visitor.id)
            return self._floor.keep_contact(connection, ids, number, frame)

        conversation, line = await self._database.write(work)
        await self._floor.tell_and_deliver(conversation, [line], queue=True)
        return [_accepted(frame, None)]

    async def _language(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        wanted = frame.get("language")
        if wanted not in language.LOCALES:
            raise BadInput(f"language must be one of {', '.join(language.LOCALES)}.", field="language")

        def work(connection: Connection) -> None:
            visitors.set_language(connection, visitor.id, str(wanted))
            current = conversations.open_one(connection, WIDGET, visitor.id)
            if current is not None:
                conversations.set_language(connection, current.id, str(wanted), fixed=True)

        await self._database.write(work)
        self._live.publish(customer_topic(WIDGET, visitor.id), {"kind": "state"})
        return [{"type": "state", "state": await self._state(visitor)}]

    async def _typing(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        current = await self._database.read(lambda c: conversations.open_one(c, WIDGET, visitor.id))
        if current is not None and current.status in (Status.AGENT, Status.WAITING):
            self._live.publish(
                DESK_TOPIC, {"kind": "typing", "conversation": current.id, "typing": bool(frame.get("typing"))}
            )
        return []

    async def _identify(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        given = frame.get("identity")
        who = await self._identities.verified(given)
        if await self._is_somebody_else(visitor, who):
            await self._revoke(visitor)
            fresh = await self._database.write(
                lambda c: self._visitor(c, None, who, SessionWish(inbox=visitor.inbox, language=visitor.language))
            )
            return [{"type": "session", **await self._session(fresh, fresh.language)}]
        same = await self._database.write(
            lambda c: self._visitor(c, visitor, who, SessionWish(inbox=visitor.inbox, language=visitor.language))
        )
        return [{"type": "session", **await self._session(same, same.language)}]

    async def _logout(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        await self._revoke(visitor)
        fresh = await self._database.write(lambda c: visitors.begin(c, visitor.inbox, visitor.language, self._clock()))
        return [{"type": "session", **await self._session(fresh, fresh.language)}]

    async def _read(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        """The page has shown a line: kept when it is one of the customer's own, and further than before."""
        shown = frame.get("message_id")
        if type(shown) is not int or not 0 < shown < 2**63:
            return []
        line = await self._database.read(lambda c: _unread_line(c, visitor, shown))
        if line is None:
            return []
        if await self._database.write(lambda c: conversations.mark_read(c, line.conversation_id, line.seq)):
            self._live.publish(DESK_TOPIC, {"kind": "read", "conversation": line.conversation_id, "seq": line.seq})
        return []

    async def _ping(self, visitor: Visitor, frame: Mapping[str, Any]) -> list[Frame]:
        return [{"type": "pong"}]

    _handlers = {
        "message": _message,
        "button": _button,
        "person": _person,
        "article": _article,
        "rate": _rate,
        "csat": _csat,
        "page_answer": _page_answer,
        "prove": _prove,
        "prove_code": _prove_code,
        "invitation": _invitation,
        "leave_queue": _leave_queue,
        "leave_message": _leave_message,
        "contact": _contact,
        "language": _language,
        "typing": _typing,
        "identify": _identify,
        "logout": _logout,
        "read": _read,
        "ping": _ping,
    }

    async def _pass_on(self, visitor: Visitor, frame: Mapping[str, Any], text: str, **more: Any) -> list[Frame]:
        client_id = frame.get("client_id")
        if not isinstance(client_id, str):
            raise BadInput("client_id is missing.", field="client_id")
        now = self._clock()
        who = None
        if visitor.signed_in(now) and visitor.customer_id and visitor.identity_until:
            who = Identity(visitor.customer_id, visitor.identity_until, visitor.customer_name)
        receipt = await self._line.receive(
            Inbound(
                channel=WIDGET,
                sender=visitor.id,
                text=text,
                external_id=client_id,
                client_id=client_id,
                identity=who,
                language=visitor.language,
                page=visitor.page,
                **more,
            )
        )
        return [_accepted(frame, shapes.for_customer(receipt.message))]

    # -- what the page browses ---------------------------------------------------------------------------------

    def faq_tree(self, wanted: str | None, visitor: Visitor | None = None) -> Frame:
        """Categories with their articles' questions, in the customer's language; each names the one that holds it."""
        spoken = language.nearest(wanted, self._default_language)

        def listed(categories: Sequence[Category]) -> Iterator[Frame]:
            for category in categories:
                questions = [{"id": one.id, "question": one.question_in(spoken)} for one in category.articles]
                yield {"id": category.id, "name": category.name, "parent": category.parent, "articles": questions}
                yield from listed(category.children)

        shown = self._knowledge.current.categories(spoken, reader=self._reader(visitor))
        return {"categories": list(listed(shown))}

    def faq_article(self, article_id: str, wanted: str | None, visitor: Visitor | None = None) -> Frame:
        """One article as the widget shows it. Raises UnknownArticle."""
        spoken = language.nearest(wanted, self._default_language)
        article = self._find_article(article_id, visitor)
        known = self._knowledge.current.articles
        reader = self._reader(visitor)
        return {
            "id": article.id,
            "question": article.question_in(spoken),
            "answer": article.answer_in(spoken),
            "related": [
                {"id": other, "question": known[other].question_in(spoken)}
                for other in article.related
                if other in known and known[other].is_for(reader)
            ],
            "links": [{"label": _in(link.label, spoken), "url": link.url} for link in article.links],
            "image": article.image,
            "page": f"{self._help_address}/{spoken}/{article.id}" if article.is_for(STRANGER) else None,
        }

    async def transcript(self, visitor: Visitor, locale: str | None, as_text: bool) -> TranscriptFile:
        """The visitor's newest conversation as a file in their language. Raises UnknownConversation without one."""

        def work(connection: Connection) -> TranscriptFile:
            for conversation_id in conversations.ids_of_sender(connection, WIDGET, visitor.id):
                lines = transcript.whole(connection, conversation_id)
                if lines:
                    return transcript_file.write(
                        conversations.find(connection, conversation_id),
                        lines,
                        self._shop_name,
                        self._floor.ledger.zone,
                        self._floor.masking,
                        self._clock(),
                        as_text=as_text,
                        language=language.nearest(locale, self._default_language) if locale else None,
                    )
            raise UnknownConversation()

        return await self._database.read(work)

    async def transcript_addresses(self, visitor: Visitor) -> Frame:
        """Where it can be mailed."""
        return {"addresses": await self._transcripts.addresses(visitor)}

    async def provable(self, visitor: Visitor) -> Frame:
        """The kinds of contact that the visitor can prove by a code."""
        return {"kinds": await self._proving.kinds(visitor)}

    async def mail_transcript(self, visitor: Visitor, locale: str | None, wanted: object) -> None:
        """The same by mail, to an address of theirs. Raises MailUnavailable, BadInput, RateLimited."""
        address = await self._transcripts.address(visitor, wanted)
        spoken = language.nearest(locale, self._default_language) if locale else self._default_language
        await self._transcripts.send(address, await self.transcript(visitor, locale, as_text=False), spoken)

    async def orders_of(self, visitor: Visitor, wanted: str | None) -> Frame:
        """The orders of a customer who is signed in at the shop. Raises NotSignedInCustomer."""
        now = self._clock()
        if not visitor.signed_in(now) or visitor.customer_id is None:
            raise NotSignedInCustomer()
        spoken = language.nearest(wanted, self._default_language)
        customer_id = visitor.customer_id

        def look_up() -> list[Frame]:
            found = self._orders.orders_of(customer_id, 10)
            return [shop.order_card(one, self._orders.parcels_of(one.number), spoken, now) for one in found]

        try:
            return {"orders": await asyncio.get_running_loop().run_in_executor(None, look_up)}
        except shop.ShopUnavailable as exc:
            raise ShopUnavailable() from exc

    # -- the parts ---------------------------------------------------------------------------------------------

    def _reader(self, visitor: Visitor | None) -> Reader:
        return Reader(WIDGET, signed_in=visitor is not None and visitor.signed_in(self._clock()))

    def _find_article(self, article_id: object, visitor: Visitor | None) -> Article:
        article = None
        if isinstance(article_id, str) and _ARTICLE_ID.match(article_id):
            article = self._knowledge.current.articles.get(article_id)
        if article is None or not article.is_valid_on(self._today()) or not article.is_for(self._reader(visitor)):
            raise UnknownArticle()
        return article

    def _today(self) -> date:
        # Hong Kong, Taiwan and mainland China share one offset, and articles are valid by their calendar.
        return (self._clock() + timedelta(hours=8)).date()

    def _usable(self, wish: SessionWish) -> SessionWish:
        """The wish with one of our languages, and with a page that every database can store."""
        spoken = language.nearest(wish.language, self._default_language) if wish.language else None
        page = (
            {name: self._floor.masking.hide(plain(value)) for name, value in wish.page.items()}
            if wish.page is not None
            else None
        )
        if page is not None and "url" in page:
            page["url"] = visits.without_secrets(page["url"])
        return replace(wish, language=spoken, page=page)

    async def _known(self, wish: SessionWish) -> Visitor | None:
        """The visitor of the wish's token; None when it does not hold, or is of another inbox."""
        if not wish.token:
            return None
        try:
            visitor = await self.visitor_of(wish.token)
        except TokenRefused:
            return None
        return visitor if visitor.inbox == wish.inbox else None

    def _visitor(
        self, connection: Connection, known: Visitor | None, who: Identity | None, wish: SessionWish
    ) -> Visitor:
        now = self._clock()
        visitor = known or visitors.begin(connection, wish.inbox, wish.language, now)
        if who is not None:
            visitors.identify(connection, visitor.id, who.customer_id, who.name, who.until)
        if wish.page is not None:
            visitors.set_page(connection, visitor.id, wish.page)
        current = conversations.open_one(connection, WIDGET, visitor.id)
        if current is not None and who is not None:
            conversations.set_identity(connection, current.id, who.customer_id, who.name, who.until)
        if current is not None and wish.page is not None:
            conversations.set_page(connection, current.id, wish.page)
        if known is not None and now - known.seen_at > SEEN_EVERY:
            visitors.seen(connection, visitor.id, now)
        found = visitors.find(connection, visitor.id)
        if found is None:
            raise TokenRefused()
        return found

    async def _session(self, visitor: Visitor, spoken: str | None) -> Frame:
        token = self._tokens.sign(VisitorToken(visitor.id, visitor.inbox, visitor.token_version))
        name = visitor.customer_name if visitor.signed_in(self._clock()) else None
        return {
            "token": token,
            "visitor": {"id": visitor.id[:8], "name": name, "signed_in": visitor.signed_in(self._clock())},
            "settings": {
                "shop_name": dict.fromkeys(language.LOCALES, self._shop_name),
                "poll_seconds": 25,
                "max_attachment_bytes": self._files.max_bytes,
            },
            **await self.catch_up(visitor, None),
        }

    async def _is_somebody_else(self, visitor: Visitor, who: Identity | None) -> bool:
        """As `_is_other_account` says; and whoever signs in where somebody proved a contact in an earlier conversation
        may be the next one at that browser."""
        if who is None or visitor.customer_id is not None:
            return _is_other_account(visitor, who)

        def proved_before(connection: Connection) -> bool:
            current = conversations.open_one(connection, WIDGET, visitor.id)
            proved = contact_proofs.of(connection, [(WIDGET, visitor.id)])
            return any(current is None or talk != current.id for talk, _ in proved)

        return await self._database.read(proved_before)

    async def _revoke(self, visitor: Visitor) -> None:
        await self._database.write(lambda c: visitors.revoke(c, visitor.id))
        self._live.publish(customer_topic(WIDGET, visitor.id), {"kind": "revoked"})

    async def _state(self, visitor: Visitor) -> Frame:
        return await self._database.read(
            lambda c: self._floor.state_for(c, WIDGET, visitor.id, visitor.language or self._default_language)
        )


def _is_other_account(visitor: Visitor, who: Identity | None) -> bool:
    """Whether the person at the page is another than this visitor was: histories are never mixed.

    A visitor who was never signed in may sign in and keep the conversation. One who was signed in and comes without an
    identity has signed out at the shop, or somebody else sits at the browser.
    """
    if visitor.customer_id is None:
        return False
    return who is None or who.customer_id != visitor.customer_id


def _show_scores(messages: Sequence[Frame], answered: Sequence[Rating]) -> None:
    """Put into the questions what the customer answered before."""
    by_id = {one.id: one for one in answered}
    for message in messages:
        if message["csat"]:
            message["csat"] = [
                {**one, "score": by_id[one["id"]].score, "comment": by_id[one["id"]].comment}
                for one in message["csat"]
                if one["id"] in by_id
            ]


def _proof(frame: Mapping[str, Any], said: Frame) -> Frame:
    return {"type": "proof", "client_id": frame.get("client_id"), **said}


def _accepted(frame: Mapping[str, Any], message: Frame | None) -> Frame:
    return {"type": "accepted", "client_id": frame.get("client_id"), "message": message}


def _error_frame(error: HandoffError, client_id: str | None) -> Frame:
    frame: Frame = {"type": "error", "client_id": client_id, "code": error.code, "message": str(error)}
    if "retry_after" in error.details:
        frame["retry_after"] = error.details["retry_after"]
    if "field" in error.details:
        frame["field"] = error.details["field"]
    return frame


def _is_client_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_CLIENT_ID and is_plain(value)


def _is_index(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _in(by_locale: Mapping[str, str], spoken: str) -> str:
    return next((by_locale[one] for one in texts.FALLBACKS[spoken] if by_locale.get(one)), "")


def _unread_line(connection: Connection, visitor: Visitor, message_id: int) -> Message | None:
    """This line, when it is the visitor's and their page has not told of it yet."""
    own = conversations.ids_of_sender(connection, WIDGET, visitor.id)
    line = transcript.find(connection, own, message_id)
    if line is None or line.seq <= conversations.find(connection, line.conversation_id).read_seq:
        return None
    return line
