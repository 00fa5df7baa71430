"""Each kind of step, converted from a real Buildbot's."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.config.convert.buildbot.account import Kind, Status
from buildledger.config.resolved import Builder
from buildledger.config.steps.checkout import CheckoutStep
from buildledger.config.steps.run import RunStep
from buildledger.config.steps.script import ScriptStep
from buildledger.config.steps.set_property import SetPropertyStep
from buildledger.config.steps.step import Timeout
from buildledger.config.steps.upload import UploadStep
from buildledger.config.values import Expression, InputRef, PropertyRef, SecretRef
from tests.config.convert.buildbot.conftest import Convert, Converted

SITE = Path(__file__).parent / "files" / "steps.cfg"


@pytest.fixture(scope="module")
def site(converted: Convert) -> Converted:
    """All of them, in one configuration."""
    return converted(SITE.read_text())


def _run(builder: Builder, index: int) -> RunStep:
    step = builder.steps[index]
    assert isinstance(step, RunStep)
    return step


def _script(builder: Builder, index: int) -> ScriptStep:
    step = builder.steps[index]
    assert isinstance(step, ScriptStep)
    return step


def test_commands(site: Converted) -> None:
    """Lists stay arguments, text becomes a script that goes on where Buildbot's does, `sh -c` is such a script."""
    plain = site.builder("plain")
    assert _run(plain, 0).argv == ("make", "-j", "4")
    assert _run(plain, 0).workdir == "sub"
    assert _run(plain, 0).timeout == Timeout(no_output_seconds=None, total_seconds=90)
    assert [_script(plain, index).script for index in (1, 2, 3)] == ["make all", "set +e\na; b", "exit 0"]
    assert _script(plain, 2).env == {"A": "x", "B": None}
    assert _run(plain, 7).argv == ("a", "b", "c")


def test_what_a_failure_means(site: Converted) -> None:
    """haltOnFailure, flunkOnFailure and warnOnFailure, given or of the class; names that are there twice."""
    steps = site.builder("plain").steps
    assert [step.on_failure for step in steps] == ["halt", *["continue"] * 3, "halt", "continue", "warn", "ignore"]
    assert [step.always_run for step in steps].index(True) == 3
    assert [step.name for step in steps][4:] == ["again", "again_1", "lint", "flat"]


def test_values(site: Converted) -> None:
    """Properties are what they are here: set by a step, of the build, a label of the worker, or an input."""
    values = site.builder("values")
    assert values.steps[0] == SetPropertyStep(
        name="set my_version", on_failure="continue", property="my_version", value="1", env={}
    )
    assert _run(values, 1).argv == (
        "echo",
        PropertyRef("my_version"),
        Expression("'v' + string(properties.my_version) + '-' + string(build.number)"),
    )
    expected = (Expression("build.branch"), Expression("worker.labels.os"), InputRef("asked"))
    assert _run(values, 2).argv[1:] == expected
    assert values.inputs["asked"].default == "no"
    assert values.inputs["flags"].default == ""


def test_nothing_is_put_into_a_script(site: Converted) -> None:
    """A value reaches shell text through a variable, quoted as the place asks for."""
    values = site.builder("values")
    step = _script(values, 3)
    assert step.script == 'make "${ASKED}" $FLAGS \'\'"$BRANCH"\'\' -v"$REVISION"'
    assert step.env["BRANCH"] == Expression("build.branch")
    assert _run(values, 4).argv == ("bash", "-c", 'echo "$BRANCH"')
    assert _run(values, 4).env == {"BRANCH": Expression("build.branch != '' ? build.branch : 'main'")}


def test_substitutions(site: Converted) -> None:
    """Of `Interpolate`: a choice, per cent, keywords, and what stands there if a property does."""
    values = site.builder("values")
    assert _run(values, 5).argv[1:] == (
        Expression("(build.branch != '' ? 'yes' : 'no') + '%'"),
        Expression("'1/' + worker.labels.os"),
    )
    assert _run(values, 9).argv[1] == Expression("worker.labels.os != '' ? 'there' : ''")


def test_secrets_are_names(site: Converted) -> None:
    """Secrets stay references; a value that looks like one is nowhere in the result, and its place says what to do."""
    env = _run(site.builder("values"), 6).env
    assert env == {"T": SecretRef("key"), "U": SecretRef("other"), "API_TOKEN": SecretRef("api-token")}
    assert site.conversion.secrets == ("key", "other", "api-token")
    everything = site.conversion.yaml + site.conversion.unconverted
    assert "abc" not in everything
    assert "hunter22" not in everything


