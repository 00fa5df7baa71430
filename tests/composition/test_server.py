"""One server process, with the roles it was given."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildledger.clock import SystemClock
from buildledger.composition.server import Server
from buildledger.config.problems.problem import ConfigErrors
from buildledger.events.config import ConfigApplied, ConfigEffectFailed
from buildledger.events.fact import Fact
from buildledger.events.seal import SealMade
from buildledger.events.server import ServerStarted, ServerStopped
from buildledger.ledger.ledger import Ledger
from buildledger.settings import ADDRESS_FILE, ADMIN_TOKEN_FILE, Address, Role, ServerSettings, SettingsError
from buildledger.testing.configuration import load_text

ANY_PORT = Address(host="127.0.0.1", port=0)
CONFIG = "version: 1\nworkers: {%s: {capacity: 1}}\n"


def _settings(directory: Path, **more: Any) -> ServerSettings:
    return ServerSettings(state=directory / "state", http=ANY_PORT, grpc=ANY_PORT, **more)


def _facts(state: Path) -> list[Fact]:
    ledger = Ledger.open(f"sqlite:///{state / 'ledger.db'}", clock=SystemClock())
    try:
        return [recorded.fact for recorded in ledger.read(0, 1000)]
    finally:
        ledger.close()


async def _asked(server: Server, state: Path, path: str, **body: Any) -> Any:
    token = (state / ADMIN_TOKEN_FILE).read_text().strip()
    async with httpx.AsyncClient(
        base_url=f"{server.url}/api/v1", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        return (await client.request("POST" if body else "GET", path, **body)).raise_for_status().json()


async def test_its_start_and_end_are_facts(tmp_path: Path) -> None:
    """The ledger says when a server process began, with which roles, and when it ended in good order."""
    settings = _settings(tmp_path)
    async with Server(settings).running():
        pass
    started, *_, stopped, seal = _facts(settings.state)
    assert isinstance(seal, SealMade), "the last head and what stands beside the facts is sealed"
    assert isinstance(started, ServerStarted)
    assert set(started.roles) == set(Role)
    assert isinstance(stopped, ServerStopped)


async def test_it_serves_what_it_announces(tmp_path: Path) -> None:
    """Its address answers, stands in the state directory for commands, and workers are told another one."""
    settings = _settings(tmp_path)
    async with Server(settings).running() as server:
        assert (settings.state / ADDRESS_FILE).read_text().strip() == server.url
        assert (await _asked(server, settings.state, "/health"))["status"] == "ok"
        assert server.worker_address.startswith("127.0.0.1:")


async def test_without_the_gateway_role_no_worker_is_served(tmp_path: Path) -> None:
    """A process without the gateway says so instead of naming an address."""
    settings = _settings(tmp_path, roles=frozenset({Role.API, Role.PROJECTIONS}))
    async with Server(settings).running() as server:
        assert "no gateway" in server.worker_address
        assert (await _asked(server, settings.state, "/workers"))["items"] == []


async def test_without_the_api_role_nothing_answers(tmp_path: Path) -> None:
    """A process without the API has no address, and leaves none behind for commands."""
    settings = _settings(tmp_path, roles=frozenset({Role.GATEWAY}))
    async with Server(settings).running() as server:
        assert server.url == ""
        assert not (settings.state / ADDRESS_FILE).exists()


async def test_a_file_that_is_rejected_degrades_health(tmp_path: Path) -> None:
    """The configuration in force stays, health says what is wrong with the file, and nothing when it is right again."""
    config = tmp_path / "ci.yaml"
    settings = _settings(tmp_path, config=config)
    config.write_text(CONFIG % "one")
    async with Server(settings).running():
        pass
    config.write_text("version: 1\nworkres: {}\n")
    async with Server(settings).running() as server:
        health = await _asked(server, settings.state, "/health")
        assert health["status"] == "degraded"
        assert "unknown key 'workres'" in health["problems"][0]
        config.write_text(CONFIG % "two")
        async with asyncio.timeout(20):
            while (await _asked(server, settings.state, "/health"))["status"] != "ok":  # noqa: ASYNC110 - a file sets no event
                await asyncio.sleep(0.1)


async def test_what_the_server_lacks_for_its_configuration_is_said(tmp_path: Path) -> None:
    """A secret that went after the start, and a worker's key that never was there: in health, and with the revision."""
    config, secret = tmp_path / "ci.yaml", tmp_path / "secrets" / "token"
    secret.parent.mkdir()
    secret.write_text("s3cr3t-value")
    settings = _settings(tmp_path, config=config)
    steps = "builders: {b: {steps: [{run: [x], env: {A: {secret: token}}}]}}"
    config.write_text(f"version: 1\nsecrets: {{provider: file, path: secrets}}\n{steps}\n")
    async with Server(settings).running():
        pass
    secret.unlink()
    remote = f"version: 1\nworkers: {{far: {{start: {{driver: ssh, host: h, identity: {tmp_path}/key}}}}}}\n"
    async with Server(settings).running() as server:
        async with asyncio.timeout(20):
            while not any("secrets can't follow" in each for each in await _problems(server, settings.state)):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.1)
        config.write_text(remote)
        async with asyncio.timeout(20):
            while not any("worker far can't follow" in each for each in await _problems(server, settings.state)):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.1)
        assert not any("secrets can't follow" in each for each in await _problems(server, settings.state))
        newest, first = (await _asked(server, settings.state, "/config/revisions"))["items"]
    assert [each["component"] for each in first["failures"]] == ["look-up of secrets"]
    assert [each["component"] for each in newest["failures"]] == ["start of worker far"]
    assert f"the identity {tmp_path}/key can't be read: No such file" in newest["failures"][0]["detail"]


