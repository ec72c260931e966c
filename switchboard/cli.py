"""The command line. Every mistake ends in one sentence and a non-zero exit."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Optional

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.engine import make_url

from handoff.database import Database
from handoff.errors import HandoffError
from handoff.models import Role
from handoff.plain import plain
from switchboard import nlu_commands
from switchboard.settings import SECRETS, Settings, SettingsError, load, rows

if TYPE_CHECKING:
    from faq_kb import Evaluation, Outcome, Question, Replay
    from handoff.teams import Teams

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "tests" / "faq_kb" / "questions"
DEVELOPMENT_QUESTIONS = QUESTIONS / "development.jsonl"

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    # The pretty traceback prints local variables, secrets among them.
    pretty_exceptions_enable=False,
    help="Switchboard: a bot, a queue of people, one line.",
)
agent_app = typer.Typer(no_args_is_help=True, help="The people at the desk.")
faq_app = typer.Typer(no_args_is_help=True, help="The shop's articles.")
app.add_typer(agent_app, name="agent")
app.add_typer(faq_app, name="faq")
app.add_typer(nlu_commands.app, name="nlu")


@app.command()
def run() -> None:
    """Start everything on this machine: train if needed, demo shop, gateway, bot, actions."""
    from switchboard.runner import CannotStart, Runner

    settings = _settings()
    progress = _Progress()
    try:
        code = Runner(settings, ROOT, progress.line, progress.passing).run()
    except CannotStart as exc:
        progress.end()
        _fail(str(exc))
    except KeyboardInterrupt:
        progress.end()
        code = 130
    raise typer.Exit(code)


@app.command()
def gateway() -> None:
    """Start the gateway alone; the bot's addresses come from the setting bot_urls."""
    from switchboard.gateway import CannotServe, serve

    settings = _settings()
    if not settings.bot_addresses:
        _fail("The gateway needs the setting bot_urls, such as http://127.0.0.1:5005.")
    try:
        serve(settings)
    except CannotServe as exc:
        _fail(str(exc))


@app.command()
def settings() -> None:
    """Show every setting: name, default, help, and the value in force."""
    current = _settings()
    table = Table("setting", "default", "in force", "help")
    for name, default, text in rows():
        value = getattr(current, name)
        shown = "(set)" if value and name in SECRETS else str(value)
        table.add_row(name, default, shown, text)
    Console(width=160).print(table)


@agent_app.command("add")
def agent_add(
    login: str,
    name: str = typer.Option(..., help="The name customers see."),
    role: str = typer.Option("agent", help="agent, supervisor, editor or admin."),
    language: str = typer.Option("en", help="Language of the agent's desk: zh-HK, zh-TW, zh-CN or en."),
    password_stdin: bool = typer.Option(False, "--password-stdin", help="Read the password from standard input."),
) -> None:
    """Make an agent."""
    from handoff import agents, texts
    from handoff.clock import utc_now

    if role not in [one.value for one in Role]:
        _fail(f"There is no role {role!r}; choose one of {', '.join(one.value for one in Role)}.")
    if language not in texts.LOCALES:
        _fail(f"There is no language {language!r}; choose one of {', '.join(texts.LOCALES)}.")
    password = _password(password_stdin)
    database = _database()
    try:
        added = database.write_now(lambda c: agents.add(c, login, name, Role(role), password, utc_now(), language))
    except HandoffError as exc:
        _fail(str(exc))
    finally:
        database.close()
    typer.echo(f"{added.name} can sign in as {added.login} ({added.role.value}).")


@agent_app.command("password")
def agent_password(login: str, password_stdin: bool = typer.Option(False, "--password-stdin")) -> None:
    """Set an agent's password; ends their sessions."""
    from handoff import agents

    password = _password(password_stdin)
    database = _database()
    try:
        database.write_now(lambda c: agents.set_password(c, login, password))
    except HandoffError as exc:
        _fail(str(exc))
    finally:
        database.close()
    typer.echo(f"{login} has a new password.")


