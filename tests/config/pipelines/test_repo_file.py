"""The file of a repository: what it defines under which names, and that nothing gets in that isn't granted."""

from __future__ import annotations

import textwrap

import pytest

from buildledger.config.expressions.cel import ENGINE
from buildledger.config.limits import PIPELINE_BYTES
from buildledger.config.pipelines.definition import RepoFile
from buildledger.config.pipelines.effective import compose_allowed, refusal, secrets_of
from buildledger.config.pipelines.repo_file import Checked, check
from buildledger.config.resolved import ChangeTrigger, Configuration, SuccessTrigger
from buildledger.config.steps.download import DownloadStep
from buildledger.testing.configuration import load_text

SOURCES = """\
version: 1
sources:
  widget: {git: "https://git.example/widget.git"}
  proto: {git: "https://git.example/proto.git"}
workers: {w1: {labels: {os: linux}}}
locks: {staging: {count: 2}, production: {}}
builders:
  release: {protected: true, steps: [{run: [release]}]}
"""


def central(grant: str) -> Configuration:
    """A central configuration that grants this to the repository of `widget`."""
    return load_text(f"{SOURCES}repo_pipelines: {{widget: {grant}}}\n", secrets_required=False)


def checked(text: str, grant: str = "{}") -> Checked:
    """What a file comes to."""
    content = textwrap.dedent(text).encode()
    file = RepoFile(content=content, name=".buildledger.yaml", source="widget", central=central(grant))
    return check(file)


def refused(text: str, grant: str = "{}") -> list[str]:
    """What is wrong with a file, as people read it."""
    found = checked(text, grant)
    assert found.pipeline is None
    return [str(problem) for problem in found.problems]


def pipeline(text: str, grant: str = "{}") -> Configuration:
    """What a sound file defines."""
    found = checked(text, grant)
    assert found.pipeline is not None, found.problems
    return found.pipeline


TESTS = """\
version: 1
builders:
  tests:
    matrix: {axes: {python: ["3.12", "3.13"]}}
    when: change.branch != 'wip'
    steps:
      - checkout: widget
      - run: [tox, -e, {matrix: python}]
"""


def test_builders_have_the_name_of_their_source_and_build_every_push() -> None:
    """Nobody else can have such a name: no name of the central file holds a colon."""
    found = pipeline(TESTS)
    assert list(found.builders) == ["widget:tests[3.12]", "widget:tests[3.13]"]
    assert {builder.base for builder in found.builders.values()} == {"widget:tests"}
    assert list(found.triggers.values()) == [
        ChangeTrigger(name="widget:change", source="widget", build=tuple(found.builders))
    ]


def test_triggers_of_the_file_stand_instead_of_the_default_one() -> None:
    """They name builders of the file, by the names that those have in it."""
    text = """\
        version: 1
        builders:
          tests: {steps: [{checkout: widget}, {upload: dist}]}
          deploy: {steps: [{download: dist, from: {builder: tests}}]}
        triggers:
          - {on: change, source: widget, branches: [main], build: [tests]}
          - {on: success, of: tests, build: [deploy]}
        """
    found = pipeline(text, "{may_define: [builders, triggers]}")
    change, success = found.triggers.values()
    assert isinstance(change, ChangeTrigger)
    assert isinstance(success, SuccessTrigger)
    assert (change.build, change.branches) == (("widget:tests",), ("main",))
    assert (success.of, success.build) == (("widget:tests",), ("widget:deploy",))
    (step,) = found.builders["widget:deploy"].steps
    assert isinstance(step, DownloadStep)
    assert step.origin.builder == "widget:tests"


