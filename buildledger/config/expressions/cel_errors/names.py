"""Names that expressions don't know: constants of other languages, contexts of other systems, texts without quotes."""

from __future__ import annotations

import re

from buildledger.config.expressions.cel_errors.found import by_word

_CONSTANTS = by_word(
    {
        "true": "it is written true",
        "false": "it is written false",
        "none nil undefined": "there is no such value; a text that isn't known is empty: ''",
    }
)
_WORDS = by_word(
    {
        "not": "it is written '!'",
        "manual": "what people start has a trigger 'on: manual'",
        "always": "write 'always_run: true' in a step",
        "on_success": "nothing has to be written: a step runs unless an earlier one has halted the build",
        "on_failure": "write 'always_run: true' and when: build.result == 'failure'",
        "never": "take the builder or the step out",
        "delayed": "write 'settle' in the trigger",
    }
)
"""What GitLab has behind `when`."""
_CONTEXTS = (
    (
        r"github\.(?:ref|ref_name|head_ref|base_ref)|CI_COMMIT_(?:BRANCH|REF_NAME|REF_SLUG)|GIT_BRANCH|BRANCH_NAME|BRANCH|ref",
        "write change.branch",
    ),
    (r"github\.sha|CI_COMMIT_SHA|GIT_COMMIT|COMMIT|sha", "write change.revision"),
    (r"github\.event_name|CI_PIPELINE_SOURCE|event", "why something is built is said by triggers"),
    (r"github\.repository|CI_PROJECT_\w+|repo", "write change.source"),
    (
        r"github\..*|gitlab\..*|CI_\w+|CI",
        "what is known of a change is change.branch, change.revision, change.source and change.files",
    ),
    (r"runner\..*", "write worker.labels.os"),
    (
        r"env\..*|environ\..*",
        "environment variables aren't known to expressions; inputs, properties and labels of workers are",
    ),
    (r"secrets?\..*", "secrets aren't known to expressions; a program gets them through 'env'"),
    (r"steps\..*|needs\..*|jobs\..*", "what an earlier step has found out is properties.NAME, after 'set_property'"),
    (r"params\..*|parameters\..*|input", "write inputs.NAME"),
    (r"variables\b.*|vars\..*", "write inputs.NAME or properties.NAME"),
)


def hint(name: str, source: str) -> str:
    """What may be meant by a name that isn't known; empty if there is nothing to say."""
    lowered = name.lower()
    if lowered in _CONSTANTS:
        return _CONSTANTS[lowered]
    if source.strip() == name and lowered in _WORDS:
        return _WORDS[lowered]
    for pattern, said in _CONTEXTS:
        if re.fullmatch(pattern, name):
            return said
    if re.fullmatch(r"[A-Za-z_][\w-]*", name) and re.search(
        rf"(?:[=!]=|\bin|[(\[,])\s*{re.escape(name)}\b(?![.(])", source
    ):
        text = re.search(rf"(?<![\w.']){re.escape(name)}[\w./-]*", source)
        return f"a text stands in quotes: '{text[0] if text else name}'"
    return ""
