"""Steps that move files: what they say in the file, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.config.load import check, load
from buildledger.config.steps.download import DownloadStep, Origin
from buildledger.config.steps.test_report import TestReportStep
from buildledger.config.steps.upload import UploadStep
from buildledger.config.values import Expression

FILE = """
version: 1
server: {{title: Files}}
workers: {{w: {{}}}}
builders:
  package:
    steps: [{{upload: dist}}]
  use:
    steps:
      - {step}
"""


def written(directory: Path, step: str) -> Path:
    """A file with one step of interest."""
    file = directory / "ci.yaml"
    file.write_text(FILE.format(step=step))
    return file


def test_every_key(tmp_path: Path) -> None:
    """Each key arrives where the step program reads it; a test report also runs after a step that halted the build."""

    def step(text: str) -> object:
        (found,) = load(written(tmp_path, text)).builders["use"].steps
        return found

    upload = step('{upload: out, files: "*.whl", to: wheels, limit: 5MB, optional: true}')
    assert upload == UploadStep(
        name="upload out", path="out", files=("*.whl",), artifact="wheels", limit_bytes=5_000_000, optional=True
    )
    download = step("{download: dist, from: {builder: package, number: {expr: build.number}}, into: in}")
    assert isinstance(download, DownloadStep)
    assert (download.name, download.into) == ("download dist", "in")
    assert download.origin == Origin(of="builder", builder="package", number=Expression("build.number"))
    for name in ("parent", "build"):
        chosen = step(f"{{download: dist, from: {name}}}")
        assert isinstance(chosen, DownloadStep)
        assert chosen.origin == Origin(of=name)
    report = step("{test_report: [a.xml, b/*.xml], format: tap, failed: warnings}")
    assert report == TestReportStep(
        name="test report", files=("a.xml", "b/*.xml"), format="tap", failed="warnings", always_run=True
    )


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("{download: dist}", "missing key 'from'"),
        ("{download: dist, from: nowhere}", "'nowhere' can't stand here"),
        ("{download: dist, from: {bilder: package}}", "unknown key 'bilder', did you mean 'builder'?"),
        ("{download: dist, from: {builder: pakage}}", "there is no builder 'pakage', did you mean 'package'?"),
        ("{download: dist, from: {builder: package, number: '1', branch: main}}", "only without 'number'"),
        ("{download: dist, from: parent, into: ../up}", "may not leave"),
        ("{upload: dist, files: [../*.whl]}", "may not leave"),
        ("{test_report: []}", "this list is empty: at least one entry is needed"),
        ("{test_report: a.xml, format: trx}", "'trx' can't stand here"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, step: str, says: str) -> None:
    """By its key, with a guess where there is one."""
    problems = check(written(tmp_path, step))
    assert any(says in problem.message for problem in problems), problems
    assert len({problem.line for problem in problems}) == 1
