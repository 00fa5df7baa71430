"""Words of other systems in a step, as its keys or as what it does."""

from __future__ import annotations

import re
from typing import Any

from buildledger.config.foreign import writing
from buildledger.config.foreign.word import Snippet, Word, table

_ACTIONS = {
    "checkout": "checkout: SOURCE",
    "upload-artifact": "upload: dist",
    "download-artifact": "{download: dist, from: build}",
}


def _action(value: Any, _: str) -> str | None:
    """What an action of GitHub does; None for what can't be one."""
    if not isinstance(value, str) or not re.search(r"[/@]", value):
        return None
    name = value.partition("@")[0].rpartition("/")[2]
    return _ACTIONS.get(name, "script: make")


def _failure(warn: str, otherwise: str) -> Snippet:
    return lambda value, _: f"on_failure: {otherwise if value is False else warn}"


def _flag(key: str) -> Snippet:
    return lambda value, _: f"{key}: {'false' if value is False else 'true'}"


def _upload(value: Any, _: str) -> str:
    if isinstance(value, dict):
        value = next((value[key] for key in ("path", "paths", "artifacts", "source") if key in value), None)
    first = next(iter(writing.texts(value)), "dist")
    return f"upload: {writing.flow(first.rstrip('/*') or first) or 'dist'}"


def _reports(value: Any, _: str) -> str:
    if isinstance(value, dict):
        value = next((value[key] for key in ("path", "junit", "testResults") if key in value), None)
    return f"test_report: {writing.flow(next(iter(writing.texts(value)), 'build/junit.xml')) or 'build/junit.xml'}"


def _depth(value: Any, _: str) -> str | None:
    if value == 0:
        return None
    return f"depth: {value}" if isinstance(value, int) and not isinstance(value, bool) else "depth: 1"


def _condition(value: Any, _: str) -> str:
    said = str(value)
    if "always()" in said or "succeededOrFailed()" in said or "cancelled()" in said:
        return "always_run: true"
    if "failure()" in said or "failed()" in said:
        return '{always_run: true, when: build.result == "failure"}'
    return writing.branch_condition(value)


STEP_WORDS = table(
    ("uses", Word("there are no actions; a step is, for instance,", _action)),
    (
        "with",
        Word(
            "only a builder that uses a template has 'with'; a step has keys of its own, and gets data through",
            "env: {NAME: value}",
        ),
    ),
    ("if condition rules only doStepIf skip_if", Word("a condition is CEL:", _condition)),
    (
        "continue-on-error continue_on_error continueOnError allow_failure allowFailure soft_fail failure",
        Word("what its failure means is", _failure("warn", "halt")),
    ),
    ("haltOnFailure", Word("what its failure means is", _failure("halt", "continue"))),
    ("flunkOnFailure", Word("what its failure means is", _failure("halt", "ignore"))),
    ("warnOnFailure", Word("what its failure means is", _failure("warn", "halt"))),
    ("alwaysRun always", Word("it is", _flag("always_run"))),
    (
        "working-directory working_directory workingDirectory cwd dir directory chdir",
        Word("where it runs is", writing.text("workdir", "src")),
    ),
    (
        "shell interpreter",
        Word("'script' is run by the worker's shell; another one is a program:", "run: [bash, -ec, make]"),
    ),
    ("commands cmds commandlines", Word("several commands are one script, a line each:", writing.one_script)),
    (
        "command cmd args argv",
        Word(
            "a program and its arguments are a list:",
            lambda value, _: (
                f"run: {writing.flow(value)}"
                if isinstance(value, list) and writing.flow(value)
                else "run: [make, test]"
            ),
        ),
    ),
    ("bash sh pwsh powershell batch bat powershell_script", Word("a script is", writing.one_script)),
    ("before_script after_script", Word("what comes before and after are steps of their own")),
    ("timeout-minutes timeout_minutes timeoutInMinutes timeout_in_minutes", Word("its limit is", writing.minutes)),
    ("maxTime max_time total_timeout", Word("its limit is", writing.seconds("timeout"))),
    ("no_output_timeout", Word("how long it may be silent is", "timeout: {no_output: 20m}")),
    ("id ref_name identifier key", Word("a step is called by", writing.text("name", "NAME"))),
    (
        "displayName display_name label title descriptionDone description",
        Word("a step is called by", writing.text("name", "NAME")),
    ),
    ("environment variables environments", Word("variables are", writing.mapping("env", "{NAME: value}"))),
    (
        "image container docker plugins settings pull",
        Word(
            "there are no images of steps: a step runs on the worker as it is; run the container yourself:",
            "run: [docker, run, --rm, IMAGE, make]",
        ),
    ),
    ("secret secret_env", Word("secrets reach a program through", "env: {TOKEN: {secret: NAME}}")),
    ("secrets", Word("secrets reach a program through", "env: {TOKEN: {secret: NAME}}")),
    (
        "needs depends_on dependsOn requires wait waiter",
        Word("steps run one after another, in their order; take the key out"),
    ),
    (
        "parallel group detach background",
        Word("steps run one after another; what may run at the same time are builders of their own"),
    ),
    ("matrix strategy parallelism", Word("a matrix belongs to the builder:", writing.axes, where="builder")),
    (
        "agents agent runs-on pool tags",
        Word("all steps of a build run on one worker, which the builder chooses:", writing.workers, where="builder"),
    ),
    ("task tasks plugin_task", Word("there are no tasks; a step is a program or a script:", "script: make")),
    (
        "artifacts artifact artifact_paths archiveArtifacts store_artifacts persist_to_workspace publish "
        "upload_artifacts PublishBuildArtifacts",
        Word("files are kept by a step of its own:", _upload),
    ),
    (
        "attach_workspace download_artifacts restore",
        Word("files that were kept are fetched by", "{download: dist, from: build}"),
    ),
    (
        "junit store_test_results publishTestResults test_results",
        Word("test reports are read by a step of its own:", _reports),
    ),
    (
        "restore_cache save_cache caches",
        Word("build directories stay on their workers, so there is nothing to cache; take the step out"),
    ),
    ("git clone repository repourl scm", Word("a repository is a source of the file, brought by", "checkout: SOURCE")),
    (
        "fetch-depth fetch_depth fetchDepth shallow",
        Word("how many commits are fetched is", _depth, "without 'depth' all commits are fetched; take the key out"),
    ),
    ("clean clobber", Word("what a build left behind is removed by", "{checkout: SOURCE, mode: full}")),
    ("path dest destination", Word("where files go is", writing.text("into", "src"))),
    (
        "retry retries automatic_retry",
        Word("a step runs once; a builder is tried again after a lost worker:", "retry: {max: 2}", where="builder"),
    ),
    (
        "block input approve_by",
        Word(
            "nobody is asked in the middle of a build; what people start has a trigger:",
            "{on: manual, build: [BUILDER]}",
            where="trigger",
        ),
    ),
    (
        "trigger build_job",
        Word("what comes after is a trigger:", "{on: success, of: [FIRST], build: [NEXT]}", where="trigger"),
    ),
    ("logfiles lazylogfiles logEnviron hideStepIf usePTY decodeRC", Word("there is nothing like it; take the key out")),
    ("property extract_fn", Word("a program's output becomes a property by", "{set_property: NAME, run: [PROGRAM]}")),
    ("setProperty set_env", Word("a value for later steps is a property:", "{set_property: NAME, value: TEXT}")),
    ("stage stages", Word("there are no stages: steps run in their order")),
)
