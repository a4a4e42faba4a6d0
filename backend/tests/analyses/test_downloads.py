"""Tables as files, by the public call."""

import asyncio
import csv
import io
from uuid import uuid4
from zipfile import ZipFile

import pytest

from assay.analyses import writing
from assay.analyses.exports import Format
from assay.analyses.models import FieldType
from assay.analyses.writer import Order
from assay.analyses.writing import Writers
from assay.errors import TooMany, Unavailable
from tests.analyses.conftest import EXTRACT, Desk, FakeEngine, ask
from tests.conftest import Tenant


@pytest.fixture
async def path(tenant: Tenant, desk: Desk) -> str:
    hostile = await desk.put(tenant, "=cmd|' /C calc'!A0.txt", "=1+1 is no formula")
    ids = [hostile, *await desk.some(tenant, 600)]
    analysis = await ask(tenant, EXTRACT | {"document_ids": ids, "name": 'A "report"\r\nX: y'})
    await desk.finish(tenant, analysis, FakeEngine(parallel=4))
    return f"/v1/analyses/{analysis['id']}/table"


async def test_a_csv_holds_every_row_and_no_formula(tenant: Tenant, path: str):
    answer = await tenant.client.get(path, params={"format": "csv"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "x" not in answer.headers
    header, first, *rest = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert "Revenue" in header
    assert len(rest) == 600
    assert not [cell for row in (first, *rest) for cell in row if cell.startswith("=")]
    assert any(cell.startswith("'=1+1") for cell in first)
    full = await tenant.client.get(path, params={"format": "csv", "evidence": True})
    wide, *_ = csv.reader(io.StringIO(full.content.decode("utf-8-sig")))
    assert len(wide) > len(header)


async def test_a_workbook_opens_and_leaves_nothing_behind(app, tenant: Tenant, path: str):
    answer = await tenant.client.get(path, params={"format": "xlsx"})
    assert answer.status_code == 200
    with ZipFile(io.BytesIO(answer.content)) as book:
        assert book.testzip() is None
        assert not [name for name in book.namelist() if "externalLink" in name]
    folder = app.state.analyses.downloads._folder
    assert list(folder.iterdir()) == []


async def test_json_comes_whole_when_it_is_downloaded(tenant: Tenant, path: str):
    answer = await tenant.client.get(path, params={"format": "json", "download": True})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert ".json" in answer.headers["content-disposition"]
    whole = answer.json()
    assert len(whole["rows"]) == 601
    page = (await tenant.client.get(path, params={"limit": 1000})).json()
    assert whole == {"columns": page["columns"], "rows": page["rows"]}


async def test_a_comparison_downloads_as_well(tenant: Tenant, desk: Desk):
    ids = await desk.some(tenant, 2)
    analysis = await ask(tenant, {"kind": "compare", "document_ids": ids})
    await desk.finish(tenant, analysis, FakeEngine())
    path = f"/v1/analyses/{analysis['id']}/table"
    shown = (await tenant.client.get(path)).json()
    whole = await tenant.client.get(path, params={"format": "json", "download": True})
    assert whole.json()["rows"] == shown["rows"]
    text = (await tenant.client.get(path, params={"format": "csv"})).content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text)))) == 1 + len(shown["rows"])


ROWS = [{"document_id": None, "document_name": "a.pdf", "cells": {"X": None}}] * 200


def order(form: Format = Format.CSV) -> Order:
    return Order(form, [("X", FieldType.TEXT)], {}, evidence=False, scratch="/tmp")  # noqa: S108


async def pages(number: int = 1):
    for _ in range(number):
        yield ROWS


async def test_files_of_a_workspace_are_written_one_after_the_other(monkeypatch):
    writers, tenant_id = Writers(2), uuid4()
    first = await writers.open(tenant_id, order(), pages())
    second = asyncio.create_task(writers.open(tenant_id, order(), pages()))
    await asyncio.sleep(0.05)
    assert not second.done()
    assert b"a.pdf" in b"".join([piece async for piece in first])
    third = await second
    monkeypatch.setattr(writing, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(TooMany) as refused:
        await writers.open(tenant_id, order(), pages())
    assert refused.value.code == "export_running"
    assert refused.value.retry_after
    other = await writers.open(uuid4(), order(), pages())
    with pytest.raises(Unavailable):
        await writers.open(uuid4(), order(), pages())
    for each in (third, other):
        assert [piece async for piece in each]
    assert not writers._writing


async def test_who_takes_nothing_of_a_file_holds_no_place(monkeypatch):
    monkeypatch.setattr(writing, "STALLED_SECONDS", 0.3)
    writers, tenant_id = Writers(1), uuid4()
    taken = await writers.open(tenant_id, order(), pages(500))
    await anext(taken)
    await asyncio.sleep(0.5)
    assert not writers._writing
    with pytest.raises(asyncio.IncompleteReadError):
        assert [piece async for piece in taken]
    never_taken = await writers.open(tenant_id, order(), pages())
    await asyncio.sleep(0.5)
    assert not writers._writing
    await never_taken.aclose()


@pytest.mark.parametrize("form", [Format.CSV, Format.XLSX])
async def test_a_file_whose_rows_end_in_an_error_breaks_off(form: Format):
    async def broken():
        yield ROWS
        raise Unavailable("The database is away.")

    writers = Writers(1)
    with pytest.raises(Unavailable):
        assert [piece async for piece in await writers.open(uuid4(), order(form), broken())]
    assert not writers._writing


async def test_a_file_whose_writer_is_killed_breaks_off():
    async def endless():
        while True:
            yield ROWS

    writers = Writers(1)
    pieces = await writers.open(uuid4(), order(), endless())
    await anext(pieces)
    pieces.ag_frame.f_locals["self"]._process.kill()
    with pytest.raises(asyncio.IncompleteReadError):
        assert [piece async for piece in pieces]
    assert not writers._writing


async def test_leaving_a_download_ends_its_writer():
    writers = Writers(1)
    pieces = await writers.open(uuid4(), order(), pages(10_000))
    await anext(pieces)
    process = pieces.ag_frame.f_locals["self"]._process
    await pieces.aclose()
    assert process.returncode is not None
    assert not writers._writing


async def test_other_forms_are_refused(tenant: Tenant, path: str):
    assert (await tenant.client.get(path, params={"format": "pdf"})).status_code == 422
    unknown = "/v1/analyses/00000000-0000-7000-8000-000000000000/table"
    for form in ("csv", "xlsx"):
        assert (await tenant.client.get(unknown, params={"format": form})).status_code == 404
