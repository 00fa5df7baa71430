"""Triggers that have failed, each alone: the others go on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_log = logging.getLogger(__name__)


class TriggerFailures:
    """Why which trigger has stopped. It is tried again under the next configuration, and after a restart."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why, by the trigger's name."""
        return self._reasons

    def has(self, trigger: str) -> bool:
        """Whether a trigger has failed and requests nothing."""
        return trigger in self._reasons

    @contextmanager
    def of(self, trigger: str) -> Iterator[None]:
        """Stop the trigger if what is done for it here fails."""
        try:
            yield
        except Exception as error:
            self._reasons[trigger] = f"{type(error).__name__}: {error}"
            _log.exception("trigger %r has stopped, until the next configuration or start", trigger)

    def clear(self) -> None:
        """Try them all again."""
        self._reasons.clear()