def test_variables_of_the_worker(site: Converted) -> None:
    """`${PATH}` in a variable's value is the worker's: a shell puts it in."""
    assert _script(site.builder("values"), 7).script == 'export PATH="/opt/bin:${PATH}"\nmake'


def test_the_directory_of_the_build(site: Converted) -> None:
    """`builddir` is what a shell that runs there knows; paths that begin with it are relative ones."""
    directory = site.builder("directory")
    assert _script(directory, 0).script == './configure --prefix="$PWD"/out'
    assert _run(directory, 1).argv == ("mkdir", "-p", "out")
    assert _run(directory, 2).workdir == "sub"
    assert "would have made it" in site.conversion.unconverted
    assert _script(directory, 3).script == 'export OUT="${PWD}/out"\ny'
    assert _script(directory, 4).script == 'z "${PWD%/sub}"/'


def test_a_property_from_a_command(site: Converted) -> None:
    """Its text is run by a shell."""
    step = site.builder("values").steps[8]
    assert isinstance(step, SetPropertyStep)
    assert (step.property, step.argv) == ("described", ("sh", "-c", "git describe"))


def test_conditions(site: Converted) -> None:
    """Comparisons, simple functions and constants become CEL; a step whose condition is more never runs unasked."""
    when = [step.when and step.when.source for step in site.builder("when").steps]
    assert when == [
        "build.branch == 'main'",
        "!(inputs.asked != '') || build.branch.startsWith('v')",
        "worker.labels.os == 'linux'",
        "false",
        "false",
    ]
    assert "never runs as it stands" in site.conversion.yaml


def test_checkouts(site: Converted) -> None:
    """Addresses become sources, without credentials; other systems than git are named."""
    widget, lib = site.builder("sources").steps
    assert widget == CheckoutStep(
        name="checkout widget", source="widget", mode="full", method="clobber", depth=3, submodules=True
    )
    assert lib == CheckoutStep(name="checkout lib", source="lib", into="lib")
    declared = site.configuration.sources["widget"]
    assert (declared.url, declared.default_branch) == ("https://example.org/a/widget.git", "stable")
    assert "Subversion" in site.entry(Kind.STEPS, "SVN").remarks[0].why


def test_files(site: Converted) -> None:
    """Uploads are artifacts, texts are written by a script, directories by commands, log files are kept."""
    files = site.builder("files").steps
    uploads = [(step.path, step.artifact, step.files) for step in files if isinstance(step, UploadStep)]
    assert uploads == [
        ("dist/a.zip", "b.zip", ()),
        ("docs", None, ()),
        ("a", None, ()),
        ("out", None, ("*.log",)),
        ("logs/test.log", None, ()),
    ]
    assert [step.argv for step in files if isinstance(step, RunStep)] == [
        ("mkdir", "-p", "out"),
        ("rm", "-rf", "out"),
        ("cp", "-a", "a", "b"),
        ("x",),
    ]
    assert [step.env for step in files if isinstance(step, ScriptStep)] == [
        {"CONTENT": "content", "FILE": "conf/x.ini"}
    ]


def test_what_has_no_counterpart(site: Converted) -> None:
    """Each such step is named with what to do; a builder of which nothing is left fails, and says why."""
    for name in ("Trigger", "MasterShellCommand", "FileDownload", "Strange"):
        entry = site.entry(Kind.STEPS, name)
        assert entry.status is Status.UNCONVERTED
        assert entry.remarks[0].instead
    assert _run(site.builder("none"), 0).argv == ("false",)


def test_tools(site: Converted) -> None:
    """Commands that Buildbot's classes put together are put together in the same way."""
    tools = site.builder("tools")
    assert _run(tools, 0).argv == ("cmake", "-G", "Ninja", Expression("'-DA=' + worker.labels.os"), "-Wno-dev", ".")
    assert _run(tools, 1).argv == ("trial", "--reporter=bwverbose", "--jobs=2", "pkg")
    assert [step.on_failure for step in tools.steps[3:5]] == ["halt", "continue"]
    assert _run(tools, 5).argv == ("sphinx-build", ".", "_build")
