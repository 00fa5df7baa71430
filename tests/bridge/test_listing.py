"""Patterns are matched in the bridge as the worker matches them on its own disk."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.bridge.listing import matches, plain_beginning
from buildledger.worker.files.contained import OpenDirectory, opened
from buildledger.worker.files.listing import matching
from buildledger.worker.files.paths import build_directory

DIRECTORIES = ["a", "a/b", "d", "x*y"]
FILES = ["a/b/c.txt", "a/.hidden", "d/b", "d/[x]", "x*y/z"]
PARTS = st.sampled_from(["a", "b", "*", "**", "?", "*.txt", "[ab]", "d", "[[]x]", ".h*", "x[*]y", "z"])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDirectory]:
    """A directory with all of these in it."""
    directory: Path = tmp_path_factory.mktemp("tree")
    for name in DIRECTORIES:
        (directory / name).mkdir()
    for name in FILES:
        (directory / name).touch()
    with opened(build_directory(directory.parent, directory.name)) as tree:
        yield tree


@given(parts=st.lists(PARTS, min_size=1, max_size=4))
def test_patterns_match_as_on_disk(root: OpenDirectory, parts: list[str]) -> None:
    """For any pattern both find the same paths, and they lie where the pattern plainly begins."""
    found = matching(root, os.fsencode("/".join(parts)), threading.Event())
    on_disk = {os.fsdecode(path) for path in found}
    here = {path for path in (*DIRECTORIES, *FILES) if matches(path.split("/"), parts)}
    assert here == on_disk
    beginning = plain_beginning(parts)
    assert all(path.split("/")[: len(beginning)] == beginning for path in here)
