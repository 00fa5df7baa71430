"""YAML text → a parser's events.

There are two parsers. libyaml, in C, reads some ten megabytes a second, and is all that a sound file needs. What it
refuses is read again by ruamel, in Python and forty times slower, which knows YAML 1.2 to the letter and says
better what is wrong. Their events have the same names and fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from buildledger.config.reading.places import Mark
from buildledger.config.reading.yaml_errors import said

CAREFUL_BYTES = 1 << 20
"""Of a text that is read again for the sake of better words; ruamel takes seconds for so much."""

_OTHER_LINES = re.compile("[\x85\u2028\u2029]")
"""Ends of lines in YAML 1.1, and so for libyaml, but not in YAML 1.2."""


class NotYaml(Exception):  # noqa: N818 - what is wrong is told as a problem
    """The text isn't YAML: where, and a problem's code, message and hint."""

    def __init__(self, mark: Mark, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.mark = mark
        self.code = code
        self.message = message
        self.hint = hint


class NotQuick(Exception):  # noqa: N818 - it only turns the reader to the other parser
    """libyaml doesn't take the text, or would read it otherwise than YAML 1.2 has it."""


def quick_events(text: str) -> Iterator[Any]:
    """What libyaml makes of a text.

    Raises:
        NotQuick: The careful parser may take it, or say better what is wrong.
        NotYaml: The text is too long for the careful parser.
    """
    if not yaml.__with_libyaml__ or (not text.isascii() and _OTHER_LINES.search(text)):
        raise NotQuick
    try:
        parser = yaml.cyaml.CParser(text)
        while (event := parser.get_event()) is not None:
            yield event
    except yaml.MarkedYAMLError as error:
        if len(text) <= CAREFUL_BYTES:
            raise NotQuick from error
        raise _not_yaml(text, Mark(1, 1), error) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise NotQuick from error


def careful_events(text: str) -> Iterator[Any]:
    """What ruamel makes of a text.

    Raises:
        NotYaml
    """
    last = Mark(1, 1)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            last = _mark(event.start_mark)
            yield event
    except MarkedYAMLError as error:
        raise _not_yaml(text, last, error) from error
    except ReaderError as error:
        before = text[: error.position]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = f"the character U+{ord(text[error.position]):04X} can't stand in YAML"
        raise NotYaml(mark, "yaml-syntax", message, "take it out") from error
    except (YAMLError, AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotYaml(last, "yaml-syntax", f"this isn't YAML; its parser says: {reason}") from error


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


def _not_yaml(text: str, last: Mark, error: Any) -> NotYaml:
    """What either parser found, in our words where there are some."""
    mark = _mark(error.problem_mark) if error.problem_mark else last
    begin = _mark(error.context_mark) if error.context_mark else None
    problem = str(error.problem or "not understood")
    return NotYaml(*said(text.split("\n"), mark, problem, str(error.context or ""), begin))
