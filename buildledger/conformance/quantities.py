"""Sizes and durations as people write them in cases: `100 MiB`, `300 ms`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

_NUMBER_WITH_UNIT = re.compile(r"(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)")
_SIZE_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_TIME_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


def parse_size(value: object) -> int:
    """Bytes from a whole number or a text with unit.

    Raises:
        ValueError: it is neither.
    """
    number, factor = _split(value, _SIZE_UNITS, default_unit="", example="64 KiB")
    return int(number * factor)


def parse_seconds(value: object) -> float:
    """Seconds from a text with unit; a bare number is refused because nobody would know what it means.

    Raises:
        ValueError: it isn't a duration.
    """
    number, factor = _split(value, _TIME_UNITS, default_unit=None, example="300 ms")
    return number * factor


def _split(
    value: object, units: dict[str, float] | dict[str, int], *, default_unit: str | None, example: str
) -> tuple[float, float]:
    found = _NUMBER_WITH_UNIT.fullmatch(str(value).strip()) if isinstance(value, (int, float, str)) else None
    if found is None or isinstance(value, bool):
        raise ValueError(f"{value!r} isn't a quantity: write a number with a unit, for example {example}")
    number, unit = found.groups()
    if unit == "" and default_unit is not None:
        unit = default_unit
    if unit not in units:
        raise ValueError(
            f"{value!r} has no known unit: use one of {', '.join(filter(None, units))}, for example {example}"
        )
    return float(number), units[unit]


Size = Annotated[int, BeforeValidator(parse_size)]
Seconds = Annotated[float, BeforeValidator(parse_seconds)]
