"""The packages that Lambda gets."""

import subprocess
import zipfile
from pathlib import Path

INFRA = Path(__file__).parents[2]


def packages() -> dict[str, bytes]:
    subprocess.run([INFRA / "lambdas/build"], check=True)
    return {path.name: path.read_bytes() for path in (INFRA / "build/lambdas").glob("*.zip")}


def test_the_same_source_makes_the_same_bytes():
    assert packages() == packages()


def test_a_package_holds_the_modules_and_no_tests():
    packages()
    with zipfile.ZipFile(INFRA / "build/lambdas/qdrant.zip") as package:
        assert package.namelist() == ["client.py", "probe.py", "snapshots.py"]
        assert all(entry.external_attr >> 16 == 0o644 for entry in package.infolist())
