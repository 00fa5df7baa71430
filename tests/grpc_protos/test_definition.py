"""The definition explains itself, and the generated code is what it generates."""

from collections.abc import Iterator
from pathlib import Path

import grpc_tools
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

from buildledger.grpc_protos import generate

ROOT = Path(generate.__file__).parents[2]
PROTO = "buildledger/grpc_protos/worker/v1/worker.proto"

# Numbers of the fields of FileDescriptorProto and its parts, as source locations spell their paths.
MESSAGE, ENUM, SERVICE, MEMBER = 4, 5, 6, 2


@pytest.fixture(scope="module")
def definition(tmp_path_factory: pytest.TempPathFactory) -> FileDescriptorProto:
    target = tmp_path_factory.mktemp("descriptors") / "worker.binpb"
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    code = protoc.main(
        ["protoc", f"-I{ROOT}", f"-I{well_known}", "--include_source_info", f"--descriptor_set_out={target}", PROTO]
    )
    assert code == 0
    return FileDescriptorSet.FromString(target.read_bytes()).file[0]


def elements(definition: FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    for i, message in enumerate(definition.message_type):
        yield (MESSAGE, i), message.name
        for j, field in enumerate(message.field):
            yield (MESSAGE, i, MEMBER, j), f"{message.name}.{field.name}"
    for i, enum in enumerate(definition.enum_type):
        yield (ENUM, i), enum.name
        for j, value in enumerate(enum.value):
            if value.number != 0:
                yield (ENUM, i, MEMBER, j), value.name
    for i, service in enumerate(definition.service):
        yield (SERVICE, i), service.name
        for j, method in enumerate(service.method):
            yield (SERVICE, i, MEMBER, j), f"{service.name}.{method.name}"


def test_everything_is_explained(definition: FileDescriptorProto) -> None:
    """Every message, field, enumeration, value, service and method has a comment."""
    comments = {tuple(each.path): each.leading_comments.strip() for each in definition.source_code_info.location}
    assert [name for path, name in elements(definition) if not comments.get(path)] == []


def test_enumerations_begin_with_unspecified(definition: FileDescriptorProto) -> None:
    """The zero of each enumeration means "not said", so that an unknown value can be read as it."""
    assert [
        enum.value[0].name for enum in definition.enum_type if not enum.value[0].name.endswith("_UNSPECIFIED")
    ] == []


def test_generated_code_is_current() -> None:
    """What is checked in is what the definition generates."""
    assert generate.main(["--check"]) == 0


def test_drift_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A generated file that differs fails the check, by name."""
    real = generate._current
    monkeypatch.setattr(
        generate, "_current", lambda target: b"old" if target.name == "worker_pb2.pyi" else real(target)
    )
    assert generate.main(["--check"]) == 1
    assert "worker_pb2.pyi is out of date" in capsys.readouterr().err
