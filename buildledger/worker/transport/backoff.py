"""How long to wait before the next attempt to connect."""

import random

# The first is short so that a restarted server has its workers back at once; full jitter keeps a thousand workers from
# coming back in the same instant. For some ten seconds they stay at 4 s and below: a network that was away no longer
# has its workers back within two seconds.
_CEILINGS_SECONDS = (0.25, 1.0, 1.0, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 8.0, 16.0, 32.0, 60.0)


class Backoff:
    """Full-jitter delays that grow to a minute and start over after a success."""

    def __init__(self, source: random.Random | None = None) -> None:
        # Not for secrecy: jitter only spreads load.
        self._random = source or random.Random()  # noqa: S311 - spreads retries, hides nothing
        self._failures = 0

    def succeeded(self) -> None:
        """The session was established: the next failure is the first again."""
        self._failures = 0

    def next_delay(self) -> float:
        """Seconds to wait after one more failure."""
        ceiling = _CEILINGS_SECONDS[min(self._failures, len(_CEILINGS_SECONDS) - 1)]
        self._failures += 1
        return self._random.uniform(0.0, ceiling)

    def slowest_delay(self) -> float:
        """Seconds to wait when only a person can help."""
        return self._random.uniform(_CEILINGS_SECONDS[-1] / 2, _CEILINGS_SECONDS[-1])
