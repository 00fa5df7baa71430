"""Writes golden files for versions of checkpoints that have none; see this package's docstring."""

from __future__ import annotations

import msgspec

from tests.golden.checkpoints.folds import CHECKPOINTS


def main() -> None:
    for checkpoint in CHECKPOINTS:
        if not checkpoint.golden.exists():
            checkpoint.golden.write_bytes(msgspec.json.format(msgspec.json.encode(checkpoint.describe())) + b"\n")


if __name__ == "__main__":
    main()
