"""The settings: one table, checked at start, with secrets that nobody reads by accident."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from switchboard.secrets import SecretFileError, secret
from switchboard.settings import SECRETS, Settings, SettingsError, load, rows

ROOT = Path(__file__).resolve().parent.parent.parent
HIDDEN = "hunter2-hunter2-hunter2-hunter2-hunter2"


def _load(folder: Path, text: str = "", environment: dict[str, str] | None = None) -> Settings:
    path = folder / "endpoints.yml"
    path.write_text(text, encoding="utf-8")
    return load(path, environment or {})


def _refused(folder: Path, text: str = "", environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        _load(folder, text, environment)
    return str(caught.value)


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load(tmp_path / "none.yml", {}) == Settings()
    assert _load(tmp_path, "") == _load(tmp_path, "switchboard:\n") == Settings()
    assert _load(tmp_path, "action_endpoint:\n  url: http://x\nswitchboard:\n  port:\n") == Settings()


def test_an_unknown_key_is_named_together_with_the_known_ones(tmp_path: Path) -> None:
    said = _refused(tmp_path, "switchboard:\n  prot: 8000\n")
    assert "switchboard.prot" in said and "port" in said


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("port", "eight", "whole number"),
        ("port", "0", "at least 1"),
        ("port", "65536", "at most 65535"),
        ("port", "true", "whole number"),
        ("port", "80.5", "whole number"),
        ("port", "[8000]", "not a list"),
        ("demo", "perhaps", "true or false"),
        ("shop_name", "{a: b}", "not a list or a mapping"),
        ("bot_urls", "[http://a, http://b]", "not a list"),
        ("default_language", "fr", "zh-HK, zh-TW, zh-CN, en"),
        ("shop_adapter", "ftp", "sql, http"),
        ("log_level", "loud", "DEBUG"),
        ("sqlite_synchronous", "OFF", "NORMAL"),
        ("opening_hours", "whenever", "opening_hours"),
        ("time_zone", "Mars/Base", "time_zone"),
        ("trusted_proxies", "-1", "at least 0"),
        ("messages_burst", "0", "at least 1"),
        ("account_link_url", "shop.example.com/link", "https://shop.example.com/link"),
        ("account_link_url", "http://shop.example.com/link", "https, but for this machine"),
        ("account_link_url", "https://shop.example.com/link#there", "no address"),
        ("account_link_url", "https://user@shop.example.com/link", "no address"),
        ("allowed_origins", "shop.example.com", "https://shop.example.com"),
        ("allowed_origins", "https://shop.example.com/path", "scheme and host"),
        ("allowed_origins", "'*'", "scheme and host"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(tmp_path: Path, name: str, value: str, expected: str) -> None:
    said = _refused(tmp_path, f"switchboard:\n  {name}: {value}\n")
    assert name in said and expected in said


@pytest.mark.parametrize(
    "text",
    [
        "switchboard: [",
        "switchboard: 5",
        "switchboard: [port]",
        "switchboard:\n\tport: 1",
        "switchboard:\n  shop_name: !!python/object/apply:os.system [id]\n",
        "switchboard: *nothing",
    ],
)
def test_attack_10_a_broken_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    said = _refused(tmp_path, text)
    assert said.startswith("endpoints.yml") and "Traceback" not in said and said.count("\n") == 0


def test_a_file_that_is_not_utf8_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "endpoints.yml").write_bytes(b"switchboard:\n  shop_name: \xff\n")
    with pytest.raises(SettingsError, match="UTF-8"):
        load(tmp_path / "endpoints.yml", {})


def test_a_variable_is_filled_in_and_a_missing_one_is_named(tmp_path: Path) -> None:
    text = "switchboard:\n  shop_url: https://u:${PASS}@shop.example.com\n"
    assert _load(tmp_path, text, {"PASS": HIDDEN}).shop_url == f"https://u:{HIDDEN}@shop.example.com"
    said = _refused(tmp_path, text, {"OTHER": HIDDEN})
    assert "PASS" in said and "shop_url" in said and HIDDEN not in said


def _another(one: Any) -> str:
    special = {
        "default_language": "en",
        "shop_adapter": "sql",
        "sqlite_synchronous": "FULL",
        "log_level": "DEBUG",
        "opening_hours": "mon-fri 09:00-18:00",
        "time_zone": "Asia/Taipei",
        "database_url": "sqlite:///other.db",
        "attempts_url": "sqlite:///attempts.db",
        "redis_url": "redis://127.0.0.1:6379/9",
        "allowed_origins": "https://shop.example.com",
        "help_url": "https://shop.example.com/help",
        "account_link_url": "https://shop.example.com/link",
        "api_tokens": f"app:{HIDDEN}",
        "wrap_up_file": str(ROOT / "handoff" / "wrap_up.yml"),
        "customer_form_file": str(ROOT / "handoff" / "customer_form.yml"),
        "vague_promises_file": str(ROOT / "handoff" / "vague_promises.yml"),
        "invitations_file": str(ROOT / "handoff" / "invitations.yml"),
        "templates_file": str(ROOT / "handoff" / "message_templates.yml"),
    }
    if one.name in special:
        return special[one.name]
    if isinstance(one.default, bool):
        return str(not one.default)
    return str(one.default + 60) if isinstance(one.default, int) else f"other-{HIDDEN}"


def test_the_environment_overrides_each_setting(tmp_path: Path) -> None:
    file = "switchboard:\n" + "".join(f"  {one.name}: {one.default!r}\n" for one in fields(Settings) if one.default)
    for one in fields(Settings):
        wanted = _another(one)
        loaded = getattr(_load(tmp_path, file, {f"SWITCHBOARD_{one.name.upper()}": wanted}), one.name)
        assert str(loaded) == wanted, one.name


def test_attack_36_secrets_stand_in_no_repr_and_in_no_error(tmp_path: Path) -> None:
    assert {"database_url", "redis_url", "shop_token", "identity_secret", "visitor_secret", "api_tokens"} <= SECRETS
    for one in fields(Settings):
        if one.name in SECRETS:
            assert HIDDEN not in repr(Settings(**{one.name: HIDDEN})), one.name
            assert not one.default, "secrets have no default"
    for name, value, more in (
        ("database_url", f"mysql://u:{HIDDEN}@h/db", ""),
        ("database_url", HIDDEN, ""),
        ("redis_url", f"http://u:{HIDDEN}@h", ""),
        ("shop_url", HIDDEN, "  shop_adapter: http\n  shop_token: x\n"),
        ("identity_secret", HIDDEN[:20], ""),
        ("visitor_secret", HIDDEN[:20], ""),
        ("api_tokens", HIDDEN, ""),
        ("api_tokens", f"app:x,:{HIDDEN}", ""),
        ("shop_token", f"[{HIDDEN}]", ""),
        ("identity_secret", f"{{a: {HIDDEN}}}", ""),
    ):
        said = _refused(
            tmp_path,
            f"switchboard:\n{more}  {name}: {value!r}\n"
            if value[0] not in "[{"
            else f"switchboard:\n  {name}: {value}\n",
        )
        assert name in said and HIDDEN[:20] not in said, name
    assert all(not default for name, default, _ in rows() if name in SECRETS)


def test_attack_36_a_secret_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    value = secret(tmp_path, "visitors")
    path = tmp_path / "visitors.secret"
    assert path.stat().st_mode & 0o777 == 0o600 and len(value) >= 60
    assert secret(tmp_path, "visitors") == value and secret(tmp_path, "identity") != value
    for mode in (0o640, 0o604, 0o666):
        path.chmod(mode)
        with pytest.raises(SecretFileError) as caught:
            secret(tmp_path, "visitors")
        assert "chmod 600" in str(caught.value) and value not in str(caught.value)
    path.chmod(0o600)
    path.write_text("")
    with pytest.raises(SecretFileError, match="empty"):
        secret(tmp_path, "visitors")


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]


def test_endpoints_yml_shows_every_setting_with_its_help_and_default() -> None:
    text = (ROOT / "endpoints.yml").read_text(encoding="utf-8")
    section = text.partition("\nswitchboard:")[2]
    shown = dict(re.findall(r"^  # ([a-z_]+): (.*)$", section, re.MULTILINE))
    assert list(shown) == [one.name for one in fields(Settings)]
    for one in fields(Settings):
        assert yaml.safe_load(shown[one.name]) == one.default, one.name
        assert one.metadata["help"] in section, one.name
    assert yaml.safe_load(text)["switchboard"] is None, "as shipped, the defaults hold"
