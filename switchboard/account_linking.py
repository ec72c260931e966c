"""The way back of an account link: from the shop's page, over the customer's yes, to the tie.

The shop sends the customer's browser here with what it signed: who is signed in there, for this link. Nothing is tied
until the customer has read which chat that is and said yes, for a link that somebody else sent them leads here as well.
No page goes anywhere but to the provider's own step, and none keeps or shows the link's token in an address.
"""

from __future__ import annotations

import html
import logging
import secrets
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, redirect
from sqlalchemy.engine import Connection

from connectors.events import Linked
from connectors.output import DeliveryFailed
from faq_kb.help.languages import wanted
from handoff import contact_proofs, conversations, moving, texts, transcript
from handoff.account_links import AccountLinks, Link, Signed
from handoff.clock import Clock
from handoff.contact_proofs import ACCOUNT, Token
from handoff.database import Database
from handoff.errors import CustomersNotProved, IdentityRefused
from handoff.floor import Floor
from handoff.models import Status
from handoff.records import Conversation, Message
from handoff.tying import ByProof, Itself, Ties, tie
from switchboard.account_talk import AccountTalk
from switchboard.identities import Identities
from switchboard.post import ChannelPost
from switchboard.small_page import HEADERS, small_page

log = logging.getLogger(__name__)

_STATUS = {"done": 200, "left": 200, "refused": 403, "over": 410, "other": 409, "later": 503}
_QUESTION = """      <dl>
        <dt>{chat_label}</dt>
        <dd><strong><bdi>{chat}</bdi></strong> <span>{began}</span></dd>
        <dt>{account_label}</dt>
        <dd><strong>{account}</strong></dd>
      </dl>
      <p>{words}</p>
      <p class="warning">{warning}</p>
      <form method="post" action="/link/answer">
        <input type="hidden" name="identity" value="{identity}">
        <button name="answer" value="yes">{yes}</button>
        <button name="answer" value="no" class="quiet">{no}</button>
      </form>"""


@dataclass(frozen=True)
class _Asked:
    """What the shop sent: for which link and conversation, and whom it signed for."""

    identity: str
    link: Link
    talk: Conversation
    signed: Signed


