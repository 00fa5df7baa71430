"""A secret in use is in no file of ledger, logs, journals and spools, in whatever form it was printed."""

from __future__ import annotations

import base64
import json
import os
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.json import encode

from buildledger.events.fact import Fact
from tests.fakes.trees import files_in
from tests.faults.installation import Installation, installation, wait_until

SECRET = 'pl0ugh+share/"quoted"\\back & ünder\tthe moon'
MULTILINE = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEAx7\nq3fFh0yT9wz1Kk2LbE\n-----END KEY-----\n"

PROGRAM = """
import base64, json, os, sys, time, urllib.parse
def say(text):
    data = text.encode() if isinstance(text, str) else text
    for start in range(0, len(data), 7):  # never a whole secret in one write
        os.write(1, data[start:start + 7])
    os.write(1, b"\\n")
for secret in (os.environ["PLAIN"], os.environ["KEY"]):
    raw = secret.encode()
    say(secret)
    for prefix in (b"", b"u", b"u:"):
        say(base64.b64encode(prefix + raw))
        say(base64.urlsafe_b64encode(prefix + raw))
    say(urllib.parse.quote(secret, safe=""))
    say(urllib.parse.quote_plus(secret))
    say(json.dumps({"secret": secret}))
    say(json.dumps({"secret": secret}, ensure_ascii=False))
    say(secret.encode("utf-16-le"))
    say(secret.replace("\\n", "\\r\\n"))
os.write(2, ("cannot log in with " + os.environ["PLAIN"]).encode())
open(sys.argv[1] + "/said", "w").close()
while not os.path.exists(sys.argv[1] + "/gate"):
    time.sleep(0.05)
say("at last " + os.environ["PLAIN"])
open(sys.argv[1] + "/over", "w").close()
sys.exit(3)
"""


def _configuration(gate: Path, secrets: Path) -> str:
    program = json.dumps(PROGRAM)
    return f"""
version: 1
server: {{title: Secrets}}
secrets: {{provider: file, path: {secrets}}}
workers:
  w1: {{capacity: 2}}
builders:
  deploy:
    steps:
      - run: [{sys.executable}, "-c", {program}, {gate}]
        env: {{PLAIN: {{secret: plain}}, KEY: {{secret: key}}}}
        on_failure: continue
      - set_property: found
        run: [sh, "-c", 'printf "is %s" "$PLAIN"']
        env: {{PLAIN: {{secret: plain}}}}
      - script: 'echo "the property {{{{ found }}}}"; echo "$FOUND"'
        env: {{FOUND: {{property: found}}}}
"""


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "gate").mkdir()
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "plain").write_text(SECRET, encoding="utf-8")
    (secrets / "key").write_text(MULTILINE, encoding="utf-8")
    directory = tmp_path / "installation"
    directory.mkdir()
    with installation(directory, _configuration(tmp_path / "gate", secrets)) as the_installation:
        yield the_installation


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """What base64 makes of the bytes wherever they begin, without the characters that their neighbours decide."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw)
        core = whole[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def _forms() -> dict[str, bytes]:
    forms: dict[str, bytes] = {}
    for name, secret in (("plain", SECRET), ("key", MULTILINE)):
        raw = secret.encode()
        forms |= {f"{name}, as it is": raw, f"{name}, in UTF-16": secret.encode("utf-16-le")}
        forms |= {f"{name}, in base64 ({index})": form for index, form in enumerate(_in_base64(raw))}
        forms[f"{name}, in a URL"] = urllib.parse.quote(secret, safe="").encode()
        forms[f"{name}, in a form"] = urllib.parse.quote_plus(secret).encode()
        forms[f"{name}, in JSON"] = json.dumps(secret)[1:-1].encode()
        forms[f"{name}, in JSON with all characters"] = json.dumps(secret, ensure_ascii=False)[1:-1].encode()
    for line in MULTILINE.splitlines()[1:-1]:
        forms[f"a line of the key: {line}"] = line.encode()
    return forms


def _found_in(directory: Path) -> list[str]:
    """Where below the directory a form of a secret stands; SQLite's write-ahead logs and freed pages are files too."""
    found = []
    for path, data in files_in(directory):
        found += [f"{path.relative_to(directory)}: {name}" for name, form in _forms().items() if form in data]
    return found


@pytest.mark.parametrize("is_supervised", [False, True], ids=["in the journal", "in the spool"])
def test_a_secret_is_in_no_file_at_any_time(
    installed: Installation, tmp_path: Path, is_supervised: bool, supervisor: Path
) -> None:
    """While the step runs, while its output waits on the worker because everybody was killed, and when all is over."""
    client = installed.start_server()
    installed.start_worker(client, supervisor=supervisor if is_supervised else None)
    request = installed.force(client, "deploy")
    wait_until((tmp_path / "gate" / "said").exists, "the step has said everything")
    assert _found_in(installed.directory) == []

    installed.kill_server()
    if is_supervised:
        installed.kill_worker()
    (tmp_path / "gate" / "gate").touch()
    wait_until((tmp_path / "gate" / "over").exists, "the step is over")
    assert _found_in(installed.directory) == []
    client = installed.start_server()
    if is_supervised:
        installed.start_worker(client, supervisor=supervisor)
    assert installed.wait_for_answer(client, request) == "failure"

    (build,) = client.get("/builds", params={"builder": "deploy"}).raise_for_status().json()["items"]
    steps = client.get(f"/builds/{build['id']}/steps").raise_for_status().json()["items"]
    ids = [log["id"] for step in steps for operation in step["operations"] for log in operation["logs"]]
    logs = [client.get(f"/logs/{log_id}/raw").raise_for_status().content for log_id in ids]
    text = b"\n".join(logs)
    assert b"cannot log in with ***" in text
    assert b"at last ***" in text
    assert b"is ***" in text
    assert [name for name, form in _forms().items() if form in text] == []

    installed.kill_server()
    installed.kill_worker()
    assert _found_in(installed.directory) == []
    facts = b"".join(encode(each) for each in installed.facts(Fact))
    assert b"deploy" in facts
    assert [name for name, form in _forms().items() if form in facts] == []


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A secret that is written to a file is found, in each form; otherwise the test above would show nothing."""
    for index, form in enumerate(_forms().values()):
        (tmp_path / "deep").mkdir(exist_ok=True)
        (tmp_path / "deep" / str(index)).write_bytes(os.urandom(5000) + form + os.urandom(5000))
    assert {line.partition(": ")[2] for line in _found_in(tmp_path)} == set(_forms())
