"""Manifests: canonical, closed in themselves, and never a way out of a directory."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.logs.artifacts_manifest import ENTRIES_MAX, PAGE_BYTES, PAGE_ENTRIES, Entry, Manifest, ManifestError

DIGEST = "0123456789abcdef" * 4


def file(path: str) -> Entry:
    return Entry(path=path, type="file", mode=0o644, size=1, sha256=DIGEST)


def link(path: str, target: str) -> Entry:
    return Entry(path=path, type="link", target=target)


def directory(path: str) -> Entry:
    return Entry(path=path, type="directory")


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=5)
paths = st.lists(names.filter(lambda name: name not in (".", "..")), min_size=1, max_size=3).map("/".join)


def test_the_document() -> None:
    """Keys and entries in a fixed order, no white space: what is stored is what other programs can make again."""
    made = Manifest.of([link("z", "a"), file("naïve"), directory("void")])
    assert made.encode().decode() == (
        '{"version":1,"entries":['
        f'{{"path":"naïve","type":"file","mode":420,"size":1,"sha256":"{DIGEST}"}},'
        '{"path":"void","type":"directory"},'
        '{"path":"z","type":"link","target":"a"}]}'
    )


@given(st.sets(paths, max_size=12), st.randoms())
def test_any_order_is_one_manifest(chosen: set[str], random: object) -> None:
    """Whatever order a directory is listed in, its manifest is the same, and reads back as it was."""
    entries = [file(path) for path in chosen if not any(other.startswith(f"{path}/") for other in chosen)]
    first = Manifest.of(entries).encode()
    assert Manifest.of(reversed(entries)).encode() == first
    assert Manifest.parse(first).encode() == first


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([file("../x")], "no path inside"),
        ([file("/etc/passwd")], "no path inside"),
        ([file("a/../b")], "no path inside"),
        ([file("a//b")], "no path inside"),
        ([file("./a")], "no path inside"),
        ([file("")], "no path inside"),
        ([file("a\0b")], "no path inside"),
        ([file("x" * 5_000)], "no path inside"),
        ([file("a\udcff")], "isn't UTF-8"),
        ([file("a"), file("a")], "isn't in its place"),
        ([file("a"), file("a/b")], "which is no directory"),
        ([link("a", "b"), file("a/b/c")], "which is no directory"),
        ([link("a", "/etc")], "leads out"),
        ([link("a", "..")], "leads out"),
        ([link("a/b", "../../c")], "leads out"),
        ([link("a", "b/../../c")], "leads out"),
        ([link("a", "")], "leads out"),
        ([link("x/y/up", ".."), link("bad", "x/y/up/../../etc")], "'bad' leads out"),
        ([link("up", "sub"), directory("sub"), link("z", "up/../..")], "'z' leads out"),
        ([link("a", "b/c"), link("b", "sub/deep"), link("sub/deep/c", "../../../etc")], "leads out"),
        ([link("l1", "d/e"), link("d/e/up", "../.."), link("out", "l1/up/..")], "'out' leads out"),
        ([Entry(path="a", type="file", sha256="short")], "has no digest"),
        ([file(str(number)) for number in range(ENTRIES_MAX + 1)], "more than 10000"),
    ],
)
def test_what_no_directory_can_be(entries: list[Entry], says: str) -> None:
    """Refused when it is made and when it is read, whoever wrote it."""
    with pytest.raises(ManifestError, match=says):
        Manifest.of(entries)
    with pytest.raises(ManifestError):
        Manifest.parse(json.dumps({"version": 1, "entries": msgspec.to_builtins(entries)}).encode())


def test_links_through_links_that_stay_inside() -> None:
    """A link may go up and through other links as long as it ends inside; one in a circle leads nowhere."""
    Manifest.of([link("x/y/up", ".."), link("good", "x/y/up/y"), link("round", "about"), link("about", "round")])
    Manifest.of([link("a/b/c", "../../d/./e"), link("d", "a//b"), link("self", "self/x")])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no manifest"),
        (b'{"version":2,"entries":[]}', "version 2"),
        (b'{"version":1, "entries":[]}', "canonical"),
        (b'{"version":1,"entries":[],"more":1}', "canonical"),
        (b'{"version":1,"entries":[{"path":"a","type":"socket"}]}', "no manifest"),
    ],
)
def test_what_is_no_manifest(data: bytes, says: str) -> None:
    """Other documents, later versions and other spellings are told apart."""
    with pytest.raises(ManifestError, match=says):
        Manifest.parse(data)


def test_links_inside_are_kept() -> None:
    """A link may point up within the artifact, to the artifact itself, and to nothing."""
    assert Manifest.of([link("a/b", "../c"), link("a/d", ".."), link("e", "nowhere"), link("f", ".")])


@given(st.integers(0, 3 * PAGE_ENTRIES), st.integers(1, 4_000))
def test_pages_hold_all_and_fit_a_message(count: int, length: int) -> None:
    """Every file, link and empty directory is on one page; directories that come by themselves are on none."""
    entries = [directory("d"), directory("void"), *(file(f"d/{number:04}{'x' * length}") for number in range(count))]
    pages = Manifest.of(entries).pages()
    placed = [entry.path for page in pages for entry in page]
    assert sorted(placed) == sorted(entry.path for entry in entries if entry.path != "d" or not count)
    for page in pages:
        assert len(page) <= PAGE_ENTRIES
        assert sum(len(entry.path) + 80 for entry in page) <= PAGE_BYTES
