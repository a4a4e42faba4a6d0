"""A page's picture in the format that the client takes."""

import io

import pytest
from PIL import Image

from tests.conftest import Tenant
from tests.documents.sample_files import pdf
from tests.library import put

pytestmark = pytest.mark.usefixtures("working")
BROWSER = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"


@pytest.fixture
async def path(tenant: Tenant) -> str:
    document = await put(tenant.client, "a.pdf", pdf([["Alpha beta"]]))
    return f"/v1/documents/{document['id']}/pages/1/image"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER, "webp"), ("*/*", "webp"), ("image/*", "webp"), ("image/webp;q=0.1", "webp"),
        ("image/png", "png"), ("image/webp;q=0, */*", "png"), ("image/png, image/*;q=0.0", "png"),
    ],
)  # fmt: skip
async def test_webp_where_it_is_taken_and_png_otherwise(tenant: Tenant, path: str, accept, kind):
    answer = await tenant.client.get(path, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"image/{kind}"
    assert answer.headers["vary"] == "Accept"
    assert Image.open(io.BytesIO(answer.content)).format == kind.upper()


async def test_both_show_the_same_and_have_tags_of_their_own(tenant: Tenant, path: str):
    webp = await tenant.client.get(path, headers={"Accept": "image/webp"})
    png = await tenant.client.get(path, headers={"Accept": "image/png"})
    shown = [Image.open(io.BytesIO(each.content)).convert("RGB").tobytes() for each in (webp, png)]
    assert shown[0] == shown[1]
    tag = png.headers["etag"]
    assert tag != webp.headers["etag"]
    same = await tenant.client.get(path, headers={"Accept": "image/png", "If-None-Match": tag})
    assert (same.status_code, same.headers["vary"]) == (304, "Accept")
    other = await tenant.client.get(path, headers={"Accept": "image/webp", "If-None-Match": tag})
    assert other.status_code == 200
