"""CodePipeline: times as numbers."""

from emulator.layer import Service
from emulator.wire import Call, Values


class CodePipeline(Service):
    """GetPipeline, where moto writes times as text; the provider reads numbers. Nothing is added.

    Not proven: that a pipeline runs, or that its role may do what its stages need.
    """

    signed_as = botocore_name = moto_name = "codepipeline"

    def __init__(self) -> None:
        super().__init__()
        self.mends = {"GetPipeline": self._as_shaped}

    def _as_shaped(self, call: Call, result: Values) -> Values:
        del call
        return result
