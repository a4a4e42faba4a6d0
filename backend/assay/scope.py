"""The only key to one tenant's rows, vectors, files and cache."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TenantScope:
    """A verified tenant.

    Only authentication (`assay.identity`) and the job runner (`assay.adapters.jobs`) make
    one; `tests/isolation/test_scope.py` refuses any other construction. A function that
    takes a `TenantScope` may therefore trust it and must not take a bare tenant id.
    """

    tenant_id: UUID
