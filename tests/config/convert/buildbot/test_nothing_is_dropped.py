"""Nothing is dropped without a word: whatever a thing was given is in the result, or on the page of what isn't."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from buildledger.cli.buildbot_process import SCRIPT
from buildledger.config.convert.buildbot.account import Kind, Status
from buildledger.config.convert.buildbot.conversion import Conversion, convert
from buildledger.config.convert.buildbot.described import read_extracted
from tests.config.convert.buildbot.conftest import PRELUDE

FILES = Path(__file__).parent / "files"
NAMES = ("options", "everything", "steps", "functions", "classes")
WITHOUT_MEANING = frozenset(
    {"description", "descriptionDone", "descriptionSuffix", "updateBuildSummaryPolicy", "useProgress", "progress"}
    | {"progressMetrics", "logEnviron", "lazylogfiles", "want_stdout", "want_stderr", "compress", "blocksize"}
    | {"password", "keepalive_interval", "gitbin", "workdir", "reason", "label", "buttonName", "builddir"}
    | {"workerbuilddir", "pollAtLaunch", "usetimestamps", "codebase", "codebases", "glob", "kube_config"}
    | {"maxWarnCount", "suppressionFile", "warningExtractor", "warningPattern"}
)
"""What people see, how logs are kept, or what the old master needs for itself; of warnings a note says all."""
OPAQUE = {"$": "opaque", "type": "Unknown"}
SAID_WHATEVER_IT_IS = frozenset({"masterdest", "hideStepIf"})
"""A note says the same of any value."""
WITHOUT_EFFECT = frozenset({("options", "flunkOnFailure"), ("options", "warnOnFailure"), ("steps", "sphinx_builddir")})
"""What isn't asked for beside `haltOnFailure`, or is the step's own default."""


@pytest.fixture(scope="module", params=NAMES)
def site(request: pytest.FixtureRequest, buildbot_python: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The name of a configuration, and what was extracted from it, as data."""
    file = tmp_path_factory.mktemp("master") / "master.cfg"
    file.write_text(PRELUDE + (FILES / f"{request.param}.cfg").read_text())
    argv = [buildbot_python, str(SCRIPT), str(file), "60"]
    return request.param, json.loads(subprocess.run(argv, capture_output=True, check=True, timeout=120).stdout)


def converted(data: Any) -> Conversion:
    """What becomes of it."""
    return convert(read_extracted(json.dumps(data).encode()), file="master.cfg", directory="/nowhere")


def things(data: Any) -> Iterator[tuple[Kind, Any, Any]]:
    """Every thing with arguments: its kind, its key in the account, and itself."""
    for number, factory in enumerate(data["factories"]):
        for index, step in enumerate(factory["steps"]):
            yield Kind.STEPS, (number, index), step
    for section, kind in (("builders", Kind.BUILDERS), ("workers", Kind.WORKERS), ("schedulers", Kind.SCHEDULERS)):
        for thing in data[section]:
            yield kind, thing["attributes"].get("name") or thing["arguments"]["name"], thing
    for section, kind in (("change_sources", Kind.CHANGE_SOURCES), ("services", Kind.REPORTERS)):
        for thing in data[section]:
            cls = data["classes"][thing["class"]]["name"]
            yield kind, (cls, str(thing["attributes"].get("name") or cls)), thing


def test_everything_is_accounted_for(site: Any) -> None:
    """Each step, worker, scheduler, lock and reporter is counted; what isn't whole is listed with reason and place."""
    _, data = site
    conversion = converted(data)
    counts = conversion.account.counts()
    expected = {
        Kind.STEPS: sum(len(factory["steps"]) for factory in data["factories"]),
        **{Kind(name): len(data[name]) for name in ("builders", "workers", "schedulers") if data[name]},
    }
    assert {kind: sum(counts[kind].values()) for kind in expected} == expected
    assert sum(sum(counts.get(kind, {}).values()) for kind in (Kind.REPORTERS, Kind.SERVICES)) == len(data["services"])
    for entry in conversion.account.entries:
        listed = [line for line in conversion.unconverted.splitlines() if line.startswith(f"  - {entry.name}")]
        assert bool(listed) or entry.status is Status.CONVERTED, entry
        assert all(remark.why for remark in entry.remarks), entry
        assert entry.status is not Status.UNCONVERTED or all(remark.instead for remark in entry.remarks), entry


def test_what_is_converted_is_in_the_result(site: Any) -> None:
    """Without a step that counts as converted the result is another one."""
    _, data = site
    conversion = converted(data)
    lost = {entry.place for entry in conversion.account.entries if entry.status is Status.UNCONVERTED}
    for factory in data["factories"]:
        for step in list(factory["steps"]):
            index = factory["steps"].index(step)
            factory["steps"].remove(step)
            place = step["place"] and (step["place"]["file"], step["place"]["line"])
            if place not in {each and (each.file, each.line) for each in lost}:
                assert converted(data).yaml != conversion.yaml, step
            factory["steps"].insert(index, step)


def test_no_argument_is_dropped(site: Any) -> None:
    """What a thing was given, replaced by something unknown or left out, changes the result or the page."""
    name, data = site
    before = converted(data)
    lost = {key for key, entry in before.account.by_key().items() if entry.status is Status.UNCONVERTED}
    text = before.yaml + before.unconverted
    silent = []
    for kind, key, thing in things(data):
        if (kind, key) in lost or kind is Kind.REPORTERS:
            continue
        asked = sorted(set(thing["arguments"]) - WITHOUT_MEANING - SAID_WHATEVER_IT_IS)
        silent += [
            (key, argument)
            for argument in asked
            if (name, argument) not in WITHOUT_EFFECT and _is_dropped(data, thing, argument, text)
        ]
    assert silent == []


def _is_dropped(data: Any, thing: Any, argument: str, text: str) -> bool:
    arguments, attributes = dict(thing["arguments"]), dict(thing["attributes"])
    try:
        for given in (OPAQUE, None):
            for where in (thing["arguments"], thing["attributes"]):
                if argument in where:
                    where[argument] = given
            now = converted(data)
            if now.yaml + now.unconverted != text:
                return False
        return True
    finally:
        thing["arguments"], thing["attributes"] = arguments, attributes
