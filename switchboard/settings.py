"""Every setting: name, default, help. Read once at start from `endpoints.yml`, checked, and frozen.

The section `switchboard:` of `endpoints.yml` holds the values (with `${VAR}` from the environment, as Rasa reads it);
an environment variable `SWITCHBOARD_<NAME>` overrides each. An unknown key or a bad value stops the start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, get_type_hints

import yaml
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from handoff import customer_form, invitation_rules, message_templates, teams, vague_promises
from handoff.hours import OpeningHours
from handoff.idle import IdleTerms
from handoff.ledger import PromiseTerms
from handoff.paid_messages import Caps
from handoff.wrap_ups import SHIPPED, WrapUpFileError
from handoff.wrap_ups import load as load_wrap_ups

SECTION = "switchboard"
# RFC 7518, 3.2: the key of HS256 is at least as long as its hash.
MIN_SECRET_BYTES = 32
_ORIGIN = re.compile(r"https?://[^/\s?#@]+/?")
_ADDRESS = re.compile(r"(?:https://[^/\s?#@]+|http://(?:localhost|127\.0\.0\.1)(?::\d+)?)(?:[/?][^\s#]*)?")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class SettingsError(Exception):
    """A setting is unknown or has a value that cannot be used."""


def _setting(default: Any, help: str, secret: bool = False, at_least: int | None = None) -> Any:
    return field(default=default, repr=not secret, metadata={"help": help, "secret": secret, "at_least": at_least})


@dataclass(frozen=True)
class Settings:
    """The whole table. Defaults run on a laptop: SQLite files, no services."""

    port: int = _setting(8000, "Port of the gateway: widget, desk, webhooks.", at_least=1)
    host: str = _setting("127.0.0.1", "Address the gateway listens on; 0.0.0.0 behind a proxy.")
    data_dir: str = _setting("var", "Folder for databases, secrets, trained models and logs.")
    articles_dir: str = _setting("", "Folder of the articles; empty means faq_kb/articles of the project.")
    credentials_file: str = _setting("", "File of the channels; empty means credentials.yml of the project.")
    public_url: str = _setting("", "The address customers see, for links and origins; empty means http://host:port.")
    demo: bool = _setting(
        True, "Demo shop, demo agents (their passwords are printed at start), rest channel free on loopback."
    )
    database_url: str = _setting("", "SQLAlchemy URL of the platform's database; empty means SQLite in data_dir.", True)
    sqlite_synchronous: str = _setting(
        "NORMAL", "SQLite's durability: NORMAL survives any crash of a process, FULL also a power cut."
    )
    redis_url: str = _setting(
        "", "Redis for turns and live updates when several gateways run; empty means one gateway.", True
    )
    bot_urls: str = _setting("", "Addresses of the bot workers, separated by commas; empty means the one `run` starts.")
    bot_port: int = _setting(0, "Loopback port of the bot that `run` starts; 0 takes a free one.", at_least=0)
    actions_port: int = _setting(
        0, "Loopback port of the action server that `run` starts; 0 takes a free one.", at_least=0
    )
    bot_timeout_seconds: int = _setting(
        15, "How long the bot may take for one message before the customer hears of it.", at_least=1
    )
    person_timeout_seconds: int = _setting(
        3, "How long the bot may take to sum up before a wish for a person goes to the queue without it.", at_least=1
    )
    shop_name: str = _setting("Harbour Goods", "Name of the shop, shown in the widget and on the help pages.")
    help_url: str = _setting(
        "", "Public address of the help pages when a shop shows them under its own domain; empty means public_url/help."
    )
    help_inbox: str = _setting("demo", "The `data-inbox` of the chat on the help pages: the one the shop's pages use.")
    default_language: str = _setting("zh-HK", "Language of a customer who has not shown one yet.")
    opening_hours: str = _setting("mon-sun 00:00-24:00", "When people answer, such as `mon-fri 09:00-18:00`.")
    time_zone: str = _setting("Asia/Hong_Kong", "Time zone of the opening hours.")
    teams_file: str = _setting("", "File of the teams, their hours and holidays; empty means handoff/teams.yml.")
    shop_adapter: str = _setting("sql", "Where orders come from: `sql` (the demo shop's database) or `http`.")
    shop_url: str = _setting(
        "", "Database URL (sql; empty means data_dir/shop.db) or base URL (http) of the shop.", True
    )
    shop_token: str = _setting("", "Bearer token for the shop's HTTP API.", True)
    identity_secret: str = _setting(
        "", "Secret that the shop signs customer identities with; empty makes one in data_dir.", True
    )
    account_link_url: str = _setting(
        "",
        "The shop's page at which customers of messaging apps tie their chat to their account; empty offers it in the "
        "demo alone.",
    )
    visitor_secret: str = _setting(
        "",
        "Secret that visitor tokens and links to files are signed with; the same on every gateway. Empty makes one in "
        "data_dir.",
        True,
    )
    attempts_url: str = _setting(
        "", "SQLAlchemy URL of the count of wrong order proofs; empty means SQLite in data_dir.", True
    )
    allowed_origins: str = _setting(
        "",
        "Origins of shop pages that carry the widget and, on https, agents may show to customers; separated by commas.",
    )
    api_tokens: str = _setting("", "Callers of the rest channel as `name:token`, separated by commas.", True)
    trusted_proxies: int = _setting(0, "How many proxies stand in front and add X-Forwarded-For.", at_least=0)
    max_message_chars: int = _setting(2000, "Longest text a customer may send.", at_least=50)
    messages_burst: int = _setting(20, "How many messages a customer may send at once.", at_least=1)
    messages_per_second: int = _setting(2, "How many messages a second a customer may send after that.", at_least=1)
    flood_lines_per_hour: int = _setting(
        1000,
        "Most lines beyond that pace that are kept of a customer of a channel an hour; the rest is counted.",
        at_least=1,
    )
    paid_per_customer_hour: int = _setting(
        60,
        "Most paid messages (SMS, LINE pushes, WhatsApp templates) of a channel to one customer an hour; 0: any.",
        at_least=0,
    )
    paid_per_customer_day: int = _setting(200, "The same a day.", at_least=0)
    paid_per_channel_hour: int = _setting(1000, "Most paid messages of a channel an hour; 0: any number.", at_least=0)
    paid_per_channel_day: int = _setting(5000, "The same a day.", at_least=0)
    attachments_dir: str = _setting(
        "", "Folder of the files that customers and agents send; empty means attachments in data_dir."
    )
    max_attachment_megabytes: int = _setting(20, "Largest file that may be sent.", at_least=1)
    attachments_per_minute: int = _setting(20, "How many files a minute a customer may send.", at_least=1)
    burst_window_milliseconds: int = _setting(
        1200,
        "How long a line that announces another one (`I want to ask`) waits for it; 0 makes every line its own turn.",
        at_least=0,
    )
    sessions_per_minute: int = _setting(60, "New widget sessions a minute from one address.", at_least=1)
    logins_per_minute: int = _setting(
        10, "Attempts to sign in to the desk a minute, per login and address.", at_least=1
    )
    promise_soon_minutes: int = _setting(
        30, "How long before a promise is due its owner is told at the desk.", at_least=0
    )
    promise_escalate_minutes: int = _setting(15, "How long after a broken promise supervisors are told.", at_least=0)
    message_reply_minutes: int = _setting(
        240, "Within how many minutes of opening hours a left message is answered; 0 promises nothing.", at_least=0
    )
    ask_rating: bool = _setting(True, "Ask customers how it was when a stretch with somebody who answered is over.")
    idle_reminder_minutes: int = _setting(
        10, "How long after a person's line a silent customer is reminded; 0 never reminds.", at_least=0
    )
    idle_close_minutes: int = _setting(
        10,
        "How long after that (or after the line, without reminder) the conversation is closed; 0 never closes.",
        at_least=0,
    )
    assistant_idle_minutes: int = _setting(
        1440,
        "After how long a silent conversation with the assistant is closed: told in a chat on a page, never pushed to "
        "a phone or mailbox; 0 never closes.",
        at_least=0,
    )
    reopen_minutes: int = _setting(
        60,
        "Within how long after its close a customer who writes again gets the same person, when available; 0 never.",
        at_least=0,
    )
    queue_update_minutes: int = _setting(
        5, "How long at least between two news of the place in a text channel; 0 sends none.", at_least=0
    )
    wrap_up_file: str = _setting("", "File of resolutions, reasons and tags; empty means handoff/wrap_up.yml.")
    customer_form_file: str = _setting(
        "", "File of customers' classes and the shop's own fields; empty means handoff/customer_form.yml."
    )
    vague_promises_file: str = _setting(
        "", "File of phrases that promise no time or too much; empty means handoff/vague_promises.yml."
    )
    visitor_list: bool = _setting(
        True, "Show agents who is on the shop's pages, and invite visitors to chat by rule or by hand."
    )
    invitations_file: str = _setting(
        "", "File of automatic invitations and their limits; empty means handoff/invitations.yml."
    )
    templates_file: str = _setting(
        "", "File of the templates that providers approved; empty means handoff/message_templates.yml."
    )
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR.")

    # -- what follows from the table ----------------------------------------------------------------------------

    @property
    def data_path(self) -> Path:
        """The data folder."""
        return Path(self.data_dir)

    def articles_path(self, root: Path) -> Path:
        """The folder of the articles."""
        return Path(self.articles_dir) if self.articles_dir else root / "faq_kb" / "articles"

    @property
    def attachments_path(self) -> Path:
        """The folder of the files that are sent; several gateways share one."""
        return Path(self.attachments_dir) if self.attachments_dir else self.data_path / "attachments"

    @property
    def max_attachment_bytes(self) -> int:
        """Largest file that may be sent."""
        return self.max_attachment_megabytes * 1_000_000

    @property
    def database(self) -> str:
        """URL of the platform's database."""
        return self.database_url or f"sqlite:///{self.data_path / 'switchboard.db'}"

    @property
    def shop_mapping(self) -> dict[str, str]:
        """What `shop.open_shop` takes."""
        if self.shop_adapter == "http":
            return {"adapter": "http", "base_url": self.shop_url, "token": self.shop_token}
        return {"adapter": "sql", "url": self.shop_url or f"sqlite:///{self.data_path / 'shop.db'}"}

    @property
    def base_url(self) -> str:
        """The address customers see."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def help_address(self) -> str:
        """The public address of the help pages."""
        return self.help_url.rstrip("/") or f"{self.base_url}/help"

    @property
    def account_link_address(self) -> str:
        """The shop's page for account links; empty where none are offered."""
        return self.account_link_url or (f"{self.base_url}/shop/link" if self.demo else "")

    def environment(self) -> dict[str, str]:
        """The whole table as environment variables, for the processes that read nothing else."""
        return {f"SWITCHBOARD_{one.name.upper()}": str(getattr(self, one.name)) for one in fields(self)}

    @property
    def bot_addresses(self) -> tuple[str, ...]:
        """The bot workers, in a fixed order."""
        return _listed(self.bot_urls)

    @property
    def origins(self) -> frozenset[str]:
        """Origins whose pages may carry the widget."""
        own = {self.base_url, f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}"}
        return frozenset(own | {origin.rstrip("/") for origin in _listed(self.allowed_origins)})

    @property
    def shop_origins(self) -> tuple[str, ...]:
        """The shop's own sites, whose pages agents may show to customers."""
        return tuple(origin.rstrip("/") for origin in _listed(self.allowed_origins))

    @property
    def callers(self) -> dict[str, str]:
        """Tokens of the rest channel: token to caller's name."""
        pairs = (entry.partition(":") for entry in _listed(self.api_tokens))
        return {token.strip(): name.strip() for name, _, token in pairs if name.strip() and token.strip()}

    def credentials_path(self, root: Path) -> Path:
        """The file of the channels."""
        return Path(self.credentials_file) if self.credentials_file else root / "credentials.yml"

    @property
    def teams_path(self) -> Path:
        """The file of the teams."""
        return Path(self.teams_file) if self.teams_file else teams.SHIPPED

    @property
    def hours(self) -> OpeningHours:
        """The opening hours, parsed."""
        return OpeningHours.parse(self.opening_hours, self.time_zone)

    @property
    def wrap_up_path(self) -> Path:
        """The file of resolutions and reasons."""
        return Path(self.wrap_up_file) if self.wrap_up_file else SHIPPED

    @property
    def customer_form_path(self) -> Path:
        """The file of customers' classes and fields."""
        return Path(self.customer_form_file) if self.customer_form_file else customer_form.SHIPPED

    @property
    def vague_promises_path(self) -> Path:
        """The file of phrases that agents are warned of."""
        return Path(self.vague_promises_file) if self.vague_promises_file else vague_promises.SHIPPED

    @property
    def invitations_path(self) -> Path:
        """The file of automatic invitations."""
        return Path(self.invitations_file) if self.invitations_file else invitation_rules.SHIPPED

    @property
    def templates_path(self) -> Path:
        """The file of approved templates."""
        return Path(self.templates_file) if self.templates_file else message_templates.SHIPPED

    @property
    def idle_terms(self) -> IdleTerms:
        """When a silent customer is reminded and a conversation closed."""
        return IdleTerms(
            reminder=timedelta(minutes=self.idle_reminder_minutes),
            close=timedelta(minutes=self.idle_close_minutes),
            assistant=timedelta(minutes=self.assistant_idle_minutes),
        )

    @property
    def spending_caps(self) -> Caps:
        """How many paid messages may leave."""
        return Caps(
            self.paid_per_customer_hour,
            self.paid_per_customer_day,
            self.paid_per_channel_hour,
            self.paid_per_channel_day,
        )

    @property
    def promise_terms(self) -> PromiseTerms:
        """When somebody hears of a promise."""
        return PromiseTerms(
            soon=timedelta(minutes=self.promise_soon_minutes),
            escalate=timedelta(minutes=self.promise_escalate_minutes),
            message_reply=timedelta(minutes=self.message_reply_minutes),
        )


