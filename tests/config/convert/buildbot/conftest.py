"""A `master.cfg`, loaded by a real Buildbot and converted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from buildledger.cli.buildbot_process import extract
from buildledger.config import load
from buildledger.config.convert.buildbot.account import Entry, Kind
from buildledger.config.convert.buildbot.conversion import Conversion, convert
from buildledger.config.resolved import Builder, Configuration

PYTHON = Path(__file__).resolve().parents[4] / ".venv" / "buildbot" / "bin" / "python"
LIMIT_SECONDS = 60.0
PRELUDE = """\
from buildbot.plugins import changes, reporters, schedulers, secrets, steps, util, worker
from buildbot.process.results import FAILURE, SUCCESS, WARNINGS
c = BuildmasterConfig = {
    'workers': [], 'builders': [], 'schedulers': [], 'change_source': [], 'services': [],
    'protocols': {'pb': {'port': 9989}}, 'buildbotNetUsageData': None,
}
"""
"""Before what a test writes: everything imported, and a configuration with nothing in it."""


@dataclass
class Converted:
    """What came out of a `master.cfg`."""

    conversion: Conversion
    file: Path

    @property
    def configuration(self) -> Configuration:
        """The file as it is loaded; raises ConfigErrors if it has errors."""
        return load.load(self.file, secrets_required=False)

    def builder(self, name: str) -> Builder:
        """A builder of it."""
        return self.configuration.builders[name]

    def step(self, builder: str, index: int) -> Any:
        """A step of it."""
        return self.builder(builder).steps[index]

    def entry(self, kind: Kind, name: str) -> Entry:
        """The entry in the account whose name contains this."""
        (found,) = [each for each in self.conversion.account.entries if each.kind is kind and name in each.name]
        return found


Convert = Callable[[str], Converted]


@pytest.fixture(scope="session")
def buildbot_python() -> str:
    """The Python of an environment with an unchanged Buildbot."""
    if not PYTHON.exists():
        pytest.fail("these tests need Buildbot: run `make .venv/.stamps/buildbot`")
    return str(PYTHON)


@pytest.fixture(scope="session")
def converted(buildbot_python: str, tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Converts what stands behind `PRELUDE` in a `master.cfg`. The same text is loaded once."""
    known: dict[str, Converted] = {}

    def run(text: str) -> Converted:
        if text not in known:
            directory = tmp_path_factory.mktemp("master")
            master_cfg = directory / "master.cfg"
            master_cfg.write_text(PRELUDE + text)
            extracted = extract(buildbot_python, master_cfg, LIMIT_SECONDS)
            conversion = convert(extracted, file="master.cfg", directory=str(directory))
            file = directory / "buildledger.yaml"
            file.write_text(conversion.yaml)
            known[text] = Converted(conversion, file)
        return known[text]

    return run
