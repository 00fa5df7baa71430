"""The directory a server runs in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from buildledger.composition.state_directory import admin_token, sole_owner, tell_address
from buildledger.settings import ADDRESS_FILE, ADMIN_TOKEN_FILE, SettingsError


def test_one_process_holds_it(tmp_path: Path) -> None:
    """Whoever comes second is refused, with the process that holds it; after the end anybody may have it."""
    with (
        sole_owner(tmp_path / "state"),
        pytest.raises(SettingsError, match=f"running server, process {os.getpid()}"),
        sole_owner(tmp_path / "state"),
    ):
        pass
    with sole_owner(tmp_path / "state"):
        pass


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    """The directory, the administrator's token and the address are readable by their owner only."""
    state = tmp_path / "state"
    with sole_owner(state):
        admin_token(state)
        tell_address(state, "http://127.0.0.1:8010")
        modes = {
            path.name: path.stat().st_mode & 0o077 for path in (state, state / ADMIN_TOKEN_FILE, state / ADDRESS_FILE)
        }
    assert modes == {"state": 0, ADMIN_TOKEN_FILE: 0, ADDRESS_FILE: 0}


def test_the_token_stays(tmp_path: Path) -> None:
    """The administrator's token is made once and is long enough not to be guessed."""
    first = admin_token(tmp_path)
    assert admin_token(tmp_path) == first
    assert len(first) >= 43


def test_the_address_is_that_of_the_last_start(tmp_path: Path) -> None:
    """A server that starts at another address replaces the old one, and leaves no other file behind."""
    tell_address(tmp_path, "http://127.0.0.1:1")
    tell_address(tmp_path, "http://127.0.0.1:2")
    assert (tmp_path / ADDRESS_FILE).read_text().strip() == "http://127.0.0.1:2"
    assert [path.name for path in tmp_path.iterdir()] == [ADDRESS_FILE]


@pytest.mark.parametrize("text", ["", "\n", "  \n\n", "short"])
def test_a_token_that_could_be_guessed_refuses_the_start(tmp_path: Path, text: str) -> None:
    """An empty file would let anybody sign a session; the message says what to do."""
    (tmp_path / ADMIN_TOKEN_FILE).write_text(text)
    with pytest.raises(SettingsError, match="remove the file, and the next start makes one"):
        admin_token(tmp_path)
