"""Health, readiness and metrics as balancers, operators and Prometheus see them."""

import asyncio
import re
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from assay.adapters.telemetry_metrics import queue_seen
from assay.operations.service import Answer, Operations, Watched
from tests.conftest import Tenant, client_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def well() -> Answer:
    return Answer(well=True, version="1.2")


async def away() -> Answer:
    return Answer(well=False)


async def failing() -> Answer:
    raise OSError


async def limping() -> Answer:
    return Answer(well=True, away=("10.0.0.2:6333",))


async def test_health_says_so_without_asking_any_part(app, anonymous: httpx.AsyncClient):
    answer = await anonymous.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"


async def test_health_is_answered_while_every_part_hangs(app, monkeypatch):
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(app.state.admission, "_admit", hang)
    monkeypatch.setattr(app.state.admission, "_count", hang)
    monkeypatch.setattr(app.state.database, "_checked_out", hang)
    async with client_of(app, "assay_x") as client, asyncio.timeout(20):
        waiting = [asyncio.create_task(client.get("/v1/me")) for _ in range(50)]
        await asyncio.sleep(0)
        assert (await client.get("/health")).status_code == 200
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_health_fails_while_the_process_drains(app, anonymous, monkeypatch):
    monkeypatch.setattr(app.state.lifecycle, "draining", True)
    answer = await anonymous.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "draining"})


async def test_readiness_tells_each_part_with_version_and_latency(anonymous: httpx.AsyncClient):
    answer = await anonymous.get("/ready")
    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "ok")
    assert told["checks"] == dict.fromkeys(("postgres", "redis", "vectors", "files"), "ok")
    for name in ("postgres", "redis"):
        assert re.match(r"\d+\.\d+", told["parts"][name]["version"])
    assert all(part["latency_ms"] > 0 for part in told["parts"].values())
    assert all(part["degraded"] == [] for part in told["parts"].values())


@pytest.mark.parametrize(
    ("check", "stead", "overall", "state", "degraded"),
    [
        (well, None, "ok", "ok", []),
        (away, "otherwise", "degraded", "unavailable", ["otherwise"]),
        (away, None, "unavailable", "unavailable", []),
        (failing, None, "unavailable", "unavailable", []),
        (limping, None, "degraded", "degraded", ["10.0.0.2:6333"]),
    ],
)
async def test_what_is_served_without_a_part_decides(check, stead, overall, state, degraded):
    operations = Operations({"one": Watched(well), "other": Watched(check, stead)})
    told = await operations.readiness()
    assert (told.status, told.checks) == (overall, {"one": "ok", "other": state})
    assert told.parts["other"].degraded == degraded


async def test_readiness_fails_when_a_part_is_away_that_nothing_replaces(
    app, anonymous, monkeypatch
):
    monkeypatch.setitem(app.state._state, "operations", Operations({"postgres": Watched(failing)}))
    answer = await anonymous.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"postgres": "unavailable"}
    assert answer.headers["retry-after"] == "5"


async def test_asking_often_does_not_load_the_parts():
    clock, asked = Clock(), []

    async def count() -> Answer:
        asked.append(clock.now)
        return Answer(well=True)

    operations = Operations({"part": Watched(count)}, clock)
    await asyncio.gather(*(operations.readiness() for _ in range(100)))
    clock.now = 0.9
    await operations.readiness()
    assert asked == [0]
    clock.now = 1.0
    await operations.readiness()
    assert asked == [0, 1.0]


