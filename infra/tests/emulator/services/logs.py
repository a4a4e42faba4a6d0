"""CloudWatch Logs: saved queries."""

from collections.abc import Iterable
from time import time
from uuid import uuid4

from emulator.layer import Service
from emulator.wire import Call, Values


class Logs(Service):
    """Query definitions, which moto lacks.

    Not proven: that a query is one which Logs Insights understands.
    """

    signed_as = botocore_name = moto_name = "logs"

    def __init__(self) -> None:
        super().__init__()
        self._queries: dict[str, Values] = {}
        self.answers = {
            "PutQueryDefinition": self._put,
            "DescribeQueryDefinitions": self._describe,
            "DeleteQueryDefinition": self._delete,
        }

    def held(self) -> dict[str, Iterable[str]]:
        """The queries."""
        return {"query definitions": self._queries}

    def _put(self, call: Call) -> Values:
        key = call.parameters.get("queryDefinitionId") or str(uuid4())
        kept = {name: call.parameters[name] for name in call.parameters if name != "clientToken"}
        now = int(time() * 1000)
        self._queries[key] = {**kept, "queryDefinitionId": key, "lastModified": now}
        return {"queryDefinitionId": key}

    def _describe(self, call: Call) -> Values:
        start = call.parameters.get("queryDefinitionNamePrefix") or ""
        found = [query for query in self._queries.values() if query["name"].startswith(start)]
        return {"queryDefinitions": found}

    def _delete(self, call: Call) -> Values:
        return {
            "success": self._queries.pop(call.parameters["queryDefinitionId"], None) is not None
        }
