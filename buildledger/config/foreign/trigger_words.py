"""Words of other systems in a trigger, and what they call the kinds of triggers."""

from __future__ import annotations

from typing import Any

from buildledger.config.foreign import writing
from buildledger.config.foreign.word import Word, table


def _at(value: Any, _: str) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0].get("cron")
    return (
        f'at: "{value}"'
        if isinstance(value, str) and len(value.split()) == 5 and value.isprintable()
        else 'at: "0 3 * * *"'
    )


def _source(value: Any, _: str) -> str:
    return (
        f"source: {writing.flow(value) or 'SOURCE'}"
        if isinstance(value, str) and "/" not in value
        else "source: SOURCE"
    )


TRIGGER_WORDS = table(
    ("branch only refs", Word("branches are a list of patterns:", writing.listed("branches", "[main]"))),
    (
        "branches-ignore branches_ignore except exclude",
        Word("what is left out begins with !:", writing.excluded_branches),
    ),
    (
        "paths changes path files",
        Word("what was changed is asked by the builder:", writing.path_condition, where="builder"),
    ),
    (
        "paths-ignore paths_ignore fileIsImportant",
        Word("what was changed is asked by the builder:", writing.no_path_condition, where="builder"),
    ),
    (
        "if when condition rules filters change_filter",
        Word("each builder says itself when it is built:", writing.branch_condition, where="builder"),
    ),
    ("event events types type kind", Word("the kind of a trigger stands in", "on: change")),
    ("cron schedule schedules crontab", Word("the time is", _at)),
    (
        "hour minute dayOfWeek dayOfMonth month periodicBuildTimer interval every",
        Word("the time is minute, hour, day of the month, month, day of the week:", 'at: "0 3 * * *"'),
    ),
    (
        "timezone tz time_zone",
        Word("the time zone is", writing.text("zone", "Europe/London", "[A-Z][a-z]+/[A-Z][A-Za-z_]+|UTC")),
    ),
    (
        "builders builderNames builder job jobs run runs pipeline pipelines workflow workflows target targets steps",
        Word("what is built is", writing.listed("build", "[BUILDER]")),
    ),
    (
        "treeStableTimer quiet_period quietPeriod debounce batch",
        Word("how long a branch has to be quiet is", writing.seconds("settle")),
    ),
    (
        "upstream needs depends_on requires after workflow_run",
        Word("what has to succeed first is", writing.listed("of", "[BUILDER]")),
    ),
    (
        "repo repository project repositories codebases codebase",
        Word("the repository is a source of the file:", _source),
    ),
    ("onlyIfChanged always", Word("whether it is built without a change is", "only_if_changed: true")),
    ("parameters properties params", Word("what people are asked for is", "inputs: {version: {}}")),
    ("tags tag", Word("tags of repositories aren't followed; branches are")),
    ("username usernames reason buttonName", Word("there is nothing like it; take the key out")),
)

_PUSH = Word("commits are", "{on: change, source: SOURCE, build: [BUILDER]}")
_CRON = Word("times are", '{on: cron, at: "0 3 * * *", build: [BUILDER]}')
_MANUAL = Word("what people start is", "{on: manual, build: [BUILDER]}")
_SUCCESS = Word("what comes after another builder is", "{on: success, of: [FIRST], build: [NEXT]}")
_REQUESTS = Word("merge requests are 'on: pull_request', which is part of the format but not built in this version")

TRIGGER_KINDS = table(
    ("push commit commits branch branches poll scm SingleBranchScheduler AnyBranchScheduler single any", _PUSH),
    ("schedule schedules scheduled nightly daily hourly weekly periodic timer Nightly Periodic", _CRON),
    ("workflow_dispatch dispatch web api force ForceScheduler user custom click", _MANUAL),
    ("workflow_run workflow_call dependent Dependent upstream pipeline build after", _SUCCESS),
    ("merge_request merge_requests merge_request_event pull_request_target pull_requests pr", _REQUESTS),
    (
        "tag tags release create delete deployment deploy",
        Word(
            "tags of repositories aren't followed; commits on branches are",
            "{on: change, source: SOURCE, build: [BUILDER]}",
        ),
    ),
    ("failure failed fail", Word("only success leads to another build:", "{on: success, of: [FIRST], build: [NEXT]}")),
)
"""By the value of `on`."""
