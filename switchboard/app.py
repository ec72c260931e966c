"""The gateway: the only place where the parts meet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sanic import Sanic
from sanic.request import Request

import shop
from connectors.served import while_served
from connectors.web import widget
from faq_kb import KnowledgeBase, KnowledgeFollower
from faq_kb import help as help_pages
from faq_kb.console import learning_api
from faq_kb.console.api import Console
from faq_kb.console.editing import Editing
from faq_kb.console.learning import MissedQuestions
from faq_kb.console.presence import Presence
from faq_kb.console.trying import Trying
from faq_kb.console.uploads import Uploads
from faq_kb.masking import Masking
from handoff import agents, migrations, search, wrap_ups
from handoff.account_links import AccountLinks
from handoff.attachment_store import AttachmentStore
from handoff.clock import Clock, utc_now
from handoff.contact_codes import Codes
from handoff.customer_form import CustomerFormFile
from handoff.database import Database
from handoff.desk.after import AfterDesk
from handoff.desk.api import Desk
from handoff.desk.files import DeskFiles
from handoff.desk.promises import PromiseDesk
from handoff.desk.roster_api import RosterDesk
from handoff.desk.row_reader import RowReader
from handoff.desk.sessions import Sessions
from handoff.desk.socket import ORIGIN_REFUSED, DeskSocket
from handoff.desk.team_api import TeamDesk
from handoff.desk.visitors_api import VisitorsApi
from handoff.floor import Floor
from handoff.idle import Idle
from handoff.invitation_rules import InvitationRules
from handoff.inviting import Inviting
from handoff.learning import Learning, answers_of_people
from handoff.ledger import Ledger
from handoff.message_templates import TemplatesFile
from handoff.past_questions import past_questions
from handoff.promise_watch import PromiseWatch
from handoff.queue_news import QueueNews
from handoff.reopening import Reopening
from handoff.router import Router
from handoff.survey import Survey
from handoff.sweeper import Sweeper
from handoff.teams import TeamsFile
from handoff.telling import Telling
from handoff.tying import Ties
from handoff.vague_promises import VaguePromises
from nlu.order_numbers import LAST_GOOD, order_numbers
from switchboard import channels, guards, health, http_errors, language, openapi, pages
from switchboard.account_linking import AccountLinking
from switchboard.account_talk import AccountTalk
from switchboard.bot_client import Bot, RestBot
from switchboard.contact_proving import ContactProving
from switchboard.feedback import Feedback
from switchboard.file_links import FileLinks
from switchboard.files import serve
from switchboard.floods import Floods
from switchboard.identities import Identities
from switchboard.incoming_files import IncomingFiles
from switchboard.line import Limits, Line, forever
from switchboard.live import LocalLive, RedisLive
from switchboard.media_fetching import MediaFetching
from switchboard.outbox import Outbox
from switchboard.post import WIDGET, ChannelPost
from switchboard.rates import Rates
from switchboard.reception import Reception
from switchboard.secrets import secret
from switchboard.settings import Settings
from switchboard.tokens import VisitorTokens
from switchboard.transcript_post import MAILS_A_DAY, TranscriptPost
from switchboard.trials import Trials
from switchboard.turns import LocalTurns, RedisTurns
from switchboard.visiting import BEATS_AT_ONCE, BEATS_PER_SECOND, Visiting
from switchboard.visitor_files import VISITORS_AN_ADDRESS, VisitorFiles

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
MAX_BODY_BYTES = 1_000_000
LABELLED_QUESTIONS = Path("tests", "faq_kb", "questions", "development.jsonl")
SWEEP_EVERY_SECONDS = 30
TELL_EVERY_SECONDS = 2
WATCH_EVERY_SECONDS = 5
# An article that is due goes live within this.
SCHEDULE_EVERY_SECONDS = 5
BOT_WAIT_SECONDS = 60
WAKE_EVERY_SECONDS = 2
# What was said can be found so much later.
INDEX_EVERY_SECONDS = 1


def create_app(
    settings: Settings,
    bot: Bot | None = None,
    clock: Clock = utc_now,
    root: Path = ROOT,
    name: str = "switchboard",
) -> Sanic:
    """The gateway as a Sanic app: `settings` decide, `bot` and `clock` are handed in by tests."""
    app = Sanic(name, request_class=guards.TimedRequest, configure_logging=False)
    app.ctx.repeated = {}
    _configure(app)
    database = Database(settings.database, settings.sqlite_synchronous)
    migrations.upgrade(database)
    live = RedisLive(settings.redis_url) if settings.redis_url else LocalLive()
    turns = RedisTurns(settings.redis_url) if settings.redis_url else LocalTurns()
    bot = bot or RestBot(settings.bot_addresses)
    outbox = Outbox(database, live, clock)
    post = ChannelPost(database, clock, outbox, settings.base_url)
    masking = Masking(order_numbers(root / "nlu" / "entity_patterns.yml", settings.data_path / LAST_GOOD))
    teams = TeamsFile(settings.teams_path, settings.hours)
    ledger = Ledger(teams, settings.promise_terms, ZoneInfo(settings.time_zone))
    floor = Floor(
        database,
        live,
        post,
        teams,
        masking,
        ledger,
        Survey(settings.ask_rating),
        wrap_ups.load(settings.wrap_up_path),
        CustomerFormFile(settings.customer_form_path),
        clock,
    )
    limits = Limits(
        settings.max_message_chars,
        settings.bot_timeout_seconds,
        settings.person_timeout_seconds,
        settings.default_language,
        settings.burst_window_milliseconds / 1000,
    )
    rates = Rates(settings.messages_burst, settings.messages_per_second, time.monotonic)
    floods = Floods(rates, settings.flood_lines_per_hour, time.monotonic)
    knowledge = KnowledgeFollower(settings.articles_path(root))
    visitor_secret = settings.visitor_secret or secret(settings.data_path, "visitors")
    learning = Learning(visitor_secret)
    feedback = Feedback(database, floor, learning, knowledge, clock)
    reopening = Reopening(floor, timedelta(minutes=settings.reopen_minutes))
    codes = Codes(f"codes:{visitor_secret}")  # the same on every gateway
    account_links = AccountLinks(f"links:{visitor_secret}", codes)
    account_talk = AccountTalk(floor, account_links, settings.account_link_address, settings.shop_name, clock)
    line = Line(database, floor, bot, turns, rates, floods, limits, feedback, account_talk, reopening, clock)
    orders = shop.open_shop(settings.shop_mapping)
    identity_secret = settings.identity_secret or secret(settings.data_path, "identity")
    address_of = guards.address_reader(settings.trusted_proxies)

    access = channels.ApiAccess(settings.callers, loopback_is_free=settings.demo)
    built, problems = channels.build(channels.read_credentials(settings.credentials_path(root)))
    store = AttachmentStore(settings.attachments_path, database, masking, settings.max_attachment_bytes, clock)
    received = IncomingFiles(store, masking, settings.max_message_chars)
    links = FileLinks(
        database, store, visitor_secret, settings.base_url, settings.help_address, settings.default_language, clock
    )
    app.blueprint(links.blueprint())
    mount = channels.Mount(
        database,
        live,
        line,
        post,
        access,
        settings.default_language,
        clock,
        received,
        links,
        settings.spending_caps,
        account_talk.page_of,
    )
    for problem in problems:
        log.error(
            "A channel was left out",
            extra={"event": "channel_left_out", "channel": problem.channel, "error": problem.why},
        )
    mount.problems += problems
    problems = mount.mount(app, built)
    post.left_out = problems

    files = _visitor_files(database, store, settings)
    inviting = Inviting(floor, live, _rules(settings, teams), WIDGET, settings.visitor_list, clock)
    ties = Ties(floor)
    identities = Identities(identity_secret, orders, settings.base_url, clock)
    linking = AccountLinking(
        database,
        floor,
        post,
        ties,
        account_links,
        account_talk,
        identities,
        settings.shop_name,
        settings.default_language,
        clock,
    )
    mount.on_linked = linking.returned
    app.blueprint(linking.blueprint())
    proving = ContactProving(database, floor, ties, orders, mount.carriers, mount.sure, codes, post.begin, clock)
    reception = Reception(
        database,
        line,
        floor,
        live,
        knowledge,
        orders,
        VisitorTokens(visitor_secret),
        identities,
        settings.shop_name,
        settings.help_address,
        settings.default_language,
        Rates(settings.sessions_per_minute, settings.sessions_per_minute / 60, time.monotonic),
        files,
        inviting,
        _transcripts(database, orders, mount, clock),
        proving,
        clock,
    )
    visiting = _visiting(inviting, reception, masking, settings, clock)
    app.blueprint(
        widget.blueprint(reception, files, visiting, settings.origins, http_errors.error_response, address_of)
    )

    logins = Rates(settings.logins_per_minute, settings.logins_per_minute / 60, time.monotonic)
    secure = settings.base_url.startswith("https://")
    sessions = Sessions(database, logins, clock, secure, address_of)
    site = settings.base_url, settings.help_address, settings.shop_origins, mount.carriers
    templates = TemplatesFile(settings.templates_path)
    desk = Desk(database, floor, live, sessions, knowledge, orders, learning, templates, store, clock, *site)
    app.blueprint(desk.blueprint([VisitorsApi(database, inviting, WIDGET, clock)]))
    app.blueprint(DeskFiles(database, store, sessions).blueprint())
    _add_desk_life(app, desk, database, clock)
    app.blueprint(TeamDesk(floor, sessions, clock).blueprint())
    app.blueprint(RosterDesk(database, floor, sessions, clock).blueprint())
    vague = VaguePromises(settings.vague_promises_path)
    app.blueprint(PromiseDesk(database, ledger, vague, live, sessions, clock).blueprint())
    app.blueprint(AfterDesk(database, floor.wrap_ups, sessions, clock).blueprint())
    _add_desk_socket(app, settings, sessions, floor, live, clock)
    editing = Editing(knowledge.folder, knowledge, database, clock)
    presence = Presence(live, clock)
    trials = Trials(bot, settings.bot_timeout_seconds)
    trying = Trying(editing, clock, past_questions, root / LABELLED_QUESTIONS, trials.taken_for)
    console = Console(editing, trying, sessions, presence, agents.names)
    Uploads(editing).add_to(console)
    learning_api.add_routes(console, MissedQuestions(editing, answers_of_people, clock))
    app.blueprint(console.blueprint())

    app.blueprint(
        pages.blueprint(
            settings.base_url,
            settings.help_address,
            settings.shop_name,
            settings.default_language,
            settings.demo,
            identity_secret,
            clock,
            settings.port,
        )
    )
    recorded = partial(database.read, help_pages.recorded)
    app.blueprint(help_pages.blueprint(_help_site(settings), knowledge, recorded, clock, serve))
    app.blueprint(health.blueprint(database, bot, knowledge, problems, mount.events_unused))
    app.blueprint(openapi.blueprint())
    guards.install(app)
    http_errors.install(app)
    telling = Telling(database, floor, knowledge, proving.place_of, settings.help_address, clock)
    _add_life(app, bot, live, turns, knowledge, line, telling, database, settings)
    _add_channels_life(app, mount, post, line)
    app.ctx.database, app.ctx.outbox, app.ctx.line, app.ctx.channels = database, outbox, line, mount
    app.ctx.file_links = links
    _add_editing_life(app, editing, presence)
    router, sweeper = Router(database, floor, teams, clock), Sweeper(database, floor, teams, clock)
    while_served(app, inviting.follow, partial(router.run, sweeper))
    _add_watches(
        app,
        promises=PromiseWatch(database, floor, clock),
        idle=Idle(database, floor, settings.idle_terms, clock),
        files=store,
        media=MediaFetching(database, store, post.files_of, live, clock),
        invitations=inviting,
        queue=QueueNews(database, floor, timedelta(minutes=settings.queue_update_minutes), clock),
    )
    return app


def _rules(settings: Settings, teams: TeamsFile) -> InvitationRules:
    return InvitationRules(settings.invitations_path, lambda: tuple(teams.current.by_id))


def _visiting(inviting: Inviting, reception: Reception, masking: Masking, settings: Settings, clock: Clock) -> Visiting:
    return Visiting(
        inviting,
        reception,
        masking,
        settings.origins,
        settings.default_language,
        Rates(settings.sessions_per_minute, settings.sessions_per_minute / 60, time.monotonic),
        Rates(BEATS_AT_ONCE, BEATS_PER_SECOND, time.monotonic),
        clock,
    )


def _transcripts(database: Database, orders: shop.Shop, mount: channels.Mount, clock: Clock) -> TranscriptPost:
    rates = Rates(MAILS_A_DAY, MAILS_A_DAY / 86_400, time.monotonic)
    return TranscriptPost(database, orders, mount.mailer, rates, clock)


def _visitor_files(database: Database, store: AttachmentStore, settings: Settings) -> VisitorFiles:
    most = settings.attachments_per_minute
    of_address = most * VISITORS_AN_ADDRESS
    return VisitorFiles(
        database,
        store,
        Rates(most, most / 60, time.monotonic),
        Rates(of_address, of_address / 60, time.monotonic),
    )


def _configure(app: Sanic) -> None:
    app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES
    app.config.REQUEST_TIMEOUT = 15  # for the body as a whole, and between the bytes of the head
    app.config.RESPONSE_TIMEOUT = 60
    app.config.KEEP_ALIVE_TIMEOUT = 20
    app.config.WEBSOCKET_MAX_SIZE = 64 * 1024
    app.config.WEBSOCKET_PING_INTERVAL = 20
    app.config.WEBSOCKET_PING_TIMEOUT = 20
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.ACCESS_LOG = False


def _help_site(settings: Settings) -> help_pages.Site:
    # The root of the address is the shop when it is the demo's, or when the pages are under the shop's domain.
    is_below_shop = settings.demo or bool(settings.help_url)
    return help_pages.Site(
        shop_name=settings.shop_name,
        url=settings.help_address,
        gateway_url=settings.base_url,
        inbox=settings.help_inbox,
        default_locale=settings.default_language,
        home="/" if is_below_shop else None,
    )


def _add_desk_socket(
    app: Sanic, settings: Settings, sessions: Sessions, floor: Floor, live: LocalLive, clock: Clock
) -> None:
    rows = RowReader(floor.database)

    @app.websocket("/desk/live", name="desk_live")
    async def desk_live(request: Request, socket: Any) -> None:
        own = {settings.base_url, f"http://127.0.0.1:{settings.port}", f"http://localhost:{settings.port}"}
        if (request.headers.get("origin") or "").rstrip("/") not in own:
            await socket.close(ORIGIN_REFUSED, "origin refused")
            return
        arrived = floor.queue_changed
        await DeskSocket(request, socket, sessions, floor.database, rows, live, clock, arrived).run()


def _add_life(
    app: Sanic,
    bot: Bot,
    live: LocalLive,
    turns: LocalTurns,
    knowledge: KnowledgeFollower,
    line: Line,
    telling: Telling,
    database: Database,
    settings: Settings,
) -> None:
    """Start and stop the parts with the app, and finish what a crash left half-way."""

    @app.listener("before_server_start")
    async def start(_app: Sanic, _loop: Any) -> None:
        language.warm_up()
        knowledge.start()
        await bot.start()
        await live.start()

    # What another gateway began and did not finish, long after its bot must have answered.
    stale_after = 2 * settings.bot_timeout_seconds + 10
    while_served(
        app,
        partial(_take_up_when_ready, bot, line),
        partial(forever, SWEEP_EVERY_SECONDS, lambda: line.take_up_unsettled(stale_after)),
    )
    _repeat(app, "tell", TELL_EVERY_SECONDS, telling.tell_all)

    @app.listener("after_server_stop")
    async def stop(_app: Sanic, _loop: Any) -> None:
        await bot.stop()
        await turns.stop()
        await live.stop()
        knowledge.stop()
        database.close()


class Watch(Protocol):
    """Something that looks at the clock again and again."""

    async def look(self) -> int:
        """Do what is due by now; how much that was."""


def _add_watches(app: Sanic, **watches: Watch) -> None:
    """Let each look every few seconds. They stand in `app.ctx`, so that a test whose clock has moved need not wait."""
    app.ctx.watches = watches
    while_served(app, *(partial(forever, WATCH_EVERY_SECONDS, watch.look) for watch in watches.values()))


def _repeat(app: Sanic, name: str, every_seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
    """Do this again and again. It stands in `app.ctx`, so that a test need not wait for its turn."""
    app.ctx.repeated[name] = work
    while_served(app, partial(forever, every_seconds, work))


def _add_channels_life(app: Sanic, mount: channels.Mount, post: ChannelPost, line: Line) -> None:
    """Send what is due; what a provider has to be told at the start is told in the background."""
    while_served(app, post.outbox.run, mount.start)

    @app.listener("before_server_stop")
    async def stop(_app: Sanic, _loop: Any) -> None:
        await line.stop()
        await post.stop()


def _add_desk_life(app: Sanic, desk: Desk, database: Database, clock: Clock) -> None:
    """Bring back what agents put aside, and keep the index of the transcript up to date."""

    async def index() -> None:
        while lines := await database.read(search.waiting):
            await database.write(partial(search.add, folded=lines, now=clock()))

    _repeat(app, "wake", WAKE_EVERY_SECONDS, desk.passing.wake)
    _repeat(app, "index", INDEX_EVERY_SECONDS, index)


def _add_editing_life(app: Sanic, editing: Editing, presence: Presence) -> None:
    """Publish what is due, remember what was changed on disk, hear who edits what elsewhere."""
    tasks: set[asyncio.Task[None]] = set()

    def begin(work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    @app.listener("after_server_start")
    async def start(_app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        def notice(_knowledge: KnowledgeBase) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are going
                loop.call_soon_threadsafe(lambda: begin(_noticed(editing)))

        editing.follower.on_change(notice)
        begin(_noticed(editing))
        begin(forever(SCHEDULE_EVERY_SECONDS, editing.publish_due))
        begin(presence.follow())

    @app.listener("before_server_stop")
    async def stop(_app: Sanic, _loop: Any) -> None:
        editing.follower.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _noticed(editing: Editing) -> None:
    try:
        await editing.notice_files()
    except Exception:
        # Nobody waits for it, and the next set that is served is compared with all that was recorded.
        log.exception("What was changed on disk was not recorded", extra={"event": "files_not_recorded"})


async def _take_up_when_ready(bot: Bot, line: Line) -> None:
    """A bot that starts together with us gets the time to do so; then unfinished messages are finished either way."""
    deadline = time.monotonic() + BOT_WAIT_SECONDS
    while not await bot.ready() and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    await line.take_up_unsettled()
