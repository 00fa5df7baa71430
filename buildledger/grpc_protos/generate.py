"""Generate the Python messages, stubs and type stubs of the worker protocol.

`python -m buildledger.grpc_protos.generate` writes them beside the definition; `--check` writes nothing and exits with
1 if what is checked in differs from what would be written. Needs the development tools grpcio-tools and mypy-protobuf.
"""

import argparse
import sys
import tempfile
from pathlib import Path

_PACKAGE_ROOT = Path(__file__).parents[2]
_PROTO = "buildledger/grpc_protos/worker/v1/worker.proto"
_GENERATED = ("worker_pb2.py", "worker_pb2.pyi", "worker_pb2_grpc.py", "worker_pb2_grpc.pyi")


def main(arguments: list[str] | None = None) -> int:
    """Write or check the generated files and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m buildledger.grpc_protos.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    check = parser.parse_args(arguments).check
    with tempfile.TemporaryDirectory() as scratch:
        _compile(Path(scratch))
        drifted = [target for target, content in _wanted(Path(scratch)) if _current(target) != content]
        if check:
            for target in drifted:
                sys.stderr.write(f"{target.name} is out of date: run python -m buildledger.grpc_protos.generate\n")
            return 1 if drifted else 0
        for target, content in _wanted(Path(scratch)):
            target.write_bytes(content)
    return 0


def _compile(scratch: Path) -> None:
    """Run protoc with its plugins into `scratch`."""
    # Imported here so that reading this package doesn't need the development tools.
    import grpc_tools
    from grpc_tools import protoc

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    plugins = Path(sys.executable).parent
    code = protoc.main(
        [
            "protoc",
            f"--proto_path={_PACKAGE_ROOT}",
            f"--proto_path={well_known}",
            f"--plugin=protoc-gen-mypy={plugins / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={plugins / 'protoc-gen-mypy_grpc'}",
            f"--python_out={scratch}",
            f"--grpc_python_out={scratch}",
            f"--mypy_out=quiet:{scratch}",
            f"--mypy_grpc_out=quiet:{scratch}",
            _PROTO,
        ]
    )
    if code != 0:
        raise SystemExit(code)


def _wanted(scratch: Path) -> list[tuple[Path, bytes]]:
    """Each checked-in file with the content it should have."""
    folder = Path(_PROTO).parent
    return [(_PACKAGE_ROOT / folder / name, (scratch / folder / name).read_bytes()) for name in _GENERATED]


def _current(target: Path) -> bytes | None:
    return target.read_bytes() if target.exists() else None


if __name__ == "__main__":
    sys.exit(main())
