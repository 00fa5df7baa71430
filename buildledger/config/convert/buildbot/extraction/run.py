"""The way in, started as a file by the user's Python: `python run.py MASTER_CFG SECONDS`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

NAME = "buildledger_extraction"


def main() -> None:
    """Import the files beside this one as a package of their own, without getting in the way of the user's modules."""
    here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    spec = importlib.util.spec_from_file_location(NAME, here / "__init__.py", submodule_search_locations=[str(here)])
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    importlib.import_module(NAME + ".process").main(sys.argv[1], float(sys.argv[2]))


if __name__ == "__main__":
    main()
