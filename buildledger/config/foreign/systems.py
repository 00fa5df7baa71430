"""How a whole file of another system is recognised, and what its parts are here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from buildledger.config.foreign import looks


class System(NamedTuple):
    """Another system whose files people may hand in."""

    name: str
    """`a workflow of GitHub Actions`."""
    section: str
    """Of `docs/from-others.md`."""
    looks_like: Callable[[dict[str, Any]], bool]
    """Whether a mapping is a file of it."""
    jobs: Callable[[dict[str, Any]], list[str]]
    """What would become builders, by name."""
    parts: tuple[tuple[str, str], ...]
    """Keys of it, and what they are here."""
    jobs_are: str = "its jobs are builders here"


_RUN = "run: [program, argument], or script: text"
_NO_IMAGE = "no images: a worker as it is, chosen by its labels"
_CACHE = "nothing: build directories stay on their workers"

GITHUB = System(
    "a workflow of GitHub Actions",
    "github-actions",
    looks.github,
    looks.named("jobs"),
    (
        ("on", "triggers"),
        ("runs-on", "worker: a condition about labels"),
        ("needs", "a trigger 'on: success'"),
        ("strategy", "matrix"),
        ("uses", "no actions: 'checkout', 'upload', 'download', or a program"),
        ("run", "script"),
        ("if", "when, in CEL"),
        ("secrets", "env: {NAME: {secret: NAME}}"),
        ("env", "env"),
    ),
)
CIRCLECI = System(
    "a configuration of CircleCI",
    "circleci",
    looks.circle,
    looks.named("jobs"),
    (
        ("workflows", "triggers"),
        ("requires", "a trigger 'on: success'"),
        ("docker", _NO_IMAGE),
        ("machine", "worker: a condition about labels"),
        ("orbs", "no orbs: templates"),
        ("run", "script"),
        ("store_artifacts", "a step 'upload'"),
        ("store_test_results", "a step 'test_report'"),
        ("restore_cache", _CACHE),
    ),
)
DRONE = System(
    "a pipeline of Drone",
    "woodpecker-and-drone",
    looks.drone,
    looks.named("steps"),
    (
        ("trigger", "triggers"),
        ("image", _NO_IMAGE),
        ("commands", "script"),
        ("depends_on", "nothing: steps run in their order"),
        ("from_secret", "env: {NAME: {secret: NAME}}"),
    ),
    "its steps are steps of one builder here",
)
AZURE = System(
    "a pipeline of Azure Pipelines",
    "azure-pipelines",
    looks.azure,
    looks.azure_jobs,
    (
        ("trigger", "triggers"),
        ("pool", "worker: a condition about labels"),
        ("dependsOn", "a trigger 'on: success'"),
        ("task", "no tasks: a program or a script"),
        ("script", "script"),
        ("condition", "when, in CEL"),
        ("variables", "env"),
        ("template", "templates"),
        ("publish", "a step 'upload'"),
    ),
)
WOODPECKER = System(
    "a workflow of Woodpecker",
    "woodpecker-and-drone",
    looks.woodpecker,
    looks.named("steps", "pipeline"),
    (
        ("when", "triggers, and 'when' in CEL"),
        ("image", _NO_IMAGE),
        ("commands", "script"),
        ("depends_on", "a trigger 'on: success'"),
        ("from_secret", "env: {NAME: {secret: NAME}}"),
        ("labels", "worker: a condition about labels"),
        ("matrix", "matrix"),
    ),
    "its steps are steps of one builder here",
)
BUILDKITE = System(
    "a pipeline of Buildkite",
    "buildkite",
    looks.buildkite,
    looks.buildkite_jobs,
    (
        ("command", _RUN),
        ("commands", "script"),
        ("agents", "worker: a condition about labels"),
        ("plugins", "no plugins: a program or a script"),
        ("artifact_paths", "a step 'upload'"),
        ("depends_on", "a trigger 'on: success'"),
        ("block", "a trigger 'on: manual'"),
        ("soft_fail", "on_failure: warn"),
    ),
)
TRAVIS = System(
    "a configuration of Travis CI",
    "travis-ci",
    looks.travis,
    lambda data: [],
    (
        ("script", "script"),
        ("install", "the first steps of a builder"),
        ("before_install", "the first steps of a builder"),
        ("language", "worker: a condition about labels"),
        ("os", "worker: a condition about labels"),
        ("jobs", "builders"),
        ("matrix", "matrix"),
        ("branches", "branches of a trigger"),
        ("cache", _CACHE),
    ),
)
GITLAB = System(
    "a pipeline of GitLab CI",
    "gitlab-ci",
    looks.gitlab,
    looks.gitlab_jobs,
    (
        ("stages", "triggers 'on: success'"),
        ("script", "script"),
        ("before_script", "the first steps of a builder, or a template"),
        ("rules", "triggers, and 'when' in CEL"),
        ("only", "branches of a trigger"),
        ("needs", "a trigger 'on: success'"),
        ("image", _NO_IMAGE),
        ("tags", "worker: a condition about labels"),
        ("artifacts", "a step 'upload'"),
        ("extends", "use: TEMPLATE"),
        ("variables", "env"),
        ("cache", _CACHE),
    ),
)
SYSTEMS = (GITHUB, CIRCLECI, DRONE, AZURE, WOODPECKER, BUILDKITE, TRAVIS, GITLAB)
"""In the order in which they are asked: those that are surest first."""


class Program(NamedTuple):
    """A system whose files are programs: recognised by their text."""

    name: str
    section: str
    looks_like: re.Pattern[str]
    jobs: re.Pattern[str]
    """Finds what would become builders."""
    parts: tuple[tuple[str, str], ...]
    jobs_are: str = "its builders are builders here"


PROGRAMS = (
    Program(
        "a Jenkinsfile",
        "jenkins",
        re.compile(r"^\s*(?:pipeline|node)\s*(?:\([^)\n]*\)\s*)?\{|^\s*@Library\b", re.MULTILINE),
        re.compile(r"\bstage\s*\(\s*['\"]([^'\"\n]+)"),
        (
            ("agent", "worker: a condition about labels"),
            ("triggers", "triggers"),
            ("sh", "script"),
            ("post", "steps with 'always_run: true'"),
            ("when", "when, in CEL"),
            ("environment", "env"),
            ("parameters", "inputs"),
            ("junit", "a step 'test_report'"),
            ("archiveArtifacts", "a step 'upload'"),
        ),
        "its stages are steps of one builder here",
    ),
    Program(
        "a master.cfg of Buildbot",
        "buildbot",
        re.compile(
            r"^\s*(?:from|import)\s+buildbot\b|^\s*c\s*=\s*BuildmasterConfig\b|\bBuilderConfig\s*\(", re.MULTILINE
        ),
        re.compile(r"\bBuilderConfig\s*\(\s*name\s*=\s*['\"]([^'\"\n]+)"),
        (
            ("BuildmasterConfig", "'buildledger config from-buildbot master.cfg' converts it"),
            ("BuildFactory", "steps, or a template"),
            ("Worker", "workers"),
            ("schedulers", "triggers"),
            ("change_source", "poll, of a source"),
            ("ShellCommand", _RUN),
            ("Git", "a step 'checkout'"),
            ("Interpolate", "env: {NAME: {property: name}}"),
        ),
    ),
)