SECRETS = frozenset(one.name for one in fields(Settings) if one.metadata["secret"])


def load(endpoints: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError naming key, value and expectation; never a secret's value."""
    environment = os.environ if environment is None else environment
    values = _from_file(endpoints, environment)
    hints = get_type_hints(Settings)
    known = {one.name: one for one in fields(Settings)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise SettingsError(
            f"{endpoints.name}: unknown setting {SECTION}.{unknown[0]}; known are {', '.join(sorted(known))}."
        )
    for name in known:
        if f"SWITCHBOARD_{name.upper()}" in environment:
            values[name] = environment[f"SWITCHBOARD_{name.upper()}"]
    settings = Settings(
        **{name: _converted(name, value, hints[name], known[name].metadata) for name, value in values.items()}
    )
    _check(settings)
    return settings


def rows() -> list[tuple[str, str, str]]:
    """The table for people: name, default, help. Secrets show no default."""
    return [
        (one.name, "" if one.metadata["secret"] else str(one.default), one.metadata["help"]) for one in fields(Settings)
    ]


def _from_file(endpoints: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    if not endpoints.exists():
        return {}
    try:
        loaded = yaml.safe_load(endpoints.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(f"{endpoints.name}{where}: not valid YAML ({getattr(exc, 'problem', exc)}).") from exc
    except UnicodeDecodeError as exc:
        raise SettingsError(f"{endpoints.name}: not UTF-8 (byte {exc.start}).") from exc
    section = (loaded.get(SECTION) or {}) if isinstance(loaded, dict) else {}
    if not isinstance(section, dict):
        raise SettingsError(f"{endpoints.name}: the section {SECTION} must be a mapping of setting to value.")
    return {name: _with_variables(name, value, environment) for name, value in section.items() if value is not None}


def _with_variables(name: str, value: Any, environment: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value

    def look_up(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise SettingsError(f"{SECTION}.{name} asks for the environment variable {match[1]}, which is not set.")
        return environment[match[1]]

    return _VARIABLE.sub(look_up, value)


def _converted(name: str, value: Any, kind: Any, metadata: Mapping[str, Any]) -> Any:
    shown = "(secret)" if metadata["secret"] else repr(value)
    if not isinstance(value, (str, int, float)):
        raise SettingsError(f"{SECTION}.{name} is {shown}; expected one value, not a list or a mapping.")
    if kind is bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in ("true", "yes", "on", "1"):
            return True
        if word in ("false", "no", "off", "0"):
            return False
        raise SettingsError(f"{SECTION}.{name} is {shown}; expected true or false.")
    if kind is int:
        try:
            number = int(str(value).strip())
        except ValueError as exc:
            raise SettingsError(f"{SECTION}.{name} is {shown}; expected a whole number.") from exc
        if metadata["at_least"] is not None and number < metadata["at_least"]:
            raise SettingsError(f"{SECTION}.{name} is {shown}; expected at least {metadata['at_least']}.")
        return number
    return str(value).strip()


def _check(settings: Settings) -> None:
    if settings.port > 65535:
        raise SettingsError(f"{SECTION}.port is {settings.port}; expected at most 65535.")
    _one_of("default_language", settings.default_language, ("zh-HK", "zh-TW", "zh-CN", "en"))
    _one_of("shop_adapter", settings.shop_adapter, ("sql", "http"))
    _one_of("sqlite_synchronous", settings.sqlite_synchronous, ("NORMAL", "FULL", "EXTRA"))
    _one_of("log_level", settings.log_level, ("DEBUG", "INFO", "WARNING", "ERROR"))
    for name in ("identity_secret", "visitor_secret"):
        if 0 < len(getattr(settings, name).encode()) < MIN_SECRET_BYTES:
            raise SettingsError(f"{SECTION}.{name} is too short; expected at least {MIN_SECRET_BYTES} bytes.")
    for name in ("database_url", "attempts_url"):
        _check_database_url(name, getattr(settings, name))
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError(f"{SECTION}.redis_url is no Redis address; expected for example redis://127.0.0.1:6379/0.")
    if settings.shop_adapter == "http" and not settings.shop_token:
        raise SettingsError(f"{SECTION}.shop_token is empty; the http adapter asks for the shop API's bearer token.")
    if settings.shop_adapter == "http" and not settings.shop_url.startswith(("http://", "https://")):
        raise SettingsError(f"{SECTION}.shop_url must be an http(s) address when shop_adapter is http.")
    if settings.help_url and not re.fullmatch(_ORIGIN.pattern + r"[\w./-]*", settings.help_url):
        raise SettingsError(f"{SECTION}.help_url is no address; expected for example https://shop.example.com/help.")
    if settings.account_link_url and not _ADDRESS.fullmatch(settings.account_link_url):
        raise SettingsError(
            f"{SECTION}.account_link_url is no address; expected for example https://shop.example.com/link (https, but "
            "for this machine)."
        )
    if any(not all(map(str.strip, entry.partition(":"))) for entry in _listed(settings.api_tokens)):
        raise SettingsError(f"{SECTION}.api_tokens has an entry that is not name:token.")
    for origin in _listed(settings.allowed_origins):
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"{SECTION}.allowed_origins has {origin!r}; expected scheme and host, such as https://shop.example.com."
            )
    try:
        settings.hours.is_open  # noqa: B018  (parsing is the check)
        load_wrap_ups(settings.wrap_up_path)
        vague_promises.read(settings.vague_promises_path)
        customer_form.read(settings.customer_form_path)
        invitation_rules.read(settings.invitations_path)
        message_templates.read(settings.templates_path)
    except message_templates.TemplatesError as exc:
        raise SettingsError(f"{SECTION}.templates_file: {exc}") from exc
    except invitation_rules.InvitationRulesError as exc:
        raise SettingsError(f"{SECTION}.invitations_file: {exc}") from exc
    except customer_form.CustomerFormError as exc:
        raise SettingsError(f"{SECTION}.customer_form_file: {exc}") from exc
    except vague_promises.VaguePromisesError as exc:
        raise SettingsError(f"{SECTION}.vague_promises_file: {exc}") from exc
    except WrapUpFileError as exc:
        raise SettingsError(f"{SECTION}.wrap_up_file: {exc}") from exc
    except ValueError as exc:
        raise SettingsError(f"{SECTION}.opening_hours or time_zone: {exc}.") from exc


def _check_database_url(name: str, url: str) -> None:
    """Raise SettingsError without the URL itself, which may hold a password."""
    if not url:
        return
    try:
        backend = make_url(url).get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        raise SettingsError(
            f"{SECTION}.{name} is no address of a database; expected sqlite:///… or postgresql+psycopg2://…"
        )


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{SECTION}.{name} is {value!r}; expected one of {', '.join(allowed)}.")


def _listed(written: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in written.split(",") if part.strip())
