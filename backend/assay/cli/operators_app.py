"""The operator's commands and their options: `assay operators` and `assay tenants`."""

from typing import Annotated, Any

import typer

from assay.cli.running import load_settings, run, run_client, text

# What does the work is imported by the command that needs it, so that `--help` answers at once.
# ruff: noqa: PLC0415

operators = typer.Typer(
    name="operators", help="Who may manage tenants; asks the database itself.", no_args_is_help=True
)
tenants = typer.Typer(
    name="tenants", help="Manage tenants, with an operator's key.", no_args_is_help=True
)

Url = Annotated[
    str | None, typer.Option("--url", envvar="ASSAY_URL", help="Address of an Assay elsewhere.")
]
OperatorKey = Annotated[
    str | None,
    typer.Option("--operator-key", envvar="ASSAY_OPERATOR_KEY", help="Operator's key for --url."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Name = Annotated[str, typer.Argument(callback=text, help="What the operator is called.")]
Tenant = Annotated[str, typer.Argument(callback=text, help="Id or whole name of the tenant.")]


@operators.command("create")
def create_operator(name: Name) -> None:
    """Make an operator and print the key, which is shown this once."""
    from assay.cli import operators as work

    settings = load_settings()
    run(lambda console: work.create(settings, console, name))


@operators.command("list")
def list_operators(as_json: Json = False) -> None:  # noqa: FBT002
    """List the operators."""
    from assay.cli import operators as work

    settings = load_settings()
    run(lambda console: work.show(settings, console, as_json=as_json))


@operators.command("revoke")
def revoke_operator(name: Name) -> None:
    """Make an operator's key worthless at once."""
    from assay.cli import operators as work

    settings = load_settings()
    run(lambda console: work.revoke(settings, console, name))


@tenants.command("list")
def list_tenants(
    query: Annotated[
        str | None, typer.Option("--query", callback=text, help="Part of the name.")
    ] = None,
    url: Url = None,
    operator_key: OperatorKey = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """List the tenants."""
    from assay.cli import tenants as work

    run_client(
        lambda client, console, _: work.show(client, console, query, as_json=as_json),
        (url, operator_key),
        quiet=as_json,
        as_operator=True,
    )


@tenants.command("create")
def create_tenant(
    name: Annotated[str, typer.Argument(callback=text, help="What the workspace is called.")],
    owner_email: Annotated[
        str, typer.Argument(callback=text, help="E-mail address of its first owner.")
    ],
    tier: Annotated[str, typer.Option(help="standard or premium.")] = "standard",
    url: Url = None,
    operator_key: OperatorKey = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """Make a tenant and print its owner's temporary password, which is shown this once."""
    from assay.cli import tenants as work

    body = {"name": name, "owner_email": owner_email, "tier": tier}
    run_client(
        lambda client, console, _: work.create(client, console, body, as_json=as_json),
        (url, operator_key),
        quiet=as_json,
        as_operator=True,
    )


@tenants.command("tier")
def change_tier(
    tenant: Tenant,
    tier: Annotated[str, typer.Argument(help="standard or premium.")],
    url: Url = None,
    operator_key: OperatorKey = None,
) -> None:
    """Give a tenant another tier; it holds at once."""
    _change(tenant, {"tier": tier}, (url, operator_key))


@tenants.command("limits")
def change_limits(
    tenant: Tenant,
    changes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LIMIT=VALUE]...", help="`default` means the tier's figure."),
    ] = None,
    url: Url = None,
    operator_key: OperatorKey = None,
) -> None:
    """Show a tenant's limits, after changing those that are named."""
    from assay.cli import tenants as work

    given = changes or []
    run_client(
        lambda client, console, _: work.limits(client, console, tenant, given),
        (url, operator_key),
        quiet=False,
        as_operator=True,
    )


@tenants.command("suspend")
def suspend(tenant: Tenant, url: Url = None, operator_key: OperatorKey = None) -> None:
    """Let nobody use a tenant, at once; nothing is deleted."""
    _change(tenant, {"suspended": True}, (url, operator_key))


@tenants.command("resume")
def resume(tenant: Tenant, url: Url = None, operator_key: OperatorKey = None) -> None:
    """Let a suspended tenant be used again."""
    _change(tenant, {"suspended": False}, (url, operator_key))


@tenants.command("delete")
def delete(
    tenant: Tenant,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002
    url: Url = None,
    operator_key: OperatorKey = None,
) -> None:
    """Delete a tenant with everything. It cannot be undone."""
    from assay.cli import tenants as work

    if not yes:
        typer.confirm(f"Delete {tenant} with its members, documents and files?", abort=True)
    run_client(
        lambda client, console, _: work.delete(client, console, tenant),
        (url, operator_key),
        quiet=False,
        as_operator=True,
    )


def _change(tenant: str, body: dict[str, Any], target: tuple[str | None, str | None]) -> None:
    from assay.cli import tenants as work

    run_client(
        lambda client, console, _: work.change(client, console, tenant, body),
        target,
        quiet=False,
        as_operator=True,
    )
