"""What Terraform says of the application and of the runbooks, held against both."""

import re
from pathlib import Path

import pytest
from assay.adapters.telemetry_emf import DIMENSIONS, EMF_METRICS, NAMESPACE

ROOT = Path(__file__).parents[2]
OBSERVABILITY = ROOT / "infra/modules/observability"
EMITTED = {(metric.name, service) for metric in EMF_METRICS for service in metric.services}


def text(*folders: Path) -> str:
    return "\n".join(file.read_text() for folder in folders for file in sorted(folder.glob("*.tf")))


def shown() -> set[tuple[str, str]]:
    """Metrics of the dashboards, by service."""
    block = re.search(r"application_metrics = \{(.*?)\n  \}", text(OBSERVABILITY), re.DOTALL)
    services = re.findall(r"(api|worker) = \[(.*?)\]", block[1], re.DOTALL)
    return {
        (name, service) for service, names in services for name in re.findall(r'"(\w+)"', names)
    }


def alarmed() -> set[tuple[str, str]]:
    found = re.findall(
        r'namespace\s*=\s*"Assay",\s*metric = "(\w+)",\s*dimensions = local\.(\w+)',
        text(OBSERVABILITY),
    )
    return set(found)


def test_every_metric_that_is_shown_is_one_that_the_application_writes():
    assert shown() - EMITTED == set()
    assert len(shown()) > 20


def test_every_metric_with_an_alarm_is_one_that_the_application_writes():
    assert alarmed() - EMITTED == set()
    assert len(alarmed()) == len(re.findall(r'namespace\s*=\s*"Assay"', text(OBSERVABILITY)))


def test_namespace_and_dimensions_are_the_applications():
    assert NAMESPACE == "Assay"
    assert DIMENSIONS == ("Environment", "Service")
    source = text(OBSERVABILITY)
    assert 'name => ["Assay", name, "Environment", var.environment, "Service", service]' in source
    assert 'api    = { Environment = var.environment, Service = "api" }' in source


MODULES = sorted((ROOT / "infra/modules").iterdir())


@pytest.mark.parametrize("module", [path.name for path in MODULES])
def test_every_runbook_that_is_named_is_written(module):
    source = text(ROOT / "infra/modules" / module)
    named = set(re.findall(r'runbook\s*=\s*"([\w-]+)"', source))
    named |= set(re.findall(r"docs/runbooks/([\w-]+)\.md", source))
    for name in named:
        assert (ROOT / f"docs/runbooks/{name}.md").stat().st_size > 300, name


def test_links_between_runbooks_lead_somewhere():
    for page in (ROOT / "docs/runbooks").glob("*.md"):
        for target in re.findall(r"\]\(([\w./-]+\.md)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_runbook_is_in_the_list():
    listed = (ROOT / "docs/runbooks/README.md").read_text()
    for page in (ROOT / "docs/runbooks").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in listed
