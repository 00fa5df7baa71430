"""The pages are of one piece: links lead somewhere, the index has every page, the house has every room."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _pages() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.split()


PAGES = _pages()


@cache
def anchors_of(page: Path) -> frozenset[str]:
    """What a link may name behind `#`, as code hosts make it of headings."""
    headings = re.findall(r"^#+ +(.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """A link inside the repository names a file that is there and a heading that it has."""
    page = ROOT / name
    wrong = []
    for target, anchor in LINK.findall(FENCED.sub("", page.read_text())):
        if "://" in target or target.startswith("mailto:"):
            continue
        found = (page.parent / target).resolve() if target else page
        if not found.exists() or (anchor and anchor not in anchors_of(found)):
            wrong.append(f"{target}#{anchor}" if anchor else target)
    assert not wrong, f"{name}: {', '.join(wrong)}"


def test_the_index_has_every_page() -> None:
    """Each page below `docs/` is linked from `docs/README.md`; decisions are found by their folder."""
    index = ROOT / "docs/README.md"
    linked = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text())}
    pages = {ROOT / name for name in PAGES if name.startswith("docs/") and "/decisions/" not in name}
    assert pages - linked - {index} == set()


def test_the_house_has_every_room() -> None:
    """`ARCHITECTURE.md` has a line for each room, and for no other."""
    listed = subprocess.run(
        ["git", "ls-files", "buildledger/*/__init__.py"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    rooms = {name.split("/")[1] for name in listed.stdout.split()}
    house = re.split(r"^```$", (ROOT / "ARCHITECTURE.md").read_text().partition("## The house")[2], flags=re.MULTILINE)
    assert set(re.findall(r"^  (\w+)/", house[1], re.MULTILINE)) == rooms


def test_the_glossary_is_in_order() -> None:
    """Terms are found where the alphabet has them, each once."""
    terms = re.findall(r"^\| \*\*(.+?)\*\*", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    plain = [term.strip("`").casefold() for term in terms]
    assert plain == sorted(set(plain))


def test_every_claim_of_reliability_has_its_test() -> None:
    """Each line of the tables of claims names a test, and each test that the page names is there."""
    page = (ROOT / "docs/reliability.md").read_text().partition("## The loops")[0]
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| what "))]
    assert [row for row in rows if "::" not in row] == []
    named = re.findall(r"`((?:tests|workers|dashboard)/[^`\s:]+)::([^`]+)`", page)
    assert len(named) >= len(rows)
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).is_file() or test.partition("[")[0] not in (ROOT / file).read_text()
    ]
    assert missing == []
