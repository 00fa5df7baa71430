"""Words of other systems in workers, sources, matrices, inputs and the like."""

from __future__ import annotations

from typing import Any

from buildledger.config.foreign import writing
from buildledger.config.foreign.word import Word, table


def _git(value: Any, _: str) -> str | None:
    return writing.text("git", "https://git.example.org/repo.git", writing.REPOSITORY)(value, "")


def _capacity(value: Any, _: str) -> str:
    return (
        f"capacity: {value}" if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "capacity: 4"
    )


def _labels(value: Any, _: str) -> str:
    labels = {name: "true" for name in writing.texts(value) if name.isidentifier()}
    return f"labels: {writing.flow(labels) or '{os: linux}'}" if labels else "labels: {os: linux}"


def _os(value: Any, _: str) -> str:
    return f"labels: {{{writing.text('os', 'linux')(value, '')}}}"


def _count(value: Any, _: str) -> str:
    return f"count: {value}" if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "count: 1"


def _axis(value: Any, _: str) -> str | None:
    (name, values), *_ = value.items()
    if not isinstance(values, list) or not str(name).isidentifier():
        return None
    return f"axes: {writing.flow(value) or '{os: [linux, windows]}'}"


WORKER_WORDS = table(
    ("tags tag", Word("what builders choose by is", _labels)),
    ("os platform arch system", Word("it is a label:", _os)),
    (
        "executors numExecutors executor max_builds maxBuilds concurrent concurrency slots jobs parallel count size",
        Word("how many builds it may run at once is", _capacity),
    ),
    (
        "password token secret key auth",
        Word("nothing secret stands here: 'buildledger token --worker NAME' lets a machine in, once"),
    ),
    (
        "host hostname address url ssh",
        Word("a worker connects by itself; one that the server starts has", "start: {driver: ssh, host: HOST}"),
    ),
    ("driver type", Word("how the server starts it is", "start: {driver: local}")),
    (
        "image docker container",
        Word(
            "a worker that the server starts in a container has",
            'start: {driver: kubernetes, image: IMAGE, server: "ci.example.org:8011"}',
        ),
    ),
    (
        "missing_timeout missingTimeout offline_after",
        Word("when it is reported as missing is", writing.seconds("missing_after")),
    ),
    ("properties env environment variables", Word("what builders choose by is", "labels: {os: linux}")),
    ("notify_on_missing keepalive_interval machine_name", Word("there is nothing like it; take the key out")),
    ("name id", Word("a worker's name is its key")),
    ("locks", Word("how many builds it may run at once is", "capacity: 1")),
)
SOURCE_WORDS = table(
    (
        "url repo repourl repository repository_url remote uri address clone_url",
        Word("the address of a Git repository is", _git),
    ),
    ("type kind scm vcs", Word("the kind is the key of the address:", "git: https://git.example.org/repo.git")),
    ("branch ref", Word("what is followed is", writing.listed("branches", "[main]"))),
    (
        "pollInterval pollinterval poll_interval interval schedule",
        Word("how often it is looked at is", writing.seconds("poll")),
    ),
    (
        "depth fetch-depth fetch_depth submodules lfs filter path into clean mode",
        Word("it belongs to the step that checks the source out:", "{checkout: SOURCE, depth: 1}", where="step"),
    ),
    (
        "username user password token key ssh_key private_key deploy_key",
        Word("no credentials stand here; git on the server and on the workers finds its own"),
    ),
    (
        "trigger triggers on",
        Word(
            "when something is built stands in the file's list of triggers:",
            "triggers: [{on: change, source: SOURCE, build: [BUILDER]}]",
            where="file",
        ),
    ),
    ("name id", Word("a source's name is its key")),
)
MATRIX_WORDS = table(
    (
        "include",
        Word("nothing is added to a matrix: write all values among its axes and leave out by 'exclude'"),
    ),
    (
        "fail-fast fail_fast failFast max-parallel maxParallel",
        Word("the cells of a matrix are builders of their own: none stops another"),
    ),
    ("setup adjustments", Word("the values stand under", "axes: {os: [linux, windows]}")),
    ("*", Word("it is an axis, and stands under", _axis)),
)
INPUT_WORDS = table(
    ("required", Word("an input without a default has to be given; take the key out")),
    ("choices options values allowed", Word("the values that are allowed are", writing.listed("enum", "[a, b]"))),
    ("regex regexp match", Word("what it has to match is", "pattern: '^[0-9]+$'")),
    ("label title help hint prompt", Word("what people read is", writing.text("description", "TEXT"))),
    ("value defaultValue default_value", Word("it is", writing.text("default", "TEXT"))),
    ("name id", Word("an input's name is its key")),
)
LOCK_WORDS = table(
    ("max maxCount max_count limit slots size capacity", Word("how many builds may have it at once is", _count)),
    ("mode type name", Word("a lock has a count only; a builder takes one or more of it")),
)
RETRY_WORDS = table(
    (
        "limit count attempts automatic times max_attempts max_retries retries",
        Word(
            "attempts after the first one are",
            lambda value, _: (
                f"max: {value}"
                if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10
                else "max: 2"
            ),
        ),
    ),
    ("when exit_codes if", Word("only a lost worker leads to another attempt:", "on: [infrastructure]")),
)
SERVER_WORDS = table(
    (
        "port host listen bind address http grpc_port",
        Word("where the server listens is an option:", "buildledger serve --http HOST:PORT", where="shell"),
    ),
    ("name", Word("what stands on every page is", writing.text("title", "CI"))),
    (
        "titleURL buildbotURL external_url base_url root_url",
        Word("the address that people reach it under is", writing.text("url", "https://ci.example.org", writing.URL)),
    ),
    (
        "db data state state_dir directory",
        Word("where it keeps its data is an option:", "buildledger serve --state DIR", where="shell"),
    ),
)
