"""Records the exchanges anew: `python -m tests.elastic.kubernetes.record [SCENARIO…]`.

Needs `etcd`, `kube-apiserver` and `kube-controller-manager` on PATH, which this repository doesn't install; it starts
them on loopback, in a directory that is removed afterwards. See this package's docstring for what that makes real.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from buildledger.elastic.job_manifest import selector
from buildledger.elastic.jobs import KubernetesDriver
from tests.elastic.kubernetes.exchange import Exchange, Recording, save
from tests.elastic.kubernetes.scenarios import NAMESPACE, SCENARIOS, machine
from tests.elastic.kubernetes.serving import Answer, Request, serving, write_kubeconfig
from tests.fakes.ports import free_port

DEADLINE_SECONDS = 120.0
CONTROLLERS = (
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "ttl-after-finished-controller",
)
MERGE = {"Content-Type": "application/merge-patch+json"}


class LiveCluster:
    """A control plane, and a way to its API as its administrator."""

    def __init__(self, address: str) -> None:
        self.api = httpx.Client(base_url=address, headers={"Authorization": "Bearer admin"}, verify=False)
        self.kubeconfig = ""
        self.stranger = ""

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Look until it holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                if found := condition():
                    return found
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise SystemExit(f"waited for {what}")
            time.sleep(0.1)

    def get(self, path: str, **query: str) -> Any:
        """Read something; None if it isn't there."""
        answer = self.api.get(path, params=query)
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status().json()

    def ready(self) -> str:
        """Wait until it serves, make the namespace, and give the version."""
        self.until(lambda: self.api.get("/readyz").is_success, "the API server")
        self.api.post("/api/v1/namespaces", json={"metadata": {"name": NAMESPACE}}).raise_for_status()
        accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
        self.until(lambda: self.get(accounts), "the controller manager")
        return str(self.get("/version")["gitVersion"])

    def clean(self) -> None:
        """Wait until nothing of a scenario is left."""
        for kind in (f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", f"/api/v1/namespaces/{NAMESPACE}/pods"):
            self.api.delete(kind, params={"propagationPolicy": "Background", "gracePeriodSeconds": "0"})
            self.until(partial(self._is_empty, kind), f"an empty {kind}")

    def _is_empty(self, kind: str) -> bool:
        return not self.get(kind)["items"]

    async def pod_is_there(self) -> None:
        """See `Stage`."""
        await asyncio.to_thread(self.until, self._pod, "the pod")

    async def pod_is_bound(self) -> None:
        """See `Stage`."""
        pod = self._pod()
        target = {"apiVersion": "v1", "kind": "Node", "name": "node-1"}
        body = {"metadata": {"name": pod["metadata"]["name"]}, "target": target}
        self.api.post(f"{self._path(pod)}/binding", json=body).raise_for_status()

    async def pod_says(self, status: dict[str, Any]) -> None:
        """See `Stage`."""
        path = f"{self._path(self._pod())}/status"
        self.api.patch(path, content=json.dumps({"status": status}), headers=MERGE).raise_for_status()

    async def job_has_failed(self) -> None:
        """See `Stage`."""

        def failed() -> bool:
            (job,) = self.get(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs")["items"]
            return any(each["type"] == "Failed" for each in job.get("status", {}).get("conditions", ()))

        await asyncio.to_thread(self.until, failed, "the Job's failure")

    def _pod(self) -> Any:
        query = {"labelSelector": selector(machine(""))}
        pods = self.get(f"/api/v1/namespaces/{NAMESPACE}/pods", **query)["items"]
        return pods[0] if pods else None

    def _path(self, pod: Any) -> str:
        return f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}"


@contextmanager
def cluster() -> Iterator[LiveCluster]:
    """A control plane that is gone afterwards."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kube-")))
        client, peer, secure = (free_port() for _ in range(3))
        etcd, address = f"http://127.0.0.1:{client}", f"https://127.0.0.1:{secure}"
        key = directory / "accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        (directory / "tokens").write_text('admin,admin,1,"system:masters"\nstranger,stranger,2\n')
        data = {"data-dir": f"{directory}/etcd", "listen-client-urls": etcd, "advertise-client-urls": etcd}
        peers = {"listen-peer-urls": f"http://127.0.0.1:{peer}"}
        stack.enter_context(running(directory, "etcd", data | peers))
        api = {
            "authorization-mode": "RBAC",
            "bind-address": "127.0.0.1",
            "cert-dir": f"{directory}/certificates",
            "etcd-servers": etcd,
            "secure-port": str(secure),
            "service-account-issuer": address,
            "service-account-key-file": str(key),
            "service-account-signing-key-file": str(key),
            "token-auth-file": f"{directory}/tokens",
        }
        stack.enter_context(running(directory, "kube-apiserver", api))
        live = LiveCluster(address)
        live.until(lambda: live.api.get("/readyz").is_success, "the API server")
        manager = {
            "controllers": ",".join(CONTROLLERS),
            "kubeconfig": insecure(directory / "manager", address),
            "leader-elect": "false",
            "secure-port": "0",
            "service-account-private-key-file": str(key),
        }
        stack.enter_context(running(directory, "kube-controller-manager", manager))
        yield live


@contextmanager
def running(directory: Path, program: str, options: Mapping[str, str]) -> Iterator[None]:
    """A program, until the end."""
    log = directory / f"{program}.txt"
    argv = [program, *(f"--{name}={value}" for name, value in options.items())]
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield
        assert process.poll() is None, log.read_text()[-2000:]
    finally:
        process.terminate()
        process.wait()


def insecure(file: Path, address: str) -> str:
    """A kubeconfig of the administrator for a server whose certificate nobody has signed."""
    write_kubeconfig(file, address, "admin")
    content = json.loads(file.read_text())
    content["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
    file.write_text(json.dumps(content))
    return str(file)


def record(live: LiveCluster, name: str, version: str, directory: Path) -> None:
    """Play a scenario, and keep what was said."""
    exchanges: list[Exchange] = []

    def passed_on(asked: Request) -> Answer:
        content = None if asked.sent is None else json.dumps(asked.sent)
        answer = live.api.request(asked.method, asked.path, content=content, headers=asked.headers)
        exchange = Exchange(
            method=asked.method,
            path=asked.path,
            sent=asked.sent,
            status=answer.status_code,
            answer=without_managers(answer.json()),
        )
        exchanges.append(exchange)
        return Answer(exchange.status, exchange.answer)

    with serving(passed_on) as address:
        live.kubeconfig = write_kubeconfig(directory / "admin", address, "admin")
        live.stranger = write_kubeconfig(directory / "stranger", address, "stranger")
        asyncio.run(_play(live, name))
    save(name, Recording(recorded_from=f"kube-apiserver and kube-controller-manager {version}", exchanges=exchanges))
    live.clean()


def without_managers(value: Any) -> Any:
    """The same without `managedFields`: half of each answer, of no meaning to the driver, and other each time."""
    if isinstance(value, dict):
        return {key: without_managers(each) for key, each in value.items() if key != "managedFields"}
    return [without_managers(each) for each in value] if isinstance(value, list) else value


async def _play(live: LiveCluster, name: str) -> None:
    driver = KubernetesDriver()
    try:
        await SCENARIOS[name](driver, live)
    finally:
        await driver.close()


def main(names: Sequence[str]) -> None:
    """Record all scenarios, or these."""
    with cluster() as live, tempfile.TemporaryDirectory() as directory:
        version = live.ready()
        for name in names or SCENARIOS:
            record(live, name, version, Path(directory))
            sys.stdout.write(f"{name}: recorded from {version}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
