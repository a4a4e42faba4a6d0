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


def test_no_other_module_makes_a_tenant_scope():
    root = Path(assay.__file__).parent
    makers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "TenantScope"
    }
    assert makers
    assert makers <= ALLOWED
