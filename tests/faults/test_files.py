"""Files of builds on a real server and a real worker: passed on, limited, and never lost by a kill or a full disk."""

from __future__ import annotations

import hashlib
import io
import resource
import zipfile
from pathlib import Path
from typing import Any

import httpx

from buildledger.events.operation import INFRASTRUCTURE_REASONS
from tests.config.texts import EXAMPLES
from tests.faults.installation import Installation, installation, wait_until

LARGE_BYTES = 192 << 20
HELD_BYTES = 8 << 20
DISK_BYTES = 8 << 20


def configuration(**builders: str) -> str:
    """Builders that are started by hand, each with its steps."""
    text = "version: 1\nserver: {title: Files}\nworkers: {w1: {}}\nbuilders:\n"
    for name, steps in builders.items():
        text += f"  {name}:\n    steps:\n" + "".join(f"      {line}\n" for line in steps.strip().splitlines())
    return f"{text}triggers: [{{on: manual, build: [{', '.join(builders)}]}}]\n"


def build(server: Installation, client: httpx.Client, builder: str) -> dict[str, Any]:
    """A build from its request to its end."""
    server.wait_for_answer(client, server.force(client, builder))
    return newest(client, builder)


def newest(client: httpx.Client, builder: str) -> dict[str, Any]:
    """All about the newest build of a builder that has ended, once there is one."""

    def found() -> str | None:
        items = client.get("/builds", params={"builder": builder, "status": "finished"}).json()["items"]
        return items[0]["id"] if items else None

    build_id = wait_until(found, f"a build of {builder} has ended")
    detail: dict[str, Any] = client.get(f"/builds/{build_id}").raise_for_status().json()
    return detail


def summaries(detail: dict[str, Any]) -> list[str]:
    """What the steps of a build say."""
    return [step["summary"] for step in detail["steps"]]


def test_example_passes_a_site_on(tmp_path: Path) -> None:
    """One builder makes a site; the next gets that very one, links, modes and empty directories, and tests it."""
    text = (EXAMPLES / "artifacts.yaml").read_text().replace("  local: {labels", "  w1: {labels")
    with installation(tmp_path, text) as server:
        client = server.start_server()
        server.start_worker(client)
        made = build(server, client, "package")
        assert [one["name"] for one in made["artifacts"]] == ["site", "pages-only"]
        verified = newest(client, "verify")
        assert verified["build"]["result"] == "success", summaries(verified)
        assert summaries(verified) == ["got site of package #1", "", "6 passed"]
        assert verified["tests"]["totals"]["passed"] == 6
        build(server, client, "package")
        again = client.post(f"/builds/{verified['build']['id']}/rebuild", json={}).raise_for_status().json()
        server.wait_for_answer(client, again["request_id"])
        rebuilt = client.get("/builds", params={"request_id": again["request_id"]}).json()["items"][0]
        steps = client.get(f"/builds/{rebuilt['id']}/steps").json()["items"]
        assert steps[0]["summary"] == "got site of package #1", "what is repeated gets what it got before"
        compared = build(server, client, "compare")
        assert compared["steps"][0]["summary"] == "got site of package #2"
        content = client.get(f"/artifacts/{made['artifacts'][0]['operation_id']}").content
        archive = zipfile.ZipFile(io.BytesIO(content))
        assert archive.read("pages/2.html") == b"<h1>Page 2</h1>\n"
        assert archive.read("index.html") == b"pages/1.html"


STEPS = """
- {script: "mkdir -p out; echo $N > out/number", name: make, env: {N: {expr: "string(build.number)"}}}
- {upload: out}
"""
LATER = """
- {upload: out, optional: true}
- {download: out, from: {builder: make, number: "1"}, into: first}
- {download: out, from: {builder: make}, into: last}
- {download: own, from: build, optional: true}
- {run: [sh, -c, "cat first/number last/number"], name: look}
- {download: missing, from: {builder: make}, on_failure: warn}
- {download: out, from: parent, on_failure: warn}
- {download: out, from: {builder: make, number: "9"}, on_failure: warn}
"""


def test_artifacts_of_other_builds(tmp_path: Path) -> None:
    """By number, by the last success, if there is one; what isn't there is told by what was looked for."""
    with installation(tmp_path, configuration(make=STEPS, use=LATER)) as server:
        client = server.start_server()
        server.start_worker(client)
        for _ in range(2):
            build(server, client, "make")
        used = build(server, client, "use")
        assert summaries(used) == [
            "nothing to keep as out",
            "got out of make #1",
            "got out of make #2",
            "nothing to get: this build keeps no artifact 'own'",
            "",
            "there is no such file: no build of make that succeeded keeps an artifact 'missing'",
            "there is no such file: no other build asked for this one, so there is nothing to get from it",
            "there is no such file: make #9 keeps no artifact 'out'",
        ]
        log = used["steps"][4]["operations"][0]["logs"][0]["id"]
        assert client.get(f"/logs/{log}/raw").content == b"1\n2\n"
        assert used["build"]["result"] == "warnings"