@agent_app.command("work")
def agent_work(
    login: str,
    team: Optional[list[str]] = typer.Option(None, help="A team; several times for several. Without any: as before."),
    skill: Optional[list[str]] = typer.Option(None, help="A skill that the file of teams knows."),
    language: Optional[list[str]] = typer.Option(None, help="A language they answer in: zh-HK, zh-TW, zh-CN or en."),
    capacity: Optional[int] = typer.Option(None, help="Conversations at a time; 0 means what the teams say."),
    every: bool = typer.Option(False, "--every", help="First forget: every team, every language, no skill."),
) -> None:
    """Say what an agent answers: teams, skills, languages, how many customers at a time."""
    from handoff import agents, work
    from handoff.errors import UnknownAgent

    given: dict[str, object] = {"teams": [], "skills": [], "languages": [], "capacity": None} if every else {}
    for name, values in (("teams", team), ("skills", skill), ("languages", language)):
        if values:
            given[name] = list(values)
    if capacity is not None:
        given["capacity"] = capacity or None
    teams = _teams()
    database = _database()
    try:
        before = database.read_now(lambda c: agents.by_login(c, login))
        if before is None:
            raise UnknownAgent(f"There is no agent with the login {login!r}.")
        wanted = work.checked(given, teams, before)
        database.write_now(
            lambda c: agents.set_work(c, before.id, wanted.teams, wanted.skills, wanted.languages, wanted.capacity)
        )
    except HandoffError as exc:
        _fail(str(exc))
    finally:
        database.close()
    shown = [
        ", ".join(some) or every_word
        for some, every_word in (
            (wanted.teams, "every team"),
            (wanted.languages, "every language"),
            (wanted.skills, "no skill"),
        )
    ]
    typer.echo(
        f"{login} answers {shown[0]} in {shown[1]}, with {shown[2]}; "
        f"at a time: {wanted.capacity or 'as the teams say'}."
    )


@app.command("teams")
def teams_command(
    path: Optional[Path] = typer.Argument(None, help="A file of teams; without it, the one in force."),
) -> None:
    """Check the file of teams and show what it says; exit 2 names file, line and field of an error."""
    teams = _teams(path)
    table = Table("team", "name", "policy", "open now", "lead", "fallback", "skills")
    from handoff.clock import utc_now

    for one in teams.by_id.values():
        table.add_row(
            one.id,
            Text(one.name_in("en")),
            one.policy.value,
            "yes" if one.hours.is_open(utc_now()) else "no",
            one.lead or "",
            f"{one.fallback} after {one.fallback_after_seconds} s" if one.fallback else "",
            ", ".join(one.skills),
        )
    Console(width=140).print(table)


@agent_app.command("off")
def agent_off(login: str) -> None:
    """Let somebody no longer sign in; ends their sessions."""
    _switch_agent(login, active=False)


@agent_app.command("on")
def agent_on(login: str) -> None:
    """Let somebody sign in again."""
    _switch_agent(login, active=True)


@agent_app.command("list")
def agent_list() -> None:
    """Show everybody."""
    from handoff import agents

    database = _database()
    try:
        everybody = database.read_now(agents.listing)
    finally:
        database.close()
    for one in everybody:
        typer.echo(f"{one.login:<16} {one.role.value:<11} {one.language:<6} {one.name}{'' if one.active else ' (off)'}")


