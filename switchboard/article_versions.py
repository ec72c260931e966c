"""The articles as they stood in a version of the checkout, read from git without touching any file."""

from __future__ import annotations

import subprocess
from pathlib import Path

from faq_kb import ArticleError, KnowledgeBase, Problem, synonym_file
from faq_kb.loading import parse_file, problems_between, source_of


def knowledge_of(version: str, folder: Path) -> KnowledgeBase:
    """The set of a folder, or what git has of ``folder`` at a version; raises ``ArticleError``."""
    if Path(version).is_dir():
        return KnowledgeBase.load(Path(version))
    return knowledge_at(version, folder)


def knowledge_at(version: str, folder: Path) -> KnowledgeBase:
    """What git has of a folder at a version, such as HEAD or a tag, with its words; raises ``ArticleError``."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{version}^{{commit}}")
    if commit is None:
        raise ArticleError([Problem(version, 0, "", "expected a folder or a version that git knows", "no_files")])
    id = commit.decode().strip()
    listed = _git(folder, "ls-tree", "-z", "--name-only", id, "--", "./") or b""
    names = sorted(Path(name).name for name in listed.decode().split("\0"))

    def content(name: str) -> bytes:
        return _git(folder, "show", f"{id}:./{name}") or b""

    files = [parse_file(content(name), source_of(folder / name)) for name in names if name.endswith(".yml")]
    problems = [problem for file in files for problem in file.problems] + problems_between(files)
    if not files:
        problems.append(Problem(version, 0, "", "expected at least one .yml file with articles", "no_files"))
    if problems:
        raise ArticleError(problems)
    articles = [article for file in files for article in file.articles]
    words = synonym_file.synonyms_of(content(synonym_file.NAME)) if synonym_file.NAME in names else None
    return KnowledgeBase(articles, [file.heading for file in files if file.heading], synonyms=words)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git says in a folder; None when it refuses or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)  # noqa: S607
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
