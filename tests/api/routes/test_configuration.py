"""Putting a configuration in force, what that would change, and going back."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec

from buildledger.api.app import make_app
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration
from buildledger.config.secrets.settings import Secrets
from buildledger.config.values import SecretRef
from buildledger.domain.config import ApplyConfig
from buildledger.events.fact import Recorded
from buildledger.ledger.submission import Origin
from tests.api.calls import post, read
from tests.api.conftest import AUTHORIZED, Site, settled
from tests.projections.samples import configuration


def with_secret(plain: Configuration, directory: Path) -> Configuration:
    """The same with a secret that is a file of a directory."""
    step = msgspec.structs.replace(plain.builders["lint"].steps[0], env={"KEY": SecretRef("gone")})
    lint = msgspec.structs.replace(plain.builders["lint"], steps=(step,))
    where = Secrets(provider="file", path=str(directory))
    return msgspec.structs.replace(plain, builders={"lint": lint}, secrets=where)


async def test_a_configuration_is_applied_whole_at_the_expected_revision(site: Site, client: httpx.AsyncClient) -> None:
    """A revision that isn't in force any more is refused; a text that is no configuration stays outside."""
    wanted = configuration("lint", "docs")
    body = {"text": wanted.to_json(), "origin": "test.yaml", "expected_revision": 1}
    assert (await post(client, "config", body)).status_code == 200
    assert (await client.get("/api/v1/config")).json()["revision"]["revision"] == 2
    assert (await client.get("/api/v1/builders/docs")).status_code == 200
    stale = body | {"text": configuration("lint").to_json()}
    refused = await post(client, "config", stale)
    assert (refused.status_code, refused.json()["code"]) == (409, "config_revision")
    detail = refused.json()["detail"]
    assert detail.startswith("revision 2 is in force, not 1: admin applied it at 20"), detail
    assert " UTC from test.yaml: created builder docs" in detail
    assert (await post(client, "config", body | {"text": "{}"})).status_code == 422


async def test_a_configuration_applied_again_is_answered_alike(site: Site, client: httpx.AsyncClient) -> None:
    """A repetition by its key is answered as the first, though there is nothing left to change; another text isn't."""
    key = {"Idempotency-Key": "once"}
    body = {"text": configuration("lint", title="Another").to_json(), "origin": "here"}
    first, again = [await client.post("/api/v1/config", json=body, headers=key) for _ in range(2)]
    assert again.status_code == 200, again.text
    assert (again.json()["position"], again.json()["duplicate"]) == (first.json()["position"], True)
    other = body | {"text": configuration("tests").to_json()}
    assert (await client.post("/api/v1/config", json=other, headers=key)).status_code == 409


async def test_a_plan_says_what_would_change_and_what_that_does_at_once(site: Site, client: httpx.AsyncClient) -> None:
    """A plan changes nothing, and counts the requests that would be cancelled; details only when they are asked for."""
    site.world.submit("lint")
    await settled(site)
    wanted = {"text": configuration("docs").to_json()}
    plan = (await post(client, "config/plan", wanted)).json()
    assert (plan["changes"], plan["compared_with"], plan["entries"]) == (True, 1, [])
    assert "- builder lint" in plan["text"]
    assert plan["effects"] == ["removes builder lint: 1 waiting request will be cancelled"]
    detailed = (await post(client, "config/plan?entries=true", wanted)).json()
    assert {"removed", "created", "changed"} == {entry["action"] for entry in detailed["entries"]}
    assert (await read(client, "config"))["revision"]["revision"] == 1
    assert (await post(client, "config/plan", {"text": "{}"})).status_code == 422


async def test_going_back_is_a_new_revision_that_says_which_it_restores(site: Site, client: httpx.AsyncClient) -> None:
    """An earlier content comes into force again under the next number, with who, why and the plan."""
    body = {"text": configuration("docs").to_json(), "origin": "docs.yaml", "message": "only the manual"}
    assert (await post(client, "config", body)).status_code == 200
    plan = await read(client, "config/revisions/1/plan")
    assert (plan["compared_with"], plan["hindrances"]) == (2, [])
    back = {"revision": 1, "expected_revision": 2, "message": "too early"}
    assert (await post(client, "config/rollback", back)).status_code == 200
    newest, second, first = (await read(client, "config/revisions"))["items"]
    assert (newest["revision"], newest["restores"], newest["message"]) == (3, 1, "too early")
    assert newest["digest"] == first["digest"] != second["digest"]
    assert second["message"] == "only the manual"
    assert any(line.startswith("removed builder docs") for line in newest["plan"])
    assert (await read(client, "config/revisions", before=3, limit=1))["items"] == [second]


