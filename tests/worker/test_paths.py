"""Paths don't leave the directory they belong to."""

import os
from pathlib import Path

import pytest

from buildledger.worker.files.paths import PathEscapesError, build_directory, resolve, resolve_links


@pytest.fixture
def root(tmp_path: Path) -> bytes:
    """`build`, beside `build-evil`, with links in it that lead out and about."""
    for name in ("build/sub", "build-evil", "outside"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "build" / "out").symlink_to(tmp_path / "outside")
    (tmp_path / "build" / "evil").symlink_to(tmp_path / "build-evil")
    (tmp_path / "build" / "in").symlink_to("sub")
    return os.fsencode(tmp_path / "build")


@pytest.mark.parametrize(
    "path", [b"../build-evil/x", b"/etc/passwd", b"sub/../../x", b"out/x", b"evil/x", b"a\0b", b"sub/../x"]
)
def test_escapes(root: bytes, path: bytes) -> None:
    """Neither dots, nor absolute paths, nor links, nor a directory whose name only begins alike."""
    with pytest.raises(PathEscapesError):
        resolve(root, path)
    with pytest.raises(PathEscapesError):
        resolve_links(root, path)


@pytest.mark.parametrize("path", [b"x", b"sub/x", b"./sub//x", b"in/x", b"missing/deeper/x", b"caf\xe9"])
def test_stays(root: bytes, path: bytes) -> None:
    """Paths inside are taken, whether they exist and whatever their names' encoding."""
    assert resolve(root, path).startswith(root + b"/")


def test_last_name_may_be_a_link(root: bytes) -> None:
    """A link itself lies inside and can be removed; what it points to can't be reached."""
    assert resolve(root, b"out") == root + b"/out"
    with pytest.raises(PathEscapesError):
        resolve_links(root, b"out")


@pytest.mark.parametrize("builddir", ["", "/", "..", "a/..", "a//b", "./a", "a\0", "a\\b"])
def test_build_directories_have_plain_names(tmp_path: Path, builddir: str) -> None:
    """A build directory is named by plain names only."""
    with pytest.raises(PathEscapesError):
        build_directory(tmp_path, builddir)


def test_build_directory_behind_a_link(tmp_path: Path) -> None:
    """A build directory that was replaced by a link to elsewhere isn't used."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "b").symlink_to(tmp_path)
    with pytest.raises(PathEscapesError):
        build_directory(tmp_path / "work", "b")
