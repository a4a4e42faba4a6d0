"""CloudTrail: a trail that is deleted by its ARN."""

from emulator.layer import Service
from emulator.wire import Call, Values


class CloudTrail(Service):
    """DeleteTrail by ARN, which moto takes for the name of no trail, and answers with success.

    Not proven: that anything is recorded.
    """

    signed_as = botocore_name = moto_name = "cloudtrail"

    def __init__(self) -> None:
        super().__init__()
        self.answers = {"DeleteTrail": self._delete}

    def _delete(self, call: Call) -> Values:
        self.backend(call.region).delete_trail(call.parameters["Name"].rpartition("/")[2])
        return {}