async def test_a_secret_that_the_server_cannot_have_stands_in_the_way(
    site: Site, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Whoever sent the configuration may see it, on another machine or as somebody else: the plan says it, too."""
    body = {"text": with_secret(configuration("lint"), tmp_path).to_json(), "origin": "a"}
    refused = await post(client, "config", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "config_unusable")
    assert refused.json()["detail"].startswith("the configuration can't be put in force: secret 'gone': ")
    (hindrance,) = (await post(client, "config/plan", {"text": body["text"]})).json()["hindrances"]
    assert f"{tmp_path}/gone" in hindrance
    assert (await read(client, "config"))["revision"]["revision"] == 1
    (tmp_path / "gone").write_text("is there")
    assert (await post(client, "config/plan", {"text": body["text"]})).json()["hindrances"] == []
    assert (await post(client, "config", body)).status_code == 200


async def test_going_back_is_refused_with_its_reason(site: Site, client: httpx.AsyncClient, tmp_path: Path) -> None:
    """A revision that isn't there, one whose secret is gone, and one that is overtaken change nothing."""
    assert (await post(client, "config/rollback", {"revision": 9})).status_code == 404
    needs = configuration("lint")
    (tmp_path / "gone").write_text("is there")
    body = {"text": with_secret(needs, tmp_path).to_json(), "origin": "a"}
    assert (await post(client, "config", body)).status_code == 200
    (tmp_path / "gone").unlink()
    assert (await post(client, "config", {"text": needs.to_json(), "origin": "b"})).status_code == 200
    refused = await post(client, "config/rollback", {"revision": 2})
    assert (refused.status_code, refused.json()["code"]) == (422, "config_unusable")
    assert "revision 2 can't be put in force again: secret 'gone': " in refused.json()["detail"]
    assert (await read(client, "config/revisions/2/plan"))["hindrances"] != []
    overtaken = await post(client, "config/rollback", {"revision": 1, "expected_revision": 1})
    assert (overtaken.status_code, overtaken.json()["code"]) == (409, "config_revision")
    assert (await read(client, "config"))["revision"]["revision"] == 3


async def test_the_plan_is_of_what_was_replaced(site: Site, client: httpx.AsyncClient) -> None:
    """Of two who apply at once without saying over what, each is told of in the history by what it changed."""
    bodies = [{"text": configuration("lint", name).to_json(), "origin": name} for name in ("a", "b", "c")]
    answers = await asyncio.gather(*(post(client, "config", body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    *_, second, first = (await read(client, "config/revisions"))["items"]
    before = first["origin"]
    for item in reversed((await read(client, "config/revisions"))["items"][:-1]):
        assert f"created builder {item['origin']}" in item["plan"]
        assert (f"removed builder {before}" in item["plan"]) == (before in "abc")
        before = item["origin"]
    assert second["revision"] == 2


async def test_ten_thousand_revisions_are_listed_without_reading_one(site: Site) -> None:
    """The history is read from its own rows: no configuration but those asked for is read, wherever one looks."""
    texts = [configuration("lint", title=title).to_json() for title in ("a", "b")]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    batch = [ApplyConfig(digest=digests[n % 2], text=texts[n % 2], origin=f"{n}.yaml") for n in range(1_000)]
    for _ in range(10):
        site.ledger.execute_blocking(*batch, origin=Origin(actor="system"))
    await settled(site)
    read_at: list[int] = []

    def fact_at(position: int) -> Recorded:
        read_at.append(position)
        return site.ledger.at(position)

    app = make_app(replace(site.deps, configurations=Configurations(fact_at)))
    client = site.client_of(app, **AUTHORIZED)
    first = await read(client, "config/revisions", limit=20)
    assert [item["revision"] for item in first["items"]][:2] == [10_001, 10_000]
    second = await read(client, "config/revisions", limit=20, cursor=first["next"])
    assert second["items"][0]["revision"] == 9_981
    assert (await read(client, "config/revisions", before=3, limit=5))["items"][0]["origin"] == "0.yaml"
    assert read_at == []
    assert (await read(client, "config/revisions/5000"))["revision"]["revision"] == 5_000
    assert len(read_at) == 1
