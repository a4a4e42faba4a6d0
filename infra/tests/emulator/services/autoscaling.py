"""Application Auto Scaling: tags of what scales."""

from emulator.layer import Service
from emulator.wire import Call, Values

from .tags import Tags


class ApplicationAutoScaling(Service):
    """Tags, which moto lacks.

    Not proven: that anything scales.
    """

    signed_as = botocore_name = "application-autoscaling"
    moto_name = "applicationautoscaling"

    def __init__(self) -> None:
        super().__init__()
        self._tags = Tags()
        self.answers = {
            "ListTagsForResource": lambda call: {
                "Tags": self._tags.map(call.parameters["ResourceARN"])
            },
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }
        self.mends = {"RegisterScalableTarget": self._registered}

    def _registered(self, call: Call, result: Values) -> Values:
        self._tags.put(result["ScalableTargetARN"], call.parameters.get("Tags"))
        return result

    def _tag(self, call: Call) -> Values:
        self._tags.put(call.parameters["ResourceARN"], call.parameters["Tags"])
        return {}

    def _untag(self, call: Call) -> Values:
        self._tags.remove(call.parameters["ResourceARN"], call.parameters["TagKeys"])
        return {}