def test_killed_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    """The worker goes on where the upload stood, with the token it has; the file is whole and the step ran once."""
    steps = f"""
- {{run: [sh, -c, "head -c {LARGE_BYTES} /dev/urandom > large; sha256sum large; echo x >> ../made"], name: make}}
- {{upload: large}}
"""
    with installation(tmp_path, configuration(large=steps)) as server:
        client = server.start_server()
        server.start_worker(client)
        request = server.force(client, "large")
        incoming = server.state / "artifacts" / "incoming"

        def held() -> int:
            return max((part.stat().st_size for part in incoming.glob("*.part")), default=0)

        wait_until(lambda: held() > HELD_BYTES, "a part of the file has come")
        server.kill_server()
        at_kill = held()
        assert HELD_BYTES < at_kill < LARGE_BYTES
        client = server.start_server()
        assert server.wait_for_answer(client, request) == "success"
        detail = newest(client, "large")
        (artifact,) = detail["artifacts"]
        log = detail["steps"][0]["operations"][0]["logs"][0]["id"]
        assert client.get(f"/logs/{log}/raw").text.split()[0] == artifact["sha256"]
        summed = hashlib.sha256()
        with client.stream("GET", f"/artifacts/{artifact['operation_id']}") as answer:
            for piece in answer.iter_bytes():
                summed.update(piece)
        assert summed.hexdigest() == artifact["sha256"]
        assert (tmp_path / "worker" / "work" / "made").read_text() == "x\n"
        assert list(incoming.iterdir()) == []
        server.kill_server()
        server.verify()


def test_quota_of_a_build(tmp_path: Path) -> None:
    """What is beyond it fails its step by the name of the limit; what was kept stays; the next build has its own."""
    steps = """
- {script: "head -c 600000 /dev/zero > a; head -c 600000 /dev/urandom > b", name: make}
- {upload: a}
- {upload: b}
"""
    with installation(tmp_path, configuration(two=steps), artifact_build_bytes=1_000_000) as server:
        client = server.start_server()
        server.start_worker(client)
        for _ in range(2):
            detail = build(server, client, "two")
            assert detail["build"]["result"] == "failure"
            assert "one build may take 1000000 bytes, and 600000 are taken" in detail["steps"][2]["summary"]
            assert detail["steps"][2]["summary"].startswith("too much to keep")
            assert [one["name"] for one in detail["artifacts"]] == ["a"]


def test_full_disk(tmp_path: Path) -> None:
    """An upload that the disk doesn't take fails its step and says so; nothing else is lost, and later ones work."""
    steps = f"""
- {{script: "head -c {2 * DISK_BYTES} /dev/urandom > large; echo small > small", name: make}}
- {{upload: small}}
- {{upload: large}}
"""
    with installation(tmp_path, configuration(both=steps)) as server:
        client = server.start_server()
        server.start_worker(client)
        unlimited = resource.prlimit(server.server_pid, resource.RLIMIT_FSIZE, (DISK_BYTES, resource.RLIM_INFINITY))
        full = build(server, client, "both")
        assert full["build"]["result"] == "exception"
        assert "the server's disk takes no more" in full["steps"][2]["summary"]
        assert [one["name"] for one in full["artifacts"]] == ["small"]
        assert not INFRASTRUCTURE_REASONS & {step["operations"][0]["ended"] for step in full["steps"]}
        resource.prlimit(server.server_pid, resource.RLIMIT_FSIZE, unlimited)
        assert build(server, client, "both")["build"]["result"] == "success"
        server.kill_server()
        server.verify()


REPORTS = """
- name: make
  script: "mkdir out; printf '1..2\\nok 1 - a\\nnot ok 2 - b\\n' > out/a.tap; echo nonsense > out/broken.tap"
- {test_report: out/a.tap, format: tap, failed: warnings, name: tolerated}
- {test_report: "out/*.tap", format: tap, name: broken, on_failure: warn}
- {test_report: none.xml, name: missing, on_failure: warn}
- {test_report: none.xml, name: optional, optional: true}
"""


def test_reports(tmp_path: Path) -> None:
    """Failed tests come to what is configured; a report that is broken or isn't there is a failure with its reason."""
    with installation(tmp_path, configuration(reports=REPORTS)) as server:
        client = server.start_server()
        server.start_worker(client)
        detail = build(server, client, "reports")
        assert [step["result"] for step in detail["steps"]] == ["success", "warnings", "failure", "failure", "success"]
        assert summaries(detail)[1:] == [
            "1 passed, 1 failed",
            "a test report can't be read: out/broken.tap: line 1: no test and no plan in it: this isn't TAP",
            "there is no such file: nothing in '.' matches none.xml",
            "no reports",
        ]
