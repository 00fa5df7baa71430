"""Workers that Buildbot starts on demand: pods become elastic workers, of the others is said what starts them here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from buildledger.config.convert.buildbot.account import Entry
from buildledger.config.convert.buildbot.described import Thing
from buildledger.config.convert.buildbot.site import Site, argument
from buildledger.config.fields import spelling

WORKER_PORT = 8011
"""Where a server listens for workers unless it is told otherwise."""
_IMAGE = "buildbot/buildbot-worker"
_IDLE_SECONDS = 600
KINDS = {
    "KubeLatentWorker": ("pods of Kubernetes", "`driver: kubernetes`"),
    "DockerLatentWorker": (
        "containers of Docker",
        "`driver: kubernetes`, or a worker that runs `docker run` in its steps",
    ),
    "MarathonLatentWorker": ("containers of Marathon", "`driver: kubernetes`"),
    "EC2LatentWorker": ("machines of EC2", "`driver: ssh` on a machine that is there, or a script that starts one"),
    "OpenStackLatentWorker": ("machines of OpenStack", "`driver: ssh` on a machine that is there, or a script"),
    "LibVirtWorker": ("virtual machines of libvirt", "`driver: ssh` on one that runs"),
    "UpcloudLatentWorker": ("machines of UpCloud", "`driver: ssh` on a machine that is there, or a script"),
    "AbstractLatentWorker": ("machines on demand", "`driver: ssh` on a machine that is there, or a script"),
}


def start(site: Site, worker: Thing, entry: Entry) -> dict[str, Any]:
    """The key `start` of a worker that is started on demand, as far as there is one; nothing for any other worker."""
    kind = site.extracted.base_among(worker, KINDS)
    if kind is None:
        return {}
    if kind == "KubeLatentWorker":
        return _pod(site, worker, entry)
    what, instead = KINDS[kind]
    image = argument(worker, "image")
    named = f" of the image {image!r}" if isinstance(image, str) else ""
    entry.miss("start", f"{what}{named} aren't started by the server", f"{instead}; until then it waits for a worker")
    return {}


def _pod(site: Site, worker: Thing, entry: Entry) -> dict[str, Any]:
    server = _server(site, worker)
    image = argument(worker, "image", _IMAGE)
    if server is None or not isinstance(image, str):
        why = "the server's address isn't known" if server is None else "its image is chosen when it runs"
        entry.miss("start", why, "`start: {driver: kubernetes, image: …, server: HOST:PORT}`")
        return {}
    keys: dict[str, Any] = {"driver": "kubernetes", "image": image, "server": server}
    if isinstance(namespace := argument(worker, "namespace"), str):
        keys["namespace"] = namespace
    idle = argument(worker, "build_wait_timeout")
    if isinstance(idle, int | float) and idle not in (0, _IDLE_SECONDS):
        keys["idle_timeout"] = spelling.duration(idle if idle > 0 else None)
    entry.miss("image", f"{image} starts Buildbot's worker", "name an image whose entry point is `bl-worker`")
    entry.note("server", f"pods reach the server at {server}, which was taken from the old one's address", "")
    return {"start": keys}


def _server(site: Site, worker: Thing) -> str | None:
    host = argument(worker, "masterFQDN")
    if isinstance(host, str) and host:
        return f"{host.partition(':')[0]}:{WORKER_PORT}"
    url = site.extracted.settings.get("buildbotURL")
    found = urlsplit(url).hostname if isinstance(url, str) else None
    return f"{found}:{WORKER_PORT}" if found and found != "localhost" else None
