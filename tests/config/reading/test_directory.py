"""A configuration that is a directory of files: what belongs to it, how it is merged, and what is refused."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from buildledger.config.load import Loaded, Loader

FILES = {
    "10-sources.yaml": 'version: 1\nsources:\n  shop: {git: "https://git.example/shop.git"}\nserver: {title: Ours}\n',
    "20-shop.yml": "builders:\n  shop: {steps: [{run: [make]}]}\ntriggers:\n  - {on: manual, build: shop}\n",
    "30-more.json": '{"version": 1, "builders": {"more": {"steps": [{"run": ["x"]}]}},'
    ' "triggers": {"on": "manual", "build": ["more"]}}',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound one."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def said(folder: Path) -> list[str]:
    """The errors in it, with names relative to it."""
    problems = Loader().read(folder).problems
    return [str(problem).replace(f"{folder}/", "") for problem in problems if problem.severity == "error"]


def test_sections_are_merged_by_name_and_lists_put_one_behind_the_other(folder: Path) -> None:
    """All files together are one configuration, in the order of their names."""
    configuration = Loader().read(folder).sound
    assert list(configuration.builders) == ["shop", "more"]
    assert [trigger.build for trigger in configuration.triggers.values()] == [("shop",), ("more",)]
    assert configuration.server.title == "Ours"


def test_each_problem_names_its_own_file_and_line(folder: Path) -> None:
    """References reach across files; what is wrong is said where it stands."""
    (folder / "20-shop.yml").write_text(
        "builders:\n  shop:\n    steps:\n      - {checkout: shpo}\n      - {runn: [x]}\n"
    )
    assert [line.partition(": ")[0] for line in said(folder)] == ["20-shop.yml:4:20", "20-shop.yml:5:10"]


def test_the_same_name_in_two_files_is_an_error_with_both_places(folder: Path) -> None:
    """Of builders and everything that is named, and of settings that stand once."""
    (folder / "40-again.yaml").write_text("builders:\n\n  shop: {steps: [{run: [y]}]}\nserver: {title: Theirs}\n")
    assert said(folder) == [
        "40-again.yaml:3:3: builders: the name 'shop' stands in two files (the first is at 20-shop.yml:2:3)"
        " [duplicate-key]",
        "40-again.yaml:4:1: 'server' stands in two files (the first is at 10-sources.yaml:4:1) [duplicate-key]",
    ]


def test_what_does_not_fit_together_is_refused(folder: Path) -> None:
    """Another version, a section of another shape, an empty file, and no version anywhere."""
    (folder / "40.yaml").write_text("version: 2\nbuilders: [a]\n")
    (folder / "50.yaml").write_text("# nothing\n")
    found = said(folder)
    assert "40.yaml:1:1: version 2 here, and 1 elsewhere (see 10-sources.yaml:1:1) [version]" in found
    assert "40.yaml:2:1: 'builders' is a mapping of names, but found a list (take it away) [type]" in found
    assert any(line.startswith("50.yaml:1:1: a configuration is a mapping, but it is empty") for line in found)
    for file in folder.iterdir():
        file.unlink()
    (folder / "10-sources.yaml").write_text("locks: {}\n")
    assert said(folder) == ["10-sources.yaml:1:1: missing key 'version' (the first line is 'version: 1') [missing-key]"]


def test_what_editors_leave_is_left_out_and_said(folder: Path) -> None:
    """Hidden files, backups, swap files, directories and files of other kinds aren't read."""
    left = ["20-shop.yml~", ".#10.yaml", "#10.yaml#", ".10.yaml.swp", "10.yaml.bak", "10.yaml.orig", "notes.txt"]
    for name in left:
        (folder / name).write_text("rubbish: [")
    (folder / "secrets").mkdir()
    (folder / "secrets" / "token.yaml").write_text("rubbish: [")
    loaded = Loader().read(folder)
    assert loaded.configuration is not None
    assert {each.partition(" (")[0] for each in loaded.given.left_out} == {*left, "secrets"}


def test_what_cannot_be_read_is_an_error_that_names_it(folder: Path) -> None:
    """A link that leads nowhere, a directory, a pipe or a socket by the name of a file; nothing else is said then."""
    (folder / "a.yaml").symlink_to("nowhere.yaml")
    (folder / "b.yaml").mkdir()
    os.mkfifo(folder / "c.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(folder)
        listening.bind("d.yaml")
        found = said(folder)
    assert [line.partition(" (")[0] for line in found] == [
        "a.yaml: is a link that leads nowhere",
        "b.yaml: is a directory, not a file",
        "c.yaml: is a pipe, not a file",
        "d.yaml: is a socket, not a file",
    ]


def test_a_directory_without_a_file_is_an_error(tmp_path: Path) -> None:
    """It says what it was looking for, and what there is instead."""
    (tmp_path / "ci.yaml.bak").write_text("version: 1\n")
    (only,) = Loader().read(tmp_path).problems
    assert only.code == "file"
    assert "no file ends in .yaml, .yml, .json; there is ci.yaml.bak (left by an editor or a tool)" in only.message


def test_one_broken_file_hides_no_other_and_invents_nothing(folder: Path) -> None:
    """Where a file can't be read as YAML, what others refer to in it isn't called unknown."""
    (folder / "10-sources.yaml").write_text("version: 1\nsources: {shop: [\n")
    (folder / "20-shop.yml").write_text("builders:\n  shop: {steps: [{checkout: shop}]}\n")
    assert {line.partition(":")[0] for line in said(folder)} == {"10-sources.yaml"}


def test_a_load_after_an_edit_says_what_a_whole_load_says(folder: Path) -> None:
    """The other files aren't read again, and the merge is the same as of all of them."""

    def spoken(loaded: Loaded) -> str:
        return loaded.sound.to_json()

    loader = Loader()
    before = loader.read(folder).sound
    (folder / "20-shop.yml").write_text("builders:\n  new: {steps: [{run: [new]}]}\n  shop: {steps: [{run: [m]}]}\n")
    (folder / "05-first.yaml").write_text("locks: {l: {count: 2}}\ntriggers:\n  - {on: manual, build: more}\n")
    assert spoken(loader.read(folder)) == spoken(Loader().read(folder))
    (folder / "05-first.yaml").unlink()
    (folder / "20-shop.yml").write_text(FILES["20-shop.yml"])
    after = loader.read(folder).sound
    assert after.to_json() == before.to_json()
