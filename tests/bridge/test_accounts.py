"""The file of workers: who may attach."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from buildledger.bridge.accounts import Accounts, hash_password, parse
from buildledger.bridge.settings import BridgeError, BridgeSettings
from buildledger.cli.bridge import bridge


def test_passwords(tmp_path: Path) -> None:
    """A password is accepted from a file in clear or by its hash, which doesn't hold it; any other isn't."""
    (tmp_path / "secret").write_text("öpen\n")
    hashed = hash_password("sesame")
    assert "sesame" not in hashed
    workers = parse(f"workers: {{a: {{password_file: secret}}, b: {{password_hash: '{hashed}'}}}}", tmp_path)
    assert workers["a"].accepts("öpen")
    assert workers["b"].accepts("sesame")
    assert not workers["a"].accepts("")
    assert not workers["a"].accepts("sesame")
    assert not workers["b"].accepts("sesame ")
    (tmp_path / "secret").write_text("")
    assert not workers["a"].accepts("")
    (tmp_path / "secret").unlink()
    with pytest.raises(BridgeError, match="the password of worker a"):
        workers["a"].accepts("öpen")


def test_a_changed_file_counts_at_once(tmp_path: Path) -> None:
    """A machine can be added while the bridge runs; a file that has become bad is named, and mended by mending it."""
    path = tmp_path / "workers.yaml"
    path.write_text("workers: {a: {password_file: p}}")
    accounts = Accounts(path)
    assert (len(accounts), accounts.find("b")) == (1, None)
    path.write_text("workers: {a: {password_file: p}, b: {password_file: p}}")
    assert accounts.find("b") is not None
    path.write_text("workers: [")
    with pytest.raises(BridgeError, match=r"workers\.yaml"):
        accounts.find("a")
    path.write_text("workers: {b: {password_file: p}}")
    os.utime(path, ns=(1, 1))
    assert accounts.find("a") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one key, `workers`"),
        ("workers: []", "one key, `workers`"),
        ("{workers: {}, other: 1}", "one key, `workers`"),
        ("workers: {'-a': {password_file: p}}", "can't be a worker's name"),
        ("workers: {a: 1}", "a mapping of"),
        ("workers: {a: {password: p}}", "a mapping of"),
        ("workers: {a: {}}", "give either"),
        ("workers: {a: {password_file: p, password_hash: h}}", "give either"),
        ("workers: {a: {password_hash: h}}", "--hash-password"),
        ("workers: {a: {password_file: 1}}", "password_file is a text"),
        ("workers: {a: {password_file: p, secrets: 1}}", "true or false"),
        ("workers: {a: {password_file: p, labels: {x: 1}}}", "labels is a mapping of texts"),
        ("workers: {a: {password_file: p}, a: {password_file: p}}", "duplicate"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With what is wrong in it."""
    with pytest.raises(BridgeError, match=said):
        parse(text, tmp_path)


def test_a_hash_from_the_command_line(tmp_path: Path) -> None:
    """What `--hash-password` prints is what the file takes."""
    printed = CliRunner().invoke(bridge, ["--hash-password"], input="sesame\n")
    assert printed.exit_code == 0, printed.output
    assert parse(f"workers: {{a: {{password_hash: '{printed.output.strip()}'}}}}", tmp_path)["a"].accepts("sesame")
    assert CliRunner().invoke(bridge, ["--hash-password"], input="\n").exit_code != 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"listen_host": "0.0.0.0"}, "in clear"),
        ({"certificate": Path("c")}, "go together"),
        ({"api": "http://127.0.0.1"}, "go together"),
    ],
)
def test_settings_that_nobody_can_mean(changed: dict[str, object], said: str) -> None:
    """A network is listened on in clear only by one's own word, and halves of options are refused."""
    given = {"server": "127.0.0.1:1", "listen_host": "127.0.0.1", "listen_port": 0} | changed
    settings = BridgeSettings(state_dir=Path("s"), workers_file=Path("w"), **given)  # type: ignore[arg-type]
    with pytest.raises(BridgeError, match=said):
        settings.check()
