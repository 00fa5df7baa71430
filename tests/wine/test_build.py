"""A complete build on a Windows worker, for a server on Linux."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.wine.site import Site, WindowsWorker, configuration
from tests.wine.windows import Windows, windows_path

pytestmark = pytest.mark.xdist_group("wine")

AWKWARD = [
    "",
    " ",
    "two words",
    'a"b',
    '\\"',
    "back\\",
    "back\\\\ \\\\",
    "a&b|c>d<e^f",
    "(x)",
    "ünïcödé",
    "日本語",
    "%PATH%",
    "100%",
]
BATCH = ["two words", "a&b|c>d<e^f", "(x)", "ünïcödé", "日本語", "back\\", "", "=;,"]
"""Without percent signs, which need a real Windows, and without quotation marks, on which programs don't agree."""

BYTES = 300_000
SECRET = "a riddle / in a mystery"
ONE_LINE = "echo grüße 日本& echo %GREETING%& cd"
SEVERAL_LINES = """echo first
if exist missing.txt (exit /b 4) else echo second
mkdir "neue ordner"
echo third & echo %TOKEN%
"""


def expected_bytes() -> bytes:
    """What the program writes: every byte, line ends and invalid UTF-8 among them."""
    return bytes((i ^ i >> 8) & 0xFF for i in range(BYTES))


def steps(play: list[str], batch: str) -> list[dict[str, Any]]:
    """A build that does what a build can do."""
    return [
        {"name": "arguments", "run": [*play, "print", *AWKWARD]},
        {"name": "batch", "run": [batch, *BATCH]},
        {"name": "variable", "run": [*play, "variable", "Greeting"]},
        {"name": "code page", "run": [*play, "page"]},
        {"name": "bytes", "run": [*play, "bytes", str(BYTES)]},
        {"name": "one line", "script": ONE_LINE},
        {"name": "several lines", "script": SEVERAL_LINES, "env": {"TOKEN": {"secret": "riddle"}}},
        {"name": "pack", "script": 'echo packed 日本>"neue ordner\\paket.txt"'},
        {"set_property": "version", "run": [*play, "print", "1.2"]},
        {"name": "property", "run": [*play, "print", {"property": "version"}]},
        {"upload": "neue ordner/paket.txt", "to": "paket.txt"},
        {"name": "five", "run": [*play, "exit", "5"], "on_failure": "warn"},
    ]


@dataclass(frozen=True)
class Built:
    """What is to be seen of a build that is over."""

    result: str
    detail: dict[str, Any]
    logs: dict[str, bytes]
    artifact: bytes
    worker_directory: Path


@pytest.fixture(scope="module")
def built(
    windows: Windows, worker_program: Path, checks: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    """One build of a worker whose directories have names with umlauts and spaces."""
    directory = tmp_path_factory.mktemp("Bäu läger")
    program = windows_path(checks / "processes.test.exe")
    batch = directory / "zeig her.cmd"
    batch.write_text(f'@"{program}" __child print %*\r\n')
    text = configuration(
        {
            "all": (
                "all",
                {"steps": steps([program, "__child"], windows_path(batch)), "env": {"GREETING": "grüße 日本"}},
            )
        },
        secrets={"provider": "env", "prefix": "WINE_TEST_"},
    )
    with Site(directory / "site", text, {"WINE_TEST_RIDDLE": SECRET}) as site:
        worker = WindowsWorker(site, windows, worker_program, "all", directory / "worker")
        with worker.running():
            build = site.build_of(site.force("all"))
            result = site.result_of(build)
            detail = site.get(f"/builds/{build}")
            artifacts = [site.content(f"/artifacts/{each['operation_id']}") for each in detail["artifacts"]]
            yield Built(result, detail, site.logs_of(build), b"".join(artifacts), directory / "worker")


def printed(arguments: list[str]) -> bytes:
    """How the program prints its arguments."""
    text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    for char in "&<>":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode() + b"\n"


def test_it_ends_as_it_should(built: Built) -> None:
    """Every step succeeds but the one that is meant to fail, which has the program's exit code."""
    failed = [(each["name"], each["summary"]) for each in built.detail["steps"] if each["result"] != "success"]
    assert failed == [("five", "exit code 5")]
    assert built.result == "warnings"


def test_arguments_arrive_unchanged(built: Built) -> None:
    """Through the server, the worker and CreateProcess; and through cmd.exe for a batch file."""
    assert built.logs["arguments"] == printed(AWKWARD)
    assert built.logs["batch"] == printed(BATCH)


def test_environment_and_output_are_unicode(built: Built) -> None:
    """Variables are found whatever their case, and programs see a console with code page 65001."""
    assert built.logs["variable"] == "grüße 日本\n".encode()
    assert built.logs["code page"] == b"65001 65001\n"


def test_output_is_exact(built: Built) -> None:
    """No byte is lost, added or taken for a line end."""
    assert built.logs["bytes"] == expected_bytes()


def test_scripts_are_run_by_the_shell(built: Built) -> None:
    """In the build's directory, on one line or on several, and what is secret isn't shown."""
    first, second, place = built.logs["one line"].decode().splitlines()
    assert (first, second) == ("grüße 日本", "grüße 日本")
    assert place == windows_path(built.worker_directory / "state" / "work" / "all")
    assert [line.strip() for line in built.logs["several lines"].decode().splitlines()] == [
        "first",
        "second",
        "third",
        "***",
    ]


def test_properties_and_files_come_back(built: Built) -> None:
    """What a program prints becomes a property, and a file becomes an artifact with the bytes it has there."""
    assert built.logs["property"] == printed([printed(["1.2"]).decode().strip()])
    assert built.artifact == "packed 日本\r\n".encode()


def test_no_secret_lies_on_the_disk(built: Built) -> None:
    """Neither in the worker's state directory nor in its log."""
    files = [file for file in built.worker_directory.rglob("*") if file.is_file()]
    assert files
    assert [file for file in files if SECRET.encode() in file.read_bytes()] == []
