"""The kinds of text that facts carry, and what their golden files are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from buildledger.config import machines, stored
from buildledger.config.load import load
from buildledger.config.resolved import Configuration, Generation
from buildledger.events import answers
from buildledger.events.pipeline import PipelineProblem
from buildledger.events.stored_format import StoredFormat
from tests.golden.shapes import Shape, shape_of

DIRECTORY = Path(__file__).parent


@dataclass(frozen=True)
class Kind:
    """One kind of stored text."""

    name: str
    """Begins the names of its files."""
    format: StoredFormat[Any]
    shape: Any
    raise_here: str
    """Where the number of its format stands."""
    write: Callable[[Any], str]

    def golden(self, number: int) -> Path:
        """The golden texts of a format, a line each."""
        return DIRECTORY / f"{self.name}.{number}.jsonl"

    def golden_shape(self, number: int) -> Path:
        """The golden shape of a format."""
        return DIRECTORY / f"{self.name}.{number}.shape.json"

    def reads_as(self, number: int) -> Path:
        """What the golden texts have to be read as: themselves while their format is the newest one."""
        return (
            self.golden(number) if number == self.format.newest else self.golden(number).with_suffix(".reads-as.jsonl")
        )

    def shape_then(self) -> Shape:
        """The recorded shape of the newest format."""
        return msgspec.json.decode(self.golden_shape(self.format.newest).read_bytes(), type=Shape)

    def shape_now(self) -> Shape:
        """The shape of the newest format."""
        return shape_of(self.shape)


CONFIGURATION = Kind(
    "configuration",
    stored.CONFIGURATION,
    Configuration,
    "CONFIGURATION_FORMAT in buildledger/config/resolved.py",
    Configuration.to_json,
)
MACHINES = tuple(
    Kind(
        f"machine-settings-{shape.__struct_config__.tag}",
        stored.MACHINE_SETTINGS,
        shape,
        "MACHINE_SETTINGS_FORMAT in buildledger/config/machines.py",
        machines.to_json,
    )
    for shape in (machines.LocalStart, machines.SshStart, machines.KubernetesStart)
)
ANSWERS = tuple(
    Kind(
        f"answer-{name.lower().replace('_', '-')}",
        form,
        shape,
        f"{name}_FORMAT in buildledger/events/answers.py",
        answers.answer_text,
    )
    for name, form, shape in (
        ("KEPT_ARTIFACT", answers.KEPT_ARTIFACT, answers.KeptArtifact),
        ("FOUND_ARTIFACT", answers.FOUND_ARTIFACT, answers.FoundArtifact),
        ("REPORT_TOTALS", answers.REPORT_TOTALS, answers.ReportTotals),
        ("GENERATED", answers.GENERATED, answers.Generated),
    )
)
KINDS = (CONFIGURATION, *MACHINES, *ANSWERS)


def examples() -> dict[str, str]:
    """A text of each kind in its newest format that shows everything there is."""
    everything = load(DIRECTORY / "everything.yaml", secrets_required=False)
    generated = Generation(builder="plan", step="plan", depth=2, source="widget", root="plan", root_step="plan")
    found = {CONFIGURATION.name: msgspec.structs.replace(everything, generated=generated).to_json()}
    for worker in everything.workers.values():
        if worker.start is not None:
            text = machines.to_json(worker.start)
            found[f"machine-settings-{msgspec.json.decode(text)['driver']}"] = text
    shown = (answers.ExposedSecret(path="a/b.txt", secret="password"),)
    kept = answers.KeptArtifact(
        sha256="ab" * 32, size_bytes=7, directory=True, file_count=2, mode=0o755, exposed=shown, exposed_count=2
    )
    chosen = answers.FoundArtifact(
        build_id=UUID(int=1),
        builder="package",
        number=3,
        artifact="wheel",
        sha256="ab" * 32,
        size_bytes=7,
        directory=True,
        mode=0o644,
        pages=2,
    )
    totals = answers.ReportTotals(reports=2, passed=10, failed=1, errors=1, skipped=3)
    fault = PipelineProblem(line=7, column=3, code="grant", message="'worker' isn't granted", hint="take it out")
    some = answers.Generated(pipeline="ab" * 32, builders=("plan:tests[3.12]", "plan:docs"), problems=(fault,))
    texts = [answers.answer_text(answer) for answer in (kept, chosen, totals, some)]
    return found | {kind.name: text for kind, text in zip(ANSWERS, texts, strict=True)}
