"""A configuration as a large installation writes it, every builder out, without templates or a matrix."""

from __future__ import annotations

from collections.abc import Iterator

PER_TRIGGER = 500
WORKERS = 50


def configuration(builders: int, *, changed: int = 0) -> str:
    """YAML of some 330 bytes a builder; another number in `changed` changes one builder, in the middle."""
    return "\n".join(_lines(builders, changed)) + "\n"


def _lines(builders: int, changed: int) -> Iterator[str]:
    yield "version: 1"
    yield 'sources:\n  shop: {git: "https://git.example/shop.git", poll: never}'
    yield "workers:"
    for number in range(WORKERS):
        yield f"  w{number:02d}: {{labels: {{os: linux, pool: p{number % 10}}}, capacity: 4}}"
    yield "builders:"
    for number in range(builders):
        target = f"test-{changed}" if changed and number == builders // 2 else "test"
        yield (
            f"  service-{number:05d}:\n"
            "    project: shop\n"
            f"    tags: [backend, team-{number % 40}]\n"
            f"    worker: worker.labels.os == 'linux' && worker.labels.pool == 'p{number % 10}'\n"
            f'    env: {{CI: "1", SERVICE: service-{number:05d}}}\n'
            "    steps:\n"
            "      - checkout: shop\n"
            f"      - run: [make, -C, services/{number:05d}, build]\n"
            f"      - run: [make, -C, services/{number:05d}, {target}]\n"
            "        timeout: 20m"
        )
    yield "triggers:"
    for first in range(0, builders, PER_TRIGGER):
        names = ", ".join(f"service-{number:05d}" for number in range(first, min(builders, first + PER_TRIGGER)))
        yield f"  - {{on: change, name: from-{first}, source: shop, branches: [main], build: [{names}]}}"
