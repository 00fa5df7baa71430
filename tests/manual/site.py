"""A server that recipes are applied to, one after the other, and the repositories that they build."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from buildledger.config.load import resolve_text
from tests.fakes.repository import Repository
from tests.faults.installation import Installation, wait_until
from tests.manual.recipes import Recipe

REPOSITORY = Path(__file__).parents[2]
POLL = "200ms"
MAKEFILE = """\
test test-everything lint:
\t@echo "$@: all is well"
package:
\t@mkdir -p dist && echo a widget > dist/widget.tar
"""
SCRIPTS = {
    "build": 'echo "building $*"',
    "deploy": 'echo "deploying to $*"',
    "plan": """cat <<END
version: 1
builders:
  tests:
    matrix: {axes: {part: [$(echo "$@" | tr ' ' ,)]}}
    steps: [{checkout: widget}, {run: [./ci/test, {matrix: part}]}]
END""",
    "release": 'echo "releasing $*"',
    "test": 'echo "testing $*"',
    "start-services": "echo up > services",
    "stop-services": "rm services",
    "fails": "exit 3",
    "hangs": "sleep 600",
    "needs": 'eval "test -n \\"\\$$1\\""',
    "exclusive": 'mkdir "@shared@/$1" && sleep 0.3 && rmdir "@shared@/$1"',
    "test-with-report": """mkdir -p "$(dirname "$1")" && cat > "$1" <<'END'
<testsuite name="widgets"><testcase name="turns"/>
<testcase name="stops"><failure message="it went on"/></testcase></testsuite>
END""",
}


class ManualSite:
    """An installation whose worker processes the server starts itself, as many as a recipe has."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._repositories = {name: Repository(directory / "git" / name) for name in ("widget", "proto")}
        shared = directory / "shared"
        shared.mkdir()
        for name, body in SCRIPTS.items():
            self._repositories["widget"].write(f"ci/{name}", f"#!/bin/sh\n{body.replace('@shared@', str(shared))}\n")
            (directory / "git" / "widget" / "ci" / name).chmod(0o755)
        self._repositories["widget"].commit("Begin", Makefile=MAKEFILE, VERSION="1.4.0-rc1\n")
        self._repositories["proto"].commit("Begin", README="messages\n")
        self._installation = Installation(directory, json.dumps({"version": 1, "sources": self._sources()}))
        self._api: httpx.Client | None = None

    def start(self) -> None:
        """Start the server."""
        self._api = self._installation.start_server()
        wait_until(
            lambda: all(source["branches"] for source in self._items("/sources")), "every source has been read", str
        )

    def stop(self) -> None:
        """Have it stop the workers that it has started, which outlive it otherwise, and stop it."""
        if self._installation.server_runs:
            self._put_in_force({"version": 1}, "the end")
            wait_until(
                lambda: all(worker["status"] != "connected" for worker in self._items("/workers")), "no worker is left"
            )
            os.kill(self._installation.server_pid, signal.SIGTERM)
            self._installation.wait_for_end()
        self._installation.close()

    def run(self, recipe: Recipe) -> dict[str, Counter[str]]:
        """Apply a recipe, do what it says, and give the results of all builds that came of it."""
        begun = self._apply(recipe)
        for action in recipe.actions:
            if "commit" in action:
                self._commit(**action["commit"])
            elif "wait" in action:
                wait_until(partial(self._has_built, action["wait"], begun), "a build has ended", self._state(begun))
            else:
                self._post(f"/builders/{action['force']}/force", {"inputs": action["inputs"]})
                self._wait_until_idle(begun)
        wait_until(lambda: self._results(begun) == recipe.builds, f"the builds of '{recipe.title}'", self._state(begun))
        self._wait_until_idle(begun)
        return self._results(begun)

    def _apply(self, recipe: Recipe) -> int:
        """Put a recipe in force, with its obvious substitutions; the position since which it is."""
        (self._directory / "secrets").mkdir(exist_ok=True)
        for name, value in recipe.secrets.items():
            (self._directory / "secrets" / name).write_text(value)
        workers = {
            name: {**worker, "start": {"driver": "local", **worker.get("start", {})}}
            for name, worker in recipe.configuration["workers"].items()
        }
        plain = recipe.configuration | {"sources": self._sources(), "workers": workers}
        return self._put_in_force(plain, recipe.title)

    def _put_in_force(self, plain: dict[str, Any], name: str) -> int:
        wanted, problems = resolve_text(json.dumps(plain), file=name, directory=self._directory)
        assert wanted is not None, "\n".join(map(str, problems))
        body = {"text": wanted.to_json(), "origin": name, "expected_revision": self._revision()}
        return int(self._post("/config", body)["position"])

    def _commit(self, branch: str, files: list[str]) -> None:
        """Commit to `main`, or to a new branch whose name begins so, and wait until the server has seen it."""
        repository = self._repositories["widget"]
        known = len(self._items("/changes"))
        if branch != "main":
            repository.git("checkout", "-q", "--detach", "main")
        revision = repository.commit(f"Change {', '.join(files)}", **dict.fromkeys(files, f"{known}\n"))
        if branch != "main":
            # The server may look at any moment: it sees the branch where it is to be, or not at all.
            repository.git("branch", f"{branch}-{known}")
            repository.git("checkout", "-q", "main")
        wait_until(
            lambda: any(change["revision"] == revision for change in self._items("/changes")), "the commit is seen", str
        )

    def _wait_until_idle(self, begun: int) -> None:
        wait_until(
            lambda: not any(self._items("/requests", status=status) for status in ("waiting", "claimed", "collapsed")),
            "nothing waits and nothing runs",
            self._state(begun),
        )

    def _has_built(self, builder: str, begun: int) -> bool:
        return any(result != "None" for result in self._results(begun).get(builder, ()))

    def _results(self, begun: int) -> dict[str, Counter[str]]:
        results: dict[str, Counter[str]] = {}
        for build in self._items("/builds"):
            if build["position"] > begun:
                results.setdefault(build["builder"], Counter())[str(build["result"])] += 1
        return results

    def _state(self, begun: int) -> Any:
        def state() -> str:
            ended = [
                f"{build['builder']}: {build['summary']}"
                for build in self._items("/builds")
                if build["position"] > begun
            ]
            return f"{self._results(begun)}; {ended}; waiting: {self._items('/requests', status='waiting')}"

        return state

    def _sources(self) -> dict[str, Any]:
        """All repositories, for every recipe: one that is seen for the first time would be built as it stands."""
        return {name: {"git": repository.url, "poll": POLL} for name, repository in self._repositories.items()}

    def _revision(self) -> int:
        return int(self._get("/config")["revision"]["revision"])

    def _items(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._get(path, **parameters)["items"]
        return items

    def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        assert self._api is not None
        return self._read(self._api.get(path, params=parameters))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert self._api is not None
        return self._read(self._api.post(path, json=body))

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found
