"""Only authentication and the job runner make a `TenantScope`."""

import ast
from pathlib import Path

import assay

ALLOWED = {
    "identity/authentication.py",
    "identity/service.py",
    "identity/local.py",
    "adapters/jobs.py",
}


def callers_of(name: str) -> set[str]:
    root = Path(assay.__file__).parent
    return {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
    }


def test_no_other_module_makes_a_tenant_scope():
    makers = callers_of("TenantScope")
    assert makers
    assert makers <= ALLOWED


def test_only_sweeps_open_the_scopes_that_the_gate_names():
    assert callers_of("swept") == {
        "analyses/jobs.py",
        "documents/reconcile.py",
        "documents/tenant_removal.py",
    }
