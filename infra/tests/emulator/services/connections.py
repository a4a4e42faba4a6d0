"""CodeConnections: the link to where the source code is."""

from collections.abc import Iterable
from uuid import uuid4

from emulator.layer import ACCOUNT, Service
from emulator.wire import Call, Fault, Values

from .tags import Tags


class Connections(Service):
    """The whole service, which moto lacks.

    A new connection is PENDING, as a person must confirm it where the code is. Terraform asks in
    JSON; boto3 asks in CBOR, which is not answered.

    Not proven: anything about the repository.
    """

    signed_as = botocore_name = "codeconnections"

    def __init__(self) -> None:
        super().__init__()
        self._tags = Tags()
        self._connections: dict[str, Values] = {}
        self.answers = {
            "CreateConnection": self._create,
            "GetConnection": self._get,
            "DeleteConnection": self._delete,
            "ListTagsForResource": lambda call: {
                "Tags": self._tags.pairs(call.parameters["ResourceArn"])
            },
        }

    def held(self) -> dict[str, Iterable[str]]:
        """The connections."""
        return {"connections": self._connections}

    def _create(self, call: Call) -> Values:
        arn = f"arn:aws:codeconnections:{call.region}:{ACCOUNT}:connection/{uuid4()}"
        self._connections[arn] = {
            "ConnectionName": call.parameters["ConnectionName"],
            "ConnectionArn": arn,
            "ProviderType": call.parameters.get("ProviderType"),
            "OwnerAccountId": ACCOUNT,
            "ConnectionStatus": "PENDING",
        }
        self._tags.put(arn, call.parameters.get("Tags"))
        return {"ConnectionArn": arn}

    def _get(self, call: Call) -> Values:
        try:
            return {"Connection": self._connections[call.parameters["ConnectionArn"]]}
        except KeyError:
            raise Fault("ResourceNotFoundException", "No such connection") from None

    def _delete(self, call: Call) -> Values:
        self._connections.pop(call.parameters["ConnectionArn"], None)
        return {}