class AccountLinking:
    """The pages, and what a provider's own step brings."""

    def __init__(
        self,
        database: Database,
        floor: Floor,
        post: ChannelPost,
        ties: Ties,
        links: AccountLinks,
        account_talk: AccountTalk,
        identities: Identities,
        shop_name: str,
        default_language: str,
        clock: Clock,
    ) -> None:
        self._database = database
        self._floor = floor
        self._post = post
        self._ties = ties
        self._links = links
        self._talk = account_talk
        self._identities = identities
        self._shop_name = shop_name
        self._default_language = default_language
        self._clock = clock

    def blueprint(self) -> Blueprint:
        """/link, to which the shop's page posts, and the answer."""
        routes = Blueprint("account_links")

        @routes.post("/link", name="account_link")
        async def ask(request: Request) -> HTTPResponse:
            asked = await self._read(request)
            return asked if isinstance(asked, HTTPResponse) else await self._question(asked)

        @routes.post("/link/answer", name="account_link_answer")
        async def answer(request: Request) -> HTTPResponse:
            asked = await self._read(request)
            if isinstance(asked, HTTPResponse):
                return asked
            return await (self._yes if request.form.get("answer") == "yes" else self._no)(asked)

        return routes

    async def returned(self, channel: str, linked: Linked) -> bool:
        """The provider's own step is over; False for a nonce that nobody was given, or that is not of this sender."""
        now = self._clock()

        def work(connection: Connection, why_not: str | None) -> tuple[Conversation, Message]:
            found = self._links.back_from_provider(connection, channel, linked.sender, linked.nonce, now)
            if found is None:
                raise LookupError()
            link, signed = found
            talk = conversations.find(connection, link.conversation_id)
            if talk.status is Status.CLOSED:
                raise _Over()
            if linked.reach:
                conversations.set_reach(connection, talk.id, dict(linked.reach), now)
            if why_not is not None:
                return talk, self._floor.system_line(connection, talk, why_not, now)
            return self._tie(connection, link, signed)

        try:
            try:
                await self._ties.carry_out(partial(work, why_not=None if linked.is_done else "account_link_failed"))
            except CustomersNotProved:
                await self._ties.carry_out(partial(work, why_not="account_link_other"))
        except LookupError:
            return False
        except _Over:
            log.info("An account was not tied: the conversation is closed", extra={"event": "account_not_tied"})
        return True

    # -- the steps ---------------------------------------------------------------------------------------------

    async def _read(self, request: Request) -> _Asked | HTTPResponse:
        """What the shop signed, checked anew at each step; or the page that says why not."""
        identity = request.form.get("identity") or ""
        spoken = wanted(request.headers.get("accept-language", ""), self._default_language)
        try:
            who, token = await self._identities.verified_link(identity)
        except IdentityRefused as exc:
            log.warning("An account link was refused", extra={"event": "link_refused", "reason": exc.details["reason"]})
            return self._page("refused", spoken)

        def find(connection: Connection) -> tuple[Link, Conversation, list[str]] | None:
            link = self._links.find(connection, token, self._clock())
            if link is None:
                return None
            tied = contact_proofs.accounts_linked(connection, [(link.channel, link.sender)])
            return link, conversations.find(connection, link.conversation_id), [account for _, account in tied]

        found = await self._database.read(find)
        if found is None:
            return self._page("over", spoken)
        link, talk, accounts = found
        if link.is_over or talk.status is Status.CLOSED:
            return self._page("over", talk.language)
        if any(one != who.customer_id for one in accounts):
            return self._page("other", talk.language)
        return _Asked(identity, link, talk, Signed(who.customer_id, who.name, who.until))

    async def _question(self, asked: _Asked) -> HTTPResponse:
        talk, language = asked.talk, asked.talk.language
        name = await self._database.read(lambda c: transcript.customer_name(c, talk.id))
        shown = moving.shown(talk.channel, talk.sender)
        is_telling = shown != talk.channel.partition(":")[0]
        values = {
            "chat_label": texts.say("link_page_chat", language),
            "chat": " · ".join(filter(None, [_channel(talk), name, shown if is_telling else ""])),
            "began": texts.say("link_page_began", language, time=self._time(talk)),
            "account_label": texts.say("link_page_account", language, shop=self._shop_name),
            "account": asked.signed.name or asked.signed.customer_id,
            "words": texts.say("link_page_sure", language),
            "warning": texts.say("link_page_warning", language),
            "yes": texts.say("link_page_yes", language),
            "no": texts.say("link_page_no", language),
            "identity": asked.identity,
        }
        content = _QUESTION.format(**{key: html.escape(value) for key, value in values.items()})
        return self._written("sure", language, content, 200, self._post.account_site(talk.channel))

    async def _no(self, asked: _Asked) -> HTTPResponse:
        await self._database.write(lambda c: self._links.use(c, asked.link, self._clock()))
        return self._page("left", asked.talk.language)

    async def _yes(self, asked: _Asked) -> HTTPResponse:
        link, language = asked.link, asked.talk.language
        nonce = secrets.token_hex(16)
        try:
            step = await self._post.account_step(link.channel, link.sender, nonce)
        except DeliveryFailed as exc:
            log.warning("A provider links no accounts now", extra={"event": "link_step_failed", "reason": exc.reason})
            return self._page("later", language, channel=_channel(asked.talk))
        now = self._clock()
        if step is not None:
            is_first = await self._database.write(
                lambda c: self._links.hand_to_provider(c, link, asked.signed, nonce, now)
            )
            return redirect(step, HEADERS, 303) if is_first else self._page("over", language)

        def work(connection: Connection) -> tuple[Conversation, Message]:
            if not self._links.use(connection, link, now):
                raise _Over()
            return self._tie(connection, link, asked.signed)

        try:
            await self._ties.carry_out(work)
        except _Over:
            return self._page("over", language)
        except CustomersNotProved:
            return self._page("other", language)
        return self._page("done", language, channel=_channel(asked.talk))

    def _tie(self, connection: Connection, link: Link, signed: Signed) -> tuple[Conversation, Message]:
        talk = conversations.find(connection, link.conversation_id)
        if talk.status is Status.CLOSED:
            raise _Over()
        itself = [Itself((link.channel, link.sender), is_sure=True)]
        account = Token(ACCOUNT, signed.customer_id)
        tie(connection, talk, account, itself, ByProof(signed.customer_id), self._clock())
        conversations.set_identity(connection, talk.id, signed.customer_id, signed.name, signed.until)
        line = self._talk.tied(connection, talk)
        log.info("An account was tied", extra={"event": "account_tied", "conversation": talk.id})
        return conversations.find(connection, talk.id), line

    # -- the page ----------------------------------------------------------------------------------------------

    def _page(self, what: str, language: str, **values: str) -> HTTPResponse:
        words = html.escape(texts.say(f"link_page_{what}", language, **values))
        return self._written(what, language, f"      <p>{words}</p>", _STATUS[what], None)

    def _written(self, what: str, language: str, content: str, status: int, provider: str | None) -> HTTPResponse:
        title = texts.say(f"link_page_{what}_title", language)
        forms_to = f"'self' {provider}" if provider else "'self'"
        return small_page(language, title, content, status, kind="link", styles=("page", "link"), forms_to=forms_to)

    def _time(self, talk: Conversation) -> str:
        zone: ZoneInfo = self._floor.ledger.zone
        return talk.opened_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


class _Over(Exception):
    """The link was used meanwhile, or its conversation is closed."""


def _channel(talk: Conversation) -> str:
    kind = talk.channel.partition(":")[0]
    key = f"link_channel_{kind}"
    return texts.say(key, talk.language) if key in texts.catalogue() else kind
