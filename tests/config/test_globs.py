"""Branch patterns and paths."""

from __future__ import annotations

import pytest

from buildledger.config import globs, paths


@pytest.mark.parametrize(
    ("patterns", "name", "taken"),
    [
        (["main"], "main", True),
        (["main"], "main2", False),
        (["release/*"], "release/1.0", True),
        (["release/*"], "release/1/0", False),
        (["release/**"], "release/1/0", True),
        (["**"], "a/b/c", True),
        (["*"], "a/b", False),
        (["v?"], "v1", True),
        (["**", "!wip/**"], "wip/x", False),
        (["**", "!wip/**", "wip/keep"], "wip/keep", True),
        (["!x"], "y", False),
        (["a.b"], "axb", False),
        (["a+(b)"], "a+(b)", True),
        (["**"], "a\nb", True),
    ],
)
def test_branches(patterns: list[str], name: str, taken: bool) -> None:
    """`*` stays inside a part of the name, `**` doesn't; the last pattern that says anything decides."""
    assert globs.matches(patterns, name) is taken


@pytest.mark.parametrize("path", ["", "/x", "../x", "a/../../b", "C:x", "a\\b", "~/x", "a\nb", "x" * 5000])
def test_paths_that_lead_out(path: str) -> None:
    """Paths that leave the build's directory, or might on some system, are refused."""
    assert paths.fault(path)


@pytest.mark.parametrize("path", [".", "a", "a/b", "..a/b", "build-evil", "a b", "é"])
def test_paths_inside(path: str) -> None:
    """Ordinary relative paths are taken."""
    assert paths.fault(path) is None
