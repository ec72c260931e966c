"""The gateway as a process."""

from __future__ import annotations

import redis
from redis.exceptions import RedisError
from sanic import Sanic
from sqlalchemy.exc import SQLAlchemyError

import shop
from faq_kb import ArticleError
from switchboard import logs, steady
from switchboard.app import create_app
from switchboard.secrets import SecretFileError
from switchboard.settings import Settings


class CannotServe(Exception):
    """Something the gateway needs is not there; the message says what, and never a secret."""


def serve(settings: Settings) -> None:
    """Run until a signal. Raises CannotServe."""
    logs.configure(settings.log_level)
    try:
        app: Sanic = create_app(settings)
        _check_redis(settings)
    except SQLAlchemyError as exc:
        raise CannotServe(f"The database of database_url cannot be used ({type(exc).__name__}).") from exc
    except RedisError as exc:
        raise CannotServe(f"The Redis of redis_url does not answer ({type(exc).__name__}).") from exc
    except (shop.BadShopSettings, SecretFileError, ArticleError, ValueError) as exc:
        raise CannotServe(str(exc)) from exc
    app.after_server_start(_settle)
    app.run(settings.host, settings.port, workers=1, access_log=False, debug=False, motd=False)


async def _settle(*_: object) -> None:
    steady.settle()


def _check_redis(settings: Settings) -> None:
    if settings.redis_url:
        with redis.from_url(settings.redis_url, socket_connect_timeout=3) as client:
            client.ping()
