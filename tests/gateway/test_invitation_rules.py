"""The file of automatic invitations: what a mistake is called, that the last good rules stay, that a save is live."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from gateway_parts import Start
from test_visitors import RULES, Browser

from handoff import edited_file, invitation_rules
from handoff.invitation_rules import InvitationRulesError
from switchboard.settings import SettingsError, load

TEXT = "text: {zh-HK: 喂, zh-TW: 嗨, zh-CN: 嗨, en: Hi}"
RULE = "id: one, pages: [/cart], after_seconds: 30"


@pytest.mark.parametrize(
    "written, complaint",
    [
        ("rules: [{RULE, pagse: [/x], TEXT}]", "line 1, rules[0].pagse: unknown field"),
        ("rules:\n  - {id: a, pages: [/x], TEXT}", "line 2, rules[0]: after_seconds is missing"),
        ("rules:\n  - {id: A b, pages: [/x], after_seconds: 9, TEXT}", "line 2, rules[0].id: is 'A b'"),
        ("rules:\n  - {id: a, pages: [c], after_seconds: 9, TEXT}", "rules[0].pages[0]: is 'c'; expected a path such"),
        ("rules:\n  - {id: a, pages: ['/c?x=1'], after_seconds: 9, TEXT}", "expected a path without a query"),
        ("rules:\n  - {id: a, pages: [/c], after_seconds: 2, TEXT}", "after_seconds: is 2; expected a whole number"),
        (
            "rules:\n  - {RULE, cart_at_least: {dollars: 5}, TEXT}",
            "cart_at_least.dollars: expected a currency",
        ),
        ("rules:\n  - {RULE, answered_by: robot, TEXT}", "answered_by: is 'robot'; expected one of assistant"),
        ("rules:\n  - {RULE, team: nobody, TEXT}", "team: is 'nobody'; expected one of sales, support"),
        ("rules:\n  - {RULE, text: {en: Hi}}", "rules[0].text: the name in zh-HK, zh-TW, zh-CN is missing"),
        ("rules:\n  - {RULE, TEXT}\n  - {RULE, TEXT}", "line 3, rules[1]: the id 'one' stands twice"),
        ("limits: {per_day: many}", "line 1, limits.per_day: is 'many'; expected a whole number from 0 to 50"),
        ("rules: [", "not valid YAML"),
    ],
)
def test_a_mistake_is_called_by_file_line_and_field(tmp_path: Path, written: str, complaint: str) -> None:
    path = tmp_path / "invitations.yml"
    path.write_text(written.replace("RULE", RULE).replace("TEXT", TEXT), encoding="utf-8")
    with pytest.raises(InvitationRulesError) as refused:
        invitation_rules.read(path, ("support", "sales"))
    assert complaint in str(refused.value) and str(refused.value).startswith("invitations.yml")


def test_the_shipped_rules_are_good_and_a_bad_file_stops_the_start(tmp_path: Path) -> None:
    shipped = invitation_rules.read(invitation_rules.SHIPPED, ("sales", "support"))
    assert [one.id for one in shipped.rules] == ["cart-waits", "looking-for-an-order"]
    (tmp_path / "bad.yml").write_text("rulez: []", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"invitations_file: bad\.yml, line 1, rulez: unknown field"):
        load(tmp_path / "none.yml", {"SWITCHBOARD_INVITATIONS_FILE": str(tmp_path / "bad.yml")})


@pytest.mark.parametrize(
    "pattern, path, is_like",
    [
        ("/cart", "/cart", True),
        ("/cart", "/cart/2", False),
        ("/goods/*", "/goods/", True),
        ("*/cart*", "/zh-hk/cart/confirm", True),
        ("*/cart*", "/carpet", False),
        ("/a*a", "/a", False),
        ("*a*b*a", "/a/b/a", True),
        ("*a*b*a", "/b/a/a", False),
    ],
)
def test_a_star_stands_for_anything(pattern: str, path: str, is_like: bool) -> None:
    assert invitation_rules._is_like(path, pattern) is is_like


def test_no_path_and_no_pattern_take_long() -> None:
    began = time.process_time()
    for _ in range(200):
        assert not invitation_rules._is_like("/" + "a" * 300 + "c", "*a" * 90 + "*b")
    assert time.process_time() - began < 1


async def test_a_save_is_live_and_a_mistake_leaves_the_last_good_rules(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edited_file, "LOOK_EVERY_SECONDS", 0)  # at every question, not twice a second
    path = tmp_path / "invitations.yml"
    path.write_text("rules: []\n", encoding="utf-8")
    gateway = await start(invitations_file=path)
    ben, sue, ana = await gateway.seat("ben"), await gateway.seat("sue"), Browser(gateway)
    await ana.beat("/goods/tea", returning=True)
    gateway.clock.forward(seconds=44)
    await ana.beat("/goods/tea", returning=True)
    gateway.clock.forward(seconds=20)
    assert await ana.invited("/goods/tea", returning=True) is None
    path.write_text(RULES, encoding="utf-8")
    assert (await sue.get("/visitors"))["rules_problem"] is None
    path.write_text(RULES + "    colour: red\n", encoding="utf-8")
    problem = (await sue.get("/visitors"))["rules_problem"]
    assert "invitations.yml, line 16, rules[1].colour: unknown field" in problem
    assert (await ben.get("/visitors"))["rules_problem"] is None, "nothing for an agent to mend"
    assert (await ana.invited("/goods/tea", returning=True))["text"] == "Looking for something?"


async def test_a_team_that_is_added_or_taken_away_later_counts_in_the_rules_without_a_restart(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edited_file, "LOOK_EVERY_SECONDS", 0)
    name = "name: {zh-HK: 隊, zh-TW: 隊, zh-CN: 队, en: Team}"
    path, teams = tmp_path / "invitations.yml", tmp_path / "teams.yml"
    teams.write_text(f"teams:\n  support: {{{name}}}\n", encoding="utf-8")
    path.write_text("rules: []\n", encoding="utf-8")
    gateway = await start(invitations_file=path, teams_file=teams)
    sue = await gateway.seat("sue")

    async def problem() -> str | None:
        found: str | None = (await sue.get("/visitors"))["rules_problem"]
        return found

    path.write_text(f"rules:\n  - {{{RULE}, team: gifts, {TEXT}}}\n", encoding="utf-8")
    assert "rules[0].team: is 'gifts'; expected one of support." in str(await problem())
    teams.write_text(f"teams:\n  support: {{{name}}}\n  gifts: {{{name}}}\n", encoding="utf-8")
    assert await problem() is None
    teams.write_text(f"teams:\n  support: {{{name}}}\n", encoding="utf-8")
    assert "'gifts'" in str(await problem())