async def test_one_that_gives_up_waiting_spoils_it_for_nobody():
    go = asyncio.Event()

    async def slow() -> Answer:
        await go.wait()
        return Answer(well=True)

    operations = Operations({"part": Watched(slow)})
    first, second = (asyncio.create_task(operations.readiness()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go.set()
    assert (await second).status == "ok"


def families(text: str) -> dict:
    return {each.name: each for each in text_string_to_metric_families(text)}


async def test_metrics_name_routes_and_no_tenant(tenant: Tenant, anonymous: httpx.AsyncClient):
    unknown = uuid4()
    await tenant.client.get(f"/v1/documents/{unknown}")
    await anonymous.get(f"/no/such/{unknown}")
    text = (await anonymous.get("/metrics")).text
    assert str(unknown) not in text
    assert tenant.id not in text
    requests = families(text)["assay_http_request_seconds"]
    routes = {sample.labels["route"] for sample in requests.samples}
    assert {"/v1/documents/{document_id}", "unmatched"} <= routes
    assert not routes & {"/health", "/ready", "/metrics"}
    assert {sample.labels["status"] for sample in requests.samples} <= {"2xx", "3xx", "4xx", "5xx"}


async def test_metrics_cover_what_is_promised(tenant: Tenant, anonymous: httpx.AsyncClient):
    await tenant.client.post("/v1/search", json={"query": "anything"})
    found = families((await anonymous.get("/metrics")).text)
    promised = {
        "assay_http_request_seconds", "assay_http_requests_active", "assay_http_connections",
        "assay_queries", "assay_sessions_active", "assay_session_seconds", "assay_tokens_checked",
        "assay_database_statement_seconds", "assay_vector_search_seconds",
        "assay_vector_search_failures", "assay_cache_reads", "assay_model_call_seconds",
        "assay_model_tokens", "assay_model_cost_usd", "assay_jobs_waiting",
        "assay_jobs_oldest_seconds", "assay_event_loop_lag_seconds", "process_cpu_seconds",
        "process_resident_memory_bytes",
    }  # fmt: skip
    assert promised <= found.keys()
    assert found["assay_sessions_active"].samples[0].value >= 1


async def test_searches_and_tokens_are_counted(tenant: Tenant, anonymous: httpx.AsyncClient, app):
    async def count(family: str, **labels: str) -> float:
        samples = families((await anonymous.get("/metrics")).text)[family].samples
        return sum(
            each.value
            for each in samples
            if each.name.endswith("_total") and labels.items() <= each.labels.items()
        )

    searches, valid = (
        await count("assay_queries"),
        await count("assay_tokens_checked", outcome="valid"),
    )
    invalid = await count("assay_tokens_checked", outcome="invalid")
    await tenant.client.post("/v1/search", json={"query": "anything"})
    await tenant.client.post("/v1/search", json={"no": "query"})
    async with client_of(app, "no.such.token") as forged:
        await forged.get("/v1/me")
    assert await count("assay_queries") - searches == 1
    assert await count("assay_tokens_checked", outcome="valid") - valid == 2
    assert await count("assay_tokens_checked", outcome="invalid") - invalid == 1


async def test_metrics_are_not_for_those_beyond_a_proxy(app, anonymous, monkeypatch):
    proxied = {"X-Forwarded-For": "203.0.113.7"}
    refused = await anonymous.get("/metrics", headers=proxied)
    nothing = await anonymous.get("/no/such/path")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert refused.json()["detail"] == nothing.json()["detail"]
    monkeypatch.setitem(app.state._state, "metrics_proxied", True)
    assert (await anonymous.get("/metrics", headers=proxied)).status_code == 200


async def test_the_queue_is_told_by_the_worker(parts, tenant: Tenant, anonymous, app):
    from assay import worker

    content = {"file": ("a.txt", b"Some words that wait.")}
    assert (await tenant.client.post("/v1/documents", files=content)).status_code == 202
    await app.state.cache.drop("queue:state")
    assert "assay_jobs_waiting NaN" in (await anonymous.get("/metrics")).text
    async with worker.connect(parts.worker_settings) as runner:
        watch = next(
            each.__self__ for each in runner._sweeps if type(each.__self__).__name__ == "QueueWatch"
        )
        async with runner._app.open_async():
            await watch.sweep()
            queue_seen(0, 0)
            found = families((await anonymous.get("/metrics")).text)
            assert found["assay_jobs_waiting"].samples[0].value >= 1
            assert found["assay_jobs_oldest_seconds"].samples[0].value >= 0
