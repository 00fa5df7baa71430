"""Which branches and revisions can be asked for."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.sources.git import names
from buildledger.sources.git.names import RefusedNameError


@pytest.mark.parametrize("name", ["main", "release/1.0", "feature/ümlaut", "a@b", "refs/pull/12/head", "x--y", "日本"])
def test_usual_branches(name: str) -> None:
    """What people call their branches."""
    assert names.branch(name) == name


REFUSED = (
    ["", "-x", "--upload-pack=touch owned", "@", "a@{1}", "a b", "a\nb", "a\x00b", "a\x7f", "a..b", "a~1", "a^", "a:b"],
    ["a?", "a*", "a[", "a\\b", "a//b", "/a", "a/", "a.", ".a", "a/.b", "a.lock", "a.lock/b", "x" * 2000],
)


@pytest.mark.parametrize("name", [name for names in REFUSED for name in names])
def test_refused_branches(name: str) -> None:
    """Options, and everything that git itself allows no branch to be called."""
    with pytest.raises(RefusedNameError):
        names.branch(name)


@given(st.text(alphabet=st.sampled_from("ab-./@{}~^:?*[\\ \n\x7flock"), min_size=1, max_size=8))
def test_never_laxer_than_git(name: str) -> None:
    """Whatever is let through, `git check-ref-format` lets through too."""
    try:
        names.branch(name)
    except RefusedNameError:
        return
    assert subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode == 0


def test_object_names() -> None:
    """Whole object names of both kinds; a shortened one could mean something else tomorrow."""
    assert names.is_object_name("a" * 40)
    assert names.is_object_name("0" * 64)
    assert not names.is_object_name("a" * 39)
    assert not names.is_object_name("A" * 40)
    assert not names.is_object_name("a" * 40 + "\n")
    assert names.revision("A" * 40) == "a" * 40


@pytest.mark.parametrize("name", ["HEAD~3", "main^{tree}", ":/message", "@{-1}", "--all", "main..other"])
def test_revisions_are_no_expressions(name: str) -> None:
    """What an expression means depends on the clone it is asked in."""
    with pytest.raises(RefusedNameError):
        names.revision(name)
