"""Application Auto Scaling: tags of what scales, and policies that are gone."""

from moto.applicationautoscaling.models import FakeApplicationAutoscalingPolicy

from emulator.layer import Service
from emulator.wire import Call, Fault, Values

from .tags import Tags


class ApplicationAutoScaling(Service):
    """Tags, which moto lacks, and AWS's own code where a policy to delete is gone.

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
        self.befores = {"DeleteScalingPolicy": self._find}
        self.mends = {"RegisterScalableTarget": self._registered}

    def _find(self, call: Call) -> None:
        """Refuse as AWS does: a delete that is sent once more must look like one that was done."""
        asked = call.parameters
        key = FakeApplicationAutoscalingPolicy.formulate_key(
            asked["ServiceNamespace"],
            asked["ResourceId"],
            asked["ScalableDimension"],
            asked["PolicyName"],
        )
        if key not in self.backend(call.region).policies:
            raise Fault("ObjectNotFoundException", f"There is no policy {key}")

    def _registered(self, call: Call, result: Values) -> Values:
        self._tags.put(result["ScalableTargetARN"], call.parameters.get("Tags"))
        return result

    def _tag(self, call: Call) -> Values:
        self._tags.put(call.parameters["ResourceARN"], call.parameters["Tags"])
        return {}

    def _untag(self, call: Call) -> Values:
        self._tags.remove(call.parameters["ResourceARN"], call.parameters["TagKeys"])
        return {}
