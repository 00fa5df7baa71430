"""Writes transcripts for versions of step programs that have none; see this package's docstring."""

from __future__ import annotations

import msgspec

from tests.golden.programs.transcripts import golden, programs, transcripts


def main() -> None:
    for program in programs():
        if not (path := golden(program)).exists():
            path.write_bytes(msgspec.json.encode(transcripts(program)) + b"\n")


if __name__ == "__main__":
    main()