@faq_app.command("check")
def faq_check(
    folder: Optional[Path] = typer.Argument(None, help="Folder of articles."),
    strict: bool = typer.Option(False, "--strict", help="Exit 1 for warnings too."),
    quick: bool = typer.Option(False, "--quick", help="Without asking the search which articles beat each other."),
    language: str = typer.Option("en", "--language", help="zh-HK, zh-TW, zh-CN or en."),
    output: str = typer.Option("text", "--format", help="text or json."),
) -> None:
    """Check the articles; exit 1 when one has an error."""
    import faq_kb

    if language not in faq_kb.LOCALES:
        _fail(f"--language must be one of {', '.join(faq_kb.LOCALES)}.")
    if output not in ("text", "json"):
        _fail("--format must be text or json.")
    problems = faq_kb.check(folder or _settings().articles_path(ROOT), by_search=not quick)
    if output == "json":
        typer.echo(json.dumps([problem.as_json(language) for problem in problems], ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            typer.echo(problem.told(language))
        typer.echo(faq_kb.summary(problems, language))
    errors = [problem for problem in problems if strict or problem.level is faq_kb.Level.ERROR]
    raise typer.Exit(1 if errors else 0)


@faq_app.command("rank")
def faq_rank(
    kb: Path = typer.Option(..., help="JSON lines: id, questions, answer."),
    queries: Path = typer.Option(..., help="JSON lines: qid, text."),
    out: Path = typer.Option(..., help="Where to write the answers."),
) -> None:
    """Rank a knowledge base it has never seen against questions, for measuring."""
    import faq_kb

    try:
        faq_kb.rank_file(kb, queries, out)
    except (OSError, ValueError, faq_kb.ArticleError) as exc:
        _fail(str(exc))


@faq_app.command("eval")
def faq_eval(
    kb: Optional[Path] = typer.Option(None, help="JSON lines: id, questions, answer. Without it, the shop's articles."),
    queries: Optional[list[Path]] = typer.Option(
        None, help="JSON lines: text, id, variant. Without it, our own questions; lines without an id must be refused."
    ),
    out_of_scope: Optional[Path] = typer.Option(
        None, help="JSON lines: text. What must be refused, in place of these."
    ),
    as_json: bool = typer.Option(False, "--json", help="For programs."),
) -> None:
    """Measure the search on labelled questions."""
    import faq_kb

    try:
        files = {path.name: faq_kb.questions_in(path) for path in queries or sorted(QUESTIONS.glob("*.jsonl"))}
        refused = faq_kb.questions_in(out_of_scope) if out_of_scope else []
        if kb:
            knowledge = faq_kb.KnowledgeBase(faq_kb.articles_in(kb))
        else:
            knowledge = faq_kb.KnowledgeBase.load(_settings().articles_path(ROOT))
    except (OSError, ValueError, faq_kb.ArticleError) as exc:
        _fail(str(exc))
    if not out_of_scope:
        refused = [asked for file in files.values() for asked in file if asked.article_id is None]
    labelled = {name: [asked for asked in file if asked.article_id is not None] for name, file in files.items()}
    found = {
        name: faq_kb.evaluate(faq_kb.asking(knowledge), asked, [one.text for one in refused])
        for name, asked in labelled.items()
        if asked
    }
    if not found:
        _fail("There are no questions with the id of an article to measure with.")
    if as_json:
        typer.echo(json.dumps({name: one.as_json() for name, one in found.items()}, ensure_ascii=False, indent=2))
    else:
        _show_evaluations(found)


@faq_app.command("replay")
def faq_replay(
    before: str = typer.Option("HEAD", help="Folder of articles, or a version that git knows."),
    after: Optional[Path] = typer.Option(None, help="Folder of articles. Without it, the shop's."),
    questions: Optional[list[Path]] = typer.Option(
        None, help="JSON lines: text, id, variant. Without it, our own development questions."
    ),
    past: int = typer.Option(1000, min=0, max=10_000, help="How many of the customers' last questions."),
    as_json: bool = typer.Option(False, "--json", help="For programs."),
) -> None:
    """Ask what customers asked of the articles before and after a change."""
    import faq_kb
    from faq_kb.replay import LABELLED
    from switchboard.article_versions import knowledge_of

    folder = _settings().articles_path(ROOT)
    try:
        old, new = knowledge_of(before, folder), faq_kb.KnowledgeBase.load(after or folder)
        labelled = [one for path in questions or [DEVELOPMENT_QUESTIONS] for one in faq_kb.questions_in(path)]
    except (OSError, ValueError, faq_kb.ArticleError) as exc:
        _fail(str(exc))
    asked = [faq_kb.Question(one.text, one.variant, LABELLED, one.article_id) for one in labelled]
    found = faq_kb.replay(old, new, [*_past_questions(past), *asked])
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        _show_replay(found)


def _past_questions(limit: int) -> list[Question]:
    """The customers' last questions; none where there is no database yet."""
    from handoff.past_questions import past_questions

    url = make_url(_settings().database)
    if not limit or (url.drivername.startswith("sqlite") and not Path(url.database or "").exists()):
        return []
    database = _database()
    try:
        return database.read_now(lambda c: past_questions(c, limit))
    finally:
        database.close()


def _show_replay(found: Replay) -> None:
    """The sentence, then each question that fares otherwise, before and after side by side."""
    typer.echo(found.summary)
    for title, some in (
        ("change answer", found.changed),
        ("become unanswered", found.lost),
        ("become answered", found.won),
    ):
        if some:
            table = Table(f"{len(some)} {title}", "before", "after")
            for one in some:
                table.add_row(_asked(one.question), _found(one.before), _found(one.after))
            Console(width=140).print(table)


def _asked(question: Question) -> Text:
    """A cell, as text: what a customer wrote is no markup for the terminal."""
    lines = [question.text, ", ".join(filter(None, (question.source, question.variant)))]
    if question.expected:
        lines.append(f"should find {question.expected}")
    return Text(plain("\n".join(lines)))


def _found(outcome: Outcome | None) -> Text:
    return Text(f"{outcome.article_id} ({outcome.decision.value}, {outcome.score:.2f})" if outcome else "nothing")


def _show_evaluations(found: Mapping[str, Evaluation]) -> None:
    """A table a file: hits by variant, then what is answered and what is refused."""
    for name, one in found.items():
        table = Table(name, "questions", "hit@1", "hit@3")
        for title, hits in (*one.variants.items(), ("all", one.hits)):
            table.add_row(title, str(hits.questions), f"{hits.hit_1:.3f}", f"{hits.hit_3:.3f}")
        Console(width=100).print(table)
        typer.echo(f"answered {one.answered:.1%}, of these rightly {one.precision:.1%}")
        if one.refusals:
            typer.echo(
                f"of {one.refusals.questions} without an answer, answered {one.refusals.answered:.1%}; "
                f"AUROC {one.refusals.auroc:.3f}; refused while 95 % of the others are accepted: "
                f"{one.refusals.refused_at_95:.1%}"
            )


def _switch_agent(login: str, active: bool) -> None:
    from handoff import agents

    database = _database()
    try:
        database.write_now(lambda c: agents.set_active(c, login, active))
    except HandoffError as exc:
        _fail(str(exc))
    finally:
        database.close()
    typer.echo(f"{login} can {'sign in again' if active else 'no longer sign in'}.")


def _settings() -> Settings:
    try:
        return load(ROOT / "endpoints.yml")
    except SettingsError as exc:
        _fail(str(exc))


def _teams(path: Path | None = None) -> Teams:
    from handoff.team_file import TeamsError
    from handoff.teams import read

    current = _settings()
    try:
        return read(path or current.teams_path, current.hours)
    except TeamsError as exc:
        _fail(str(exc))


def _database() -> Database:
    from handoff import migrations

    current = _settings()
    database = Database(current.database, current.sqlite_synchronous)
    migrations.upgrade(database)
    return database


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password (at least 10 characters): ")
    if getpass.getpass("Once more: ") != password:
        _fail("The two passwords differ.")
    return password


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


class _Progress:
    """One passing line on a terminal; plain lines, and few, where there is none."""

    def __init__(self) -> None:
        self._on_terminal = sys.stdout.isatty()
        self._passing = ""

    def line(self, text: str) -> None:
        """A line that stays."""
        self.end()
        print(text, flush=True)

    def passing(self, text: str) -> None:
        """A line that the next one replaces."""
        if self._on_terminal:
            print(f"\r\x1b[K{text}", end="", flush=True)
        elif text.partition(":")[0] != self._passing.partition(":")[0]:
            print(text, flush=True)
        self._passing = text

    def end(self) -> None:
        """Clear the passing line."""
        if self._on_terminal and self._passing:
            print("\r\x1b[K", end="", flush=True)
        self._passing = ""
