"""Paths don't leave the directory they belong to."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildledger.worker.files.contained import OpenDirectory, opened
from buildledger.worker.files.paths import BuildDirectory, PathEscapesError, build_directory


@pytest.fixture
def root(tmp_path: Path) -> Iterator[OpenDirectory]:
    """`build`, beside `build-evil`, with links in it that lead out and about."""
    for name in ("build/sub/deep", "build-evil", "outside"):
        (tmp_path / name).mkdir(parents=True)
    build = tmp_path / "build"
    links: dict[str, str | Path] = {
        "out": tmp_path / "outside",
        "evil": tmp_path / "build-evil",
        "in": "sub",
        "absolute": build / "sub",
    }
    links |= {"sub/deep/back": "../../sub", "sub/up": "../..", "chain": "in/deep", "loop": "loop", "gone": "in/nothing"}
    for name, target in links.items():
        (build / name).symlink_to(target)
    with opened(build_directory(tmp_path, "build")) as tree:
        yield tree


@pytest.mark.parametrize(
    "path",
    [b"../build-evil/x", b"/etc/passwd", b"sub/../../x", b"out/x", b"evil/x", b"a\0b", b"sub/../x", b"in/up/x"],
)
@pytest.mark.parametrize("follow", [False, True])
def test_escapes(root: OpenDirectory, path: bytes, follow: bool) -> None:
    """Neither dots, nor absolute paths, nor links, nor a directory whose name only begins alike."""
    with pytest.raises(PathEscapesError), root.place(path, make_parents=True, follow=follow):
        pass
    with pytest.raises(PathEscapesError), root.directory(path, make=True):
        pass


@pytest.mark.parametrize(
    ("path", "means"),
    [
        (b"x", b"x"),
        (b"sub/x", b"sub/x"),
        (b"./sub//x", b"sub/x"),
        (b"in/x", b"sub/x"),
        (b"absolute/deep/x", b"sub/deep/x"),
        (b"chain/back/x", b"sub/x"),
        (b"gone/x", b"sub/nothing/x"),
        (b"missing/deeper/x", b"missing/deeper/x"),
        (b"caf\xe9", b"caf\xe9"),
    ],
)
def test_stays(root: OpenDirectory, path: bytes, means: bytes) -> None:
    """Paths inside are taken, through links that stay inside, whether they exist and whatever their names' encoding."""
    with root.place(path, make_parents=True) as place:
        assert place.path == means
        os.mkdir(place.name, dir_fd=place.descriptor)
    assert (Path(os.fsdecode(root.path)) / os.fsdecode(means)).is_dir()


def test_last_name_may_be_a_link(root: OpenDirectory) -> None:
    """A link itself lies inside and can be removed; what it points to can't be reached."""
    with root.place(b"out") as place:
        assert place.path == b"out"
    with pytest.raises(PathEscapesError), root.place(b"out", follow=True):
        pass


def test_a_link_that_leads_in_a_circle(root: OpenDirectory) -> None:
    """It is an error as the system's own."""
    with pytest.raises(OSError, match="symbolic links"), root.directory(b"loop"):
        pass


@pytest.mark.parametrize("builddir", ["", "/", "..", "a/..", "a//b", "./a", "a\0", "a\\b"])
def test_build_directories_have_plain_names(tmp_path: Path, builddir: str) -> None:
    """A build directory is named by plain names only."""
    with pytest.raises(PathEscapesError):
        build_directory(tmp_path, builddir)


def test_build_directory_behind_a_link(tmp_path: Path) -> None:
    """A build directory that was replaced by a link to elsewhere isn't used."""
    (tmp_path / "work").mkdir()
    before = build_directory(tmp_path / "work", "b")
    (tmp_path / "work" / "b").symlink_to(tmp_path)
    with pytest.raises(PathEscapesError):
        build_directory(tmp_path / "work", "b")
    with pytest.raises(PathEscapesError), opened(before):
        pass


def test_a_directory_above_that_became_a_link(tmp_path: Path) -> None:
    """Nor is one that lies in such a directory, also when the link leads to another build's."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "other" / "b").mkdir(parents=True)
    directory = build_directory(tmp_path, "a/b")
    (tmp_path / "a").rename(tmp_path / "c")
    (tmp_path / "a").symlink_to("other")
    with pytest.raises(PathEscapesError), opened(directory):
        pass
    assert build_directory(tmp_path, "a/b") == BuildDirectory(directory.work_dir, (b"other", b"b"))