def test_equal_files_are_one_pipeline() -> None:
    """Comments and order of keys don't count: what is stored is what they come to."""
    assert pipeline(TESTS).digest == pipeline("# tests\n" + TESTS).digest
    assert pipeline(TESTS).digest != pipeline(TESTS.replace("tox", "nox")).digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "version: 1\nworkers: {mine: {}}\nbuilders: {}\n",
            "2:1: 'workers' can't stand in a repository's file: only the central configuration has it",
        ),
        ("version: 1\nrepo_pipelines: {widget: {}}\nbuilders: {}\n", "2:1: 'repo_pipelines' can't stand"),
        ("version: 1\naccess: {}\nbuilders: {}\n", "2:1: 'access' can't stand in a repository's file"),
        ("version: 1\ntriggers: []\nbuilders: {}\n", "2:1: 'triggers' aren't granted to this repository"),
        ("version: 1\nbuilders:\n  release: {steps: [{run: [x]}]}\n", "3:3: builder 'release' is protected"),
        ("version: 1\nbuilders:\n  t: {protected: false, steps: [{run: [x]}]}\n", "3:7: 'protected' can't stand"),
        ("version: 1\nbuilders:\n  t: {project: p, steps: [{run: [x]}]}\n", "3:7: 'project' can't stand"),
        ("version: 1\nbuilders:\n  t: {priority: 9, steps: [{run: [x]}]}\n", "3:7: 'priority' of builders isn't"),
        ("version: 1\nbuilders:\n  t: {worker: 'true', steps: [{run: [x]}]}\n", "3:7: 'worker' of builders isn't"),
        ("version: 1\nbuilders:\n  t: {use: x}\n", "3:7: 'use' of builders isn't granted"),
        ("version: 1\nbuilders:\n  t: {locks: [staging], steps: [{run: [x]}]}\n", "3:15: the lock 'staging' isn't"),
        (
            "version: 1\nbuilders:\n  t: {locks: [{lock: staging}], steps: [{run: [x]}]}\n",
            "3:22: the lock 'staging' isn't granted to this repository",
        ),
        (
            "version: 1\nbuilders:\n  t: {steps: [{checkout: proto}]}\n",
            "3:26: the source 'proto' isn't granted to this repository (granted: widget)",
        ),
        (
            "version: 1\nbuilders:\n  t:\n    steps:\n    - {run: [x], env: {A: {secret: pypi}}}\n",
            "5:36: the secret 'pypi' isn't granted to this repository ('secrets' of its repo_pipelines",
        ),
        (
            "version: 1\nbuilders:\n  t:\n    env: {A: {secret: pypi, mask: false}}\n    steps: [{run: [x]}]\n",
            "4:23: the secret 'pypi' isn't granted",
        ),
        (
            "version: 1\nbuilders:\n  t: {steps: [{download: x, from: {builder: release}}]}\n",
            "3:45: there is no builder 'release'",
        ),
        ("version: 1\nbuilders:\n  t: {steps: [{approve: x}]}\n", "3:16: 'approve' is part of the format"),
        ("builders: {}\n", "missing key 'version'"),
        ("- version\n", "1:1: a repository's file is a mapping"),
        ("version: 1\nbuilder: {}\n", "2:1: unknown key 'builder', did you mean 'builders'?"),
        ("version: 1\nbuilders: {t: {steps: [{run: [x]}]}\n", "[yaml-syntax]"),
    ],
)
def test_what_is_not_granted_is_refused_with_its_place(text: str, said: str) -> None:
    """Sections, keys, names of others, protected builders: each where it stands, with who can grant it."""
    assert [line for line in refused(text) if said in line], refused(text)


def test_a_secret_does_not_come_in_through_a_template() -> None:
    """Neither where a builder uses it, nor where none does."""
    grant = "{may_define: [builders, templates], secrets: [granted]}"
    template = "version: 1\ntemplates:\n  t:\n    steps:\n    - {run: [x], env: {A: {secret: pypi}}}\n"
    used = refused(f"{template}builders: {{a: {{use: t}}, b: {{use: t}}}}\n", grant)
    assert used == refused(template, grant)
    assert [line[:60] for line in used] == [".buildledger.yaml:5:36: the secret 'pypi' isn't granted to t"]


def test_ten_thousand_builders_are_refused_at_once() -> None:
    """None of them is looked at."""
    lines = "".join(f"  b{number}: {{}}\n" for number in range(10_000))
    (line,) = refused(f"version: 1\nbuilders:\n{lines}")
    assert "more than 100 builders" in line
    assert "[limit-builders]" in line


