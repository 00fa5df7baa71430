"""Words of other systems in a builder."""

from __future__ import annotations

from typing import Any

from buildledger.config.foreign import writing
from buildledger.config.foreign.word import Word, table


def _artifacts(value: Any, _: str) -> str | None:
    if isinstance(value, dict) and "paths" in value:
        first = next(iter(writing.texts(value["paths"])), "dist")
        return f"upload: {writing.flow(first.rstrip('/*') or first) or 'dist'}"
    return "upload: dist" if writing.texts(value) else None


def _retry(value: Any, _: str) -> str:
    return (
        f"retry: {{max: {value}}}"
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10
        else "retry: {max: 2}"
    )


def _collapse(value: Any, _: str) -> str:
    return "collapse: never" if value is False else "collapse: same-branch"


BUILDER_WORDS = table(
    (
        "needs depends_on dependsOn depends-on requires dependencies after upstream",
        Word("what comes after another builder is a trigger:", writing.follows, where="trigger"),
    ),
    (
        "runs-on runs_on runner runners agent agents pool vmImage vm_image queue node executor resource_class machine "
        "docker macos platform label labels os",
        Word("choose workers by", writing.workers),
    ),
    ("workernames workername slavenames slavename workers", Word("choose workers by", writing.by_name)),
    (
        "image container",
        Word(
            "there are no images of builds: a build runs on a worker as it is, chosen by its labels:",
            'worker: worker.labels.os == "linux"',
        ),
    ),
    ("if condition rules only filters filter", Word("a condition is CEL:", writing.branch_condition)),
    ("except unless", Word("a condition is CEL:", 'when: change.branch != "main"')),
    ("do_build_if canStartBuild", Word("a condition is CEL:", 'when: change.branch == "main"')),
    (
        "branches branch",
        Word("branches are filtered by the trigger:", writing.listed("branches", "[main]"), where="trigger"),
    ),
    (
        "branches-ignore branches_ignore",
        Word("branches are filtered by the trigger:", writing.excluded_branches, where="trigger"),
    ),
    ("paths changes path", Word("what was changed is asked in", writing.path_condition)),
    ("paths-ignore paths_ignore", Word("what was changed is asked in", writing.no_path_condition)),
    (
        "continue-on-error continue_on_error allow_failure allowFailure soft_fail continueOnError",
        Word("each step says what its failure means:", "on_failure: warn", where="step"),
    ),
    (
        "working-directory working_directory workingDirectory workdir cwd directory",
        Word("each step says where it runs:", writing.text("workdir", "src"), where="step"),
    ),
    (
        "shell",
        Word(
            "the shell is the worker's, for steps with 'script'; another one is a program:",
            "run: [bash, -ec, make]",
            where="step",
        ),
    ),
    ("script scripts commands command run cmd sh bash", Word("commands are steps:", writing.script_steps)),
    (
        "before_script before_install install setup pre before_steps",
        Word("what comes before is a step, the first ones of", writing.script_steps),
    ),
    (
        "after_script after_success after_failure post finally teardown",
        Word("what comes after is a step that always runs:", "always_run: true", where="step"),
    ),
    (
        "stage stages",
        Word(
            "there are no stages; what comes after another builder is a trigger:",
            lambda _, owner: f"{{on: success, of: [FIRST], build: [{owner or 'NEXT'}]}}",
            where="trigger",
        ),
    ),
    (
        "uses extends template inherit_from",
        Word("steps that several builders share are a template:", writing.text("use", "TEMPLATE")),
    ),
    ("variables environment", Word("variables are", writing.mapping("env", "{NAME: value}"))),
    (
        "cache caches",
        Word(
            "there is nothing to cache: build directories stay on their workers, and an incremental checkout keeps them"
        ),
    ),
    ("artifacts artifact", Word("files are kept by a step:", _artifacts, where="step")),
    (
        "service",
        Word("nothing is started beside a build; start what it needs in a step, or keep it running on the worker"),
    ),
    ("strategy", Word("it is", writing.axes)),
    ("parallel parallelism", Word("several builds in one are a matrix:", "matrix: {axes: {part: [1, 2, 3]}}")),
    (
        "fail-fast fail_fast failFast max-parallel maxParallel",
        Word("the cells of a matrix are builders of their own: none stops another"),
    ),
    (
        "concurrency resource_group concurrency_group",
        Word("what may only run so often at once has a lock, declared under 'locks' of the file:", "locks: [NAME]"),
    ),
    (
        "timeout-minutes timeout_minutes timeoutInMinutes timeout_in_minutes",
        Word("its limit is", writing.minutes),
    ),
    (
        "permissions id_tokens",
        Word("there is nothing to permit: a build gets no token, only the secrets that its steps name in 'env'"),
    ),
    (
        "outputs output",
        Word("a value for later steps is a property:", "{set_property: NAME, run: [PROGRAM]}", where="step"),
    ),
    (
        "on trigger triggers events schedule cron schedules",
        Word(
            "when it is built stands in the file's list of triggers:",
            lambda _, owner: f"triggers: [{{on: change, source: SOURCE, build: [{owner or 'BUILDER'}]}}]",
            where="file",
        ),
    ),
    ("parameters params options input", Word("what may be asked for is", "inputs: {version: {}}")),
    (
        "tools",
        Word("what is installed is the worker's; choose one by its labels:", 'worker: worker.labels.os == "linux"'),
    ),
    (
        "name id key",
        Word(
            "a builder's name is its key, here",
            lambda value, owner: f"{owner or 'NAME'}: {{steps: […]}}",
            where="builders",
        ),
    ),
    ("displayName display_name label_text", Word("what people read is", writing.text("description", "TEXT"))),
    ("interruptible", Word("a build that has begun is finished; what waits is collapsed:", "collapse: same-branch")),
    ("retries max_retries attempts", Word("attempts after a lost worker are", _retry)),
    (
        "allow_manual manual",
        Word(
            "what people start has a trigger:",
            lambda _, owner: f"{{on: manual, build: [{owner or 'BUILDER'}]}}",
            where="trigger",
        ),
    ),
    ("factory", Word("steps stand in the builder itself, or in a template that it uses:", "steps: [{run: [make]}]")),
    (
        "builddir workerbuilddir slavebuilddir",
        Word("each builder has a directory of its own on each worker; take the key out"),
    ),
    ("category categories", Word("builders are found by", "tags: [NAME]")),
    ("collapseRequests mergeRequests", Word("which requests one build may serve is", _collapse)),
    ("nextWorker nextSlave nextBuild", Word("workers are chosen by a condition, builds by", "priority: 10")),
    ("defaultProperties", Word("they are", writing.mapping("properties", "{NAME: value}"))),
    (
        "clone checkout repository repo source git",
        Word("a repository is a source of the file, brought by a step:", "steps: [{checkout: SOURCE}]"),
    ),
    ("settle treeStableTimer", Word("it belongs to the trigger:", writing.seconds("settle"), where="trigger")),
)
