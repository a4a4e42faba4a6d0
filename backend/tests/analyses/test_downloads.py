"""Tables as files, by the public call."""

import csv
import io
from zipfile import ZipFile

import pytest

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
    assert list(folder.rglob("table.xlsx")) == []


async def test_other_forms_are_refused(tenant: Tenant, path: str):
    assert (await tenant.client.get(path, params={"format": "pdf"})).status_code == 422
    unknown = "/v1/analyses/00000000-0000-7000-8000-000000000000/table"
    for form in ("csv", "xlsx"):
        assert (await tenant.client.get(unknown, params={"format": form})).status_code == 404