def test_a_matrix_has_no_more_cells_than_are_granted() -> None:
    """Counted as they come, over all builders of the file."""
    axes = ", ".join(f"{axis}: [{', '.join(map(str, range(8)))}]" for axis in "ab")
    (line,) = refused(
        f"version: 1\nbuilders:\n  t: {{matrix: {{axes: {{{axes}}}}}, steps: [{{run: [x]}}]}}\n", "{max_builders: 63}"
    )
    assert ":3:3: there are more than 63 builders" in line
    axes = ", ".join(f"{axis}: [{', '.join(map(str, range(32)))}]" for axis in "abcdefgh")
    found = refused(f"version: 1\nbuilders:\n  t: {{matrix: {{axes: {{{axes}}}}}, steps: [{{run: [x]}}]}}\n")
    assert "[limit-matrix]" in found[0]


def test_aliases_that_multiply_are_refused() -> None:
    """Ten lines that mean a billion values cost nothing."""
    lines = ["version: 1", "a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    found = refused("\n".join(lines))
    assert any("[limit-anchors]" in line for line in found)


def test_a_file_is_no_larger_than_its_limit_and_is_text() -> None:
    """Whatever stands in it."""
    file = RepoFile(content=b"#" * (PIPELINE_BYTES + 1), name="ci.yaml", source="widget", central=central("{}"))
    assert [problem.code for problem in check(file).problems] == ["limit-file"]
    file = RepoFile(content=b"version: 1\n# \xff\n", name="ci.yaml", source="widget", central=central("{}"))
    assert [str(problem) for problem in check(file).problems] == [
        "ci.yaml:2:3: the byte 0xff isn't UTF-8 (save as UTF-8) [encoding]"
    ]


def test_a_builder_has_no_more_steps_than_are_granted() -> None:
    """A template's count as well."""
    steps = "[{run: [a]}, {run: [b]}, {run: [c]}]"
    found = refused(f"version: 1\nbuilders: {{t: {{steps: {steps}}}}}\n", "{max_steps: 2}")
    assert "there are 3 steps, at most 2 are granted" in found[0]


def test_without_the_central_file_the_shape_is_checked() -> None:
    """Locks, secrets and sources may be granted; who knows?"""
    text = "version: 1\nbuilders:\n  t: {locks: [any], steps: [{checkout: other}, {run: [x], env: {A: {secret: s}}}]}\n"
    found = check(RepoFile(content=text.encode(), name="ci.yaml", source="widget"))
    assert found.problems == ()
    assert found.pipeline is not None
    wrong = check(RepoFile(content=b"version: 1\nworkers: {}\n", name="ci.yaml", source="widget"))
    assert [problem.code for problem in wrong.problems] == ["grant"]


GRANTED = "{locks: [staging], secrets: [pypi], sources: [proto], worker: worker.labels.os == 'linux', project: p}"
USING = """\
version: 1
builders:
  tests:
    locks: [staging]
    steps:
      - {checkout: widget}
      - {checkout: proto, into: proto}
      - {run: [x], env: {A: {secret: pypi}}}
"""


def test_what_is_granted_may_be_used() -> None:
    """And the builder belongs to the project, and runs on the workers, that the central configuration says."""
    composed = compose_allowed(central(GRANTED), pipeline(USING, GRANTED))
    builder = composed.builders["widget:tests"]
    assert secrets_of(builder) == {"pypi"}
    assert builder.project == "p"
    assert builder.worker is not None
    assert builder.worker.source == "worker.labels.os == 'linux'"
    assert "release" in composed.builders
    assert composed.applied_digest == central(GRANTED).digest
    assert composed.pipeline_digest == pipeline(USING, GRANTED).digest


@pytest.mark.parametrize("source", ["true || true", "true // and all that follows", "worker.name == ')'"])
def test_a_condition_of_the_file_never_widens_the_workers(source: str) -> None:
    """Whatever it says, it is asked besides the central one."""
    grant = "{may_define: [builders, worker], worker: worker.labels.os == 'linux'}"
    text = f'version: 1\nbuilders: {{t: {{worker: "{source}", steps: [{{run: [x]}}]}}}}\n'
    builder = compose_allowed(central(grant), pipeline(text, grant)).builders["widget:t"]
    assert builder.worker is not None
    assert not holds(builder.worker.source, {"os": "windows"})
    assert holds(builder.worker.source, {"os": "linux"}) == ("name" not in source)


def holds(source: str, labels: dict[str, str]) -> object:
    """Whether a condition holds for a worker with these labels."""
    return ENGINE.evaluate(source, {"worker.labels": labels, "worker.name": "w1"})


@pytest.mark.parametrize(
    ("grant", "why"),
    [
        ("{secrets: [pypi], sources: [proto]}", "the lock 'staging' isn't granted"),
        ("{locks: [staging], sources: [proto]}", "the secret 'pypi' isn't granted"),
        ("{locks: [staging], secrets: [pypi]}", "the source 'proto' isn't granted"),
        ("{locks: [staging], secrets: [pypi], sources: [proto], max_steps: 2}", "more than 2 steps"),
    ],
)
def test_a_grant_that_is_taken_back_holds_at_once(grant: str, why: str) -> None:
    """What was checked under an earlier configuration begins no build that the present one doesn't allow."""
    earlier, present = pipeline(USING, GRANTED), central(grant)
    assert "widget:tests" not in compose_allowed(present, earlier).builders
    assert why in (refusal(present, earlier, earlier.builders["widget:tests"]) or "")
    nothing = load_text(SOURCES, secrets_required=False)
    assert "defines nothing any more" in (refusal(nothing, earlier, earlier.builders["widget:tests"]) or "")


def test_no_file_lets_builds_hold_one_lock_and_wait_for_another() -> None:
    """Neither by its own steps nor by a template's: nobody could see in which order other files take them."""
    grant = "{may_define: [builders, templates], locks: [staging, production]}"
    steps = "steps: [{run: [x], locks: [production]}]"
    own = f"version: 1\nbuilders:\n  t: {{locks: [staging], {steps}}}\n"
    used = f"version: 1\ntemplates: {{d: {{{steps}}}}}\nbuilders:\n  t: {{locks: [staging], use: d}}\n"
    for text in (own, used):
        (line,) = refused(text, grant)
        assert "takes locks for itself or for its steps, not for both" in line
    pipeline(own.replace("locks: [staging], ", ""), grant)


def test_a_lock_of_a_step_is_granted_like_any_other() -> None:
    """When the file is read, and when the build begins."""
    text = "version: 1\nbuilders:\n  t: {steps: [{run: [x], locks: [staging]}]}\n"
    assert [line[:60] for line in refused(text)] == [".buildledger.yaml:3:34: the lock 'staging' isn't granted to "]
    granted = pipeline(text, "{locks: [staging]}")
    assert "the lock 'staging' isn't granted" in (refusal(central("{}"), granted, granted.builders["widget:t"]) or "")


def test_what_cannot_be_meant_is_warned_of() -> None:
    """As in a central file, as far as the file alone shows it; the file counts all the same."""
    found = checked(
        """\
        version: 1
        builders:
          tests:
            matrix: {axes: {python: ["3.12", "3.13"]}}
            steps:
              - {run: [make, "${{ target }}"], when: build.builder == 'tests'}
              - {download: nothing, from: build}
        """
    )
    assert found.pipeline is not None
    assert [(problem.line, problem.severity, problem.code) for problem in found.problems] == [
        (4, "warning", "unused"),
        (6, "warning", "template-syntax"),
        (6, "warning", "never-true"),
        (7, "warning", "no-artifact"),
    ]
    assert not checked(TESTS).problems


def test_the_name_of_a_builder_in_a_condition_is_that_which_it_has_everywhere() -> None:
    """A build knows itself as `widget:tests`."""
    steps = "[{run: [make], when: build.builder == '%s'}]"
    file = "version: 1\nbuilders:\n  tests: {steps: " + steps + "}\n"
    assert not checked(file % "widget:tests").problems
    (warning,) = checked(file % "tests").problems
    assert warning.code == "never-true"


def test_a_file_of_another_system_is_recognised() -> None:
    """With what its words are called here."""
    found = checked("name: ci\non: push\njobs: {build: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n")
    (problem,) = found.problems
    assert (found.pipeline, problem.code) == (None, "foreign-file")
    assert "its jobs are builders here: build" in problem.notes
    assert refused("") == [".buildledger.yaml:1:1: the file is empty (begin with 'version: 1') [type]"]
