"""Words of other systems at the top of a file."""

from __future__ import annotations

from typing import Any

from buildledger.config.foreign import writing
from buildledger.config.foreign.word import Word, table


def _title(value: Any, _: str) -> str:
    return f"server: {{{writing.text('title', 'CI')(value, '')}}}"


def _address(value: Any, _: str) -> str:
    return f"server: {{{writing.text('url', 'https://ci.example.org', writing.URL)(value, '')}}}"


_STEPS = Word("steps belong to a builder:", "builders: {NAME: {steps: [{run: [make]}]}}")
_TRIGGERS = Word(
    "when something is built stands in a list of triggers:",
    "triggers: [{on: change, source: SOURCE, build: [BUILDER]}]",
)
_WORKERS = Word(
    "each builder says which workers it may run on:", 'worker: worker.labels.os == "linux"', where="builder"
)
_NO_INCLUDE = Word(
    "nothing is read from elsewhere; steps that several builders share are a template, under 'templates'"
)
_NO_TOKEN = Word("there is nothing to permit: a build gets no token, only the secrets that its steps name in 'env'")
_NO_SERVICES = Word(
    "nothing is started beside a build; start what it needs in a step, or keep it running on the worker"
)

FILE_WORDS = table(
    ("jobs job tasks targets", Word("jobs are builders here:", writing.builders)),
    (
        "stages",
        Word(
            "there are no stages; what comes after another is a trigger:",
            "triggers: [{on: success, of: [FIRST], build: [NEXT]}]",
        ),
    ),
    ("pipeline pipelines steps commands script scripts task", _STEPS),
    (
        "before_script before_install install",
        Word("what comes before is a step of each builder, or of a template that they use"),
    ),
    (
        "after_script after_success after_failure post finally",
        Word("what comes after is a step that always runs:", "always_run: true", where="step"),
    ),
    ("on pr events", _TRIGGERS),
    (
        "schedules schedule cron crons nightly",
        Word("times are triggers:", 'triggers: [{on: cron, at: "0 3 * * *", build: [BUILDER]}]'),
    ),
    (
        "workflow workflows workflow_run",
        Word("what is built after what is said by triggers:", "triggers: [{on: success, of: [FIRST], build: [NEXT]}]"),
    ),
    (
        "branches",
        Word("branches are filtered by triggers and sources:", writing.listed("branches", "[main]"), where="trigger"),
    ),
    (
        "env environment variables environments",
        Word("variables belong to a builder or to a step:", writing.mapping("env", "{NAME: value}"), where="builder"),
    ),
    (
        "name run-name",
        Word("the server's name is", _title),
    ),
    ("title", Word("it belongs to the server:", _title)),
    (
        "titleURL buildbotURL url",
        Word(
            "the address belongs to the server:",
            _address,
        ),
    ),
    (
        "agent agents runs-on runner runners pool pools queue node nodes vmImage executor executors resource_class",
        _WORKERS,
    ),
    (
        "image container docker machine macos",
        Word(
            "there are no images of builds: a build runs on a worker as it is, chosen by its labels:",
            'worker: worker.labels.os == "linux"',
            where="builder",
        ),
    ),
    ("services service", _NO_SERVICES),
    (
        "cache caches",
        Word(
            "there is nothing to cache: build directories stay on their workers, and an incremental checkout keeps them"
        ),
    ),
    ("artifacts", Word("files are kept by a step:", "upload: dist", where="step")),
    ("concurrency", Word("what may only run so often at once has a lock:", "locks: {NAME: {count: 1}}")),
    ("matrix strategy", Word("a matrix belongs to a builder:", writing.axes, where="builder")),
    ("permissions id_tokens oidc", _NO_TOKEN),
    ("include extends orbs orb imports resources uses", _NO_INCLUDE),
    (
        "parameters inputs options",
        Word(
            "what people are asked for stands with a manual trigger:",
            "triggers: [{on: manual, build: [BUILDER], inputs: {version: {}}}]",
        ),
    ),
    (
        "tools language os dist arch platform python node_js go rust jdk ruby php compiler",
        Word(
            "what is installed is the worker's; builders choose by labels:",
            'worker: worker.labels.os == "linux"',
            where="builder",
        ),
    ),
    ("notifications notify_on", Word("messages aren't sent by this version")),
    (
        "shell",
        Word(
            "the shell is the worker's, for steps with 'script'; another one is a program:",
            "run: [bash, -ec, make]",
            where="step",
        ),
    ),
    (
        "clone checkout repository repo git",
        Word(
            "repositories are sources, which builders check out in a step:",
            'sources: {NAME: {git: "https://git.example.org/repo.git"}}',
        ),
    ),
    ("kind type", Word("a file has no kind; take the key out")),
    ("slaves bots", Word("they are workers:", "workers: {NAME: {labels: {os: linux}}}")),
    ("schedulers", _TRIGGERS),
    (
        "change_source change_sources changeSource",
        Word(
            "repositories are read by their sources:",
            'sources: {NAME: {git: "https://git.example.org/repo.git", poll: 5m}}',
        ),
    ),
    (
        "factory factories",
        Word("steps that several builders share are a template:", "templates: {NAME: {steps: [{run: [make]}]}}"),
    ),
    (
        "protocols www db db_url mq multiMaster",
        Word("how the server listens and where it keeps its data are options of 'buildledger serve'"),
    ),
)
