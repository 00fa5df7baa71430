"""Paths inside a build's directory."""

from __future__ import annotations

import pytest

from buildledger.sources.paths import UnsafePathError, relative


@pytest.mark.parametrize(
    ("path", "shortest"), [(".", "."), ("src", "src"), ("./a//b/", "a/b"), ("a/-b", "a/-b"), ("a..b", "a..b")]
)
def test_shortest_form(path: str, shortest: str) -> None:
    """Several ways to write a path are one path."""
    assert relative(path) == shortest


OUTSIDE = ("", "/etc", "..", "a/../..", "a/..", "~/x", "C:\\x", "c:/x", "a\\..\\b", "a\nb", "a\0b")
MISLEADING = ("-rf", "./-rf", ".git", "a/.GIT/hooks", ".hg", "CVS")


@pytest.mark.parametrize("path", [*OUTSIDE, *MISLEADING])
def test_refused(path: str) -> None:
    """What leads out, could be taken for an option, or lies where version control keeps its own files."""
    with pytest.raises(UnsafePathError):
        relative(path)