async def _problems(server: Server, state: Path) -> list[str]:
    found: list[str] = (await _asked(server, state, "/health"))["problems"]
    return found


async def test_what_is_applied_by_hand_stays_until_the_file_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Health says that the file isn't in force; the next start, or a change of the file, brings it back and says so."""
    config = tmp_path / "ci.yaml"
    settings = _settings(tmp_path, config=config)
    config.write_text(CONFIG % "one")
    async with Server(settings).running() as server:
        other = load_text(CONFIG % "two").to_json()
        await _asked(server, settings.state, "/config", json={"text": other, "origin": "/by/hand.yaml"})
        async with asyncio.timeout(20):
            while (health := await _asked(server, settings.state, "/health"))["status"] == "ok":  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.05)
        (problem,) = health["problems"]
        assert problem.startswith("revision 2, applied at 20")
        assert (await _asked(server, settings.state, "/config/revisions/1/plan"))["watched_file"] == str(config)
        assert f"from /by/hand.yaml, is in force and not what {config} says;" in problem
        assert (await _asked(server, settings.state, "/config"))["revision"]["revision"] == 2
    caplog.clear()
    async with Server(settings).running() as server:
        newest = (await _asked(server, settings.state, "/config"))["revision"]
        assert (newest["revision"], newest["plan"]) == (3, ["created worker one", "removed worker two"])
        assert (await _asked(server, settings.state, "/health"))["status"] == "ok"
    assert f"{config} replaces revision 2, applied from /by/hand.yaml" in caplog.text


async def test_a_part_that_cannot_follow_says_so_until_it_can(tmp_path: Path) -> None:
    """What a later version has configured and this one can't do stops nothing else; it is recorded once, and told."""
    settings = _settings(tmp_path)
    sound = load_text('version: 1\nsources: {far: {git: "git://127.0.0.1:9/x", poll: never}}\n').to_json()
    async with Server(settings).running() as server:
        later = {"text": sound.replace('"kind":"git"', '"kind":"weave"'), "origin": "later"}
        await _asked(server, settings.state, "/config", json=later)
        async with asyncio.timeout(20):
            while (health := await _asked(server, settings.state, "/health"))["status"] == "ok":  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.05)
        why = "this version of Build Ledger has no version-control system 'weave'"
        assert health["problems"] == [f"poller far can't follow the configuration in force: {why}"]
        (failure,) = (await _asked(server, settings.state, "/config"))["revision"]["failures"]
        assert (failure["component"], failure["detail"]) == ("poller far", why)
        await _asked(server, settings.state, "/config", json={"text": sound, "origin": "sound"})
        async with asyncio.timeout(20):
            while (await _asked(server, settings.state, "/health"))["status"] != "ok":  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.05)
    assert sum(isinstance(fact, ConfigEffectFailed) for fact in _facts(settings.state)) == 1


async def test_the_file_is_applied_at_the_start_and_only_when_it_changed(tmp_path: Path) -> None:
    """A file that says what is in force already makes no second revision; another one does."""
    config = tmp_path / "ci.yaml"
    settings = _settings(tmp_path, config=config)
    for name, revisions in (("one", 1), ("one", 1), ("two", 2)):
        config.write_text(CONFIG % name)
        async with Server(settings).running():
            pass
        assert sum(isinstance(fact, ConfigApplied) for fact in _facts(settings.state)) == revisions


async def test_a_bad_file_stops_the_first_start_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A bad file is an error while no configuration is in force; else that one stays and the log names the faults."""
    config = tmp_path / "ci.yaml"
    settings = _settings(tmp_path, config=config)
    config.write_text("version: 1\nworkrs: {}\n")
    with pytest.raises(ConfigErrors):
        async with Server(settings).running():
            pass

    config.write_text(CONFIG % "one")
    async with Server(settings).running():
        pass
    config.write_text("version: 1\nworkrs: {}\n")
    async with Server(settings).running() as server:
        workers = (await _asked(server, settings.state, "/workers"))["items"]
    assert [worker["name"] for worker in workers] == ["one"]
    assert "the configuration in force stays" in caplog.text
    assert "workrs" in caplog.text


async def test_what_was_opened_is_closed_when_a_later_part_fails(tmp_path: Path) -> None:
    """A start that fails at the port for workers leaves the state directory free for the next try."""
    async with Server(_settings(tmp_path / "other")).running() as other:
        taken = Address.parse(other.worker_address)
        settings = ServerSettings(state=tmp_path / "state", http=ANY_PORT, grpc=taken)
        with pytest.raises(SettingsError, match=str(taken.port)):
            async with Server(settings).running():
                pass
    async with Server(_settings(tmp_path)).running():
        pass


async def test_a_clean_stop_leaves_all_in_one_file_each(tmp_path: Path) -> None:
    """Nothing stands in a write-ahead log: whoever copies `ledger.db` alone has the ledger. Of every database."""
    config = tmp_path / "ci.yaml"
    config.write_text(CONFIG % "w1")
    settings = _settings(tmp_path, config=config)
    async with Server(settings).running() as server:
        for path in ("home", "builders", "workers", "requests", "facts", "tree-head", "people"):
            await _asked(server, settings.state, path)
        assert [path.name for path in settings.state.rglob("*-wal")] != []
    assert [path.name for path in settings.state.rglob("*.db-wal") if path.stat().st_size] == []
    assert {path.name.partition(".")[0] for path in settings.state.rglob("*.db")} >= {
        "ledger",
        "proof",
        "vault",
        "logs",
    }
