"""`python -m buildledger.api.export [--check]`: write the OpenAPI document beside this file, or compare with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from buildledger.api.routers import describe_routes

DOCUMENT = Path(__file__).with_name("openapi.json")


def main(arguments: list[str]) -> int:
    """The exit code: 0 if it was written, or is equal; 1 if it differs; 2 for wrong arguments."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m buildledger.api.export [--check]\n")
        return 2
    text = json.dumps(describe_routes(), indent=1, ensure_ascii=False) + "\n"
    if not arguments:
        DOCUMENT.write_text(text, encoding="utf-8")
        return 0
    if DOCUMENT.is_file() and DOCUMENT.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{DOCUMENT.name} is not what the routes say: run `python -m buildledger.api.export`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
