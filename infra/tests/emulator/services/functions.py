"""Lambda: where events go that a function gave up on."""

from typing import Any

from emulator.layer import Service
from emulator.wire import Call, Values


class Functions(Service):
    """The dead letter's target, which moto forgets.

    Not proven: that the role may write to the queue, that anything is ever sent there.
    """

    signed_as = botocore_name = "lambda"
    moto_name = "awslambda"

    def __init__(self) -> None:
        super().__init__()
        self._targets: dict[str, Any] = {}
        self.mends = {
            "CreateFunction": self._keep,
            "UpdateFunctionConfiguration": self._keep,
            "GetFunctionConfiguration": lambda _, result: self._filled(result),
            "GetFunction": self._whole,
        }

    def _keep(self, call: Call, result: Values) -> Values:
        if "DeadLetterConfig" in call.parameters:
            self._targets[result["FunctionArn"]] = call.parameters["DeadLetterConfig"]
        return self._filled(result)

    def _whole(self, call: Call, result: Values) -> Values:
        del call
        result["Configuration"] = self._filled(result["Configuration"])
        return result

    def _filled(self, function: Values) -> Values:
        arn = function["FunctionArn"]
        # Only the latest version is asked for; its ARN may carry the version all the same.
        target = self._targets.get(arn) or self._targets.get(arn.removesuffix(":$LATEST"))
        return {**function, **({"DeadLetterConfig": target} if target else {})}
