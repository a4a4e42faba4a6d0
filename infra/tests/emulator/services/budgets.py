"""Budgets: who hears of a budget."""

from typing import Any

from emulator.layer import ACCOUNT, Service
from emulator.wire import Call, Values

from .tags import Tags


class Budgets(Service):
    """DescribeSubscribersForNotification and tags, which moto lacks.

    Not proven: that a notification would reach its subscriber.
    """

    signed_as = botocore_name = moto_name = "budgets"

    def __init__(self) -> None:
        super().__init__()
        self._tags = Tags()
        self.answers = {
            "DescribeSubscribersForNotification": self._subscribers,
            "ListTagsForResource": lambda call: {
                "ResourceTags": self._tags.pairs(call.parameters["ResourceARN"])
            },
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }
        self.mends = {"CreateBudget": self._created}

    def backend(self, region: str) -> Any:
        """The one store of budgets: the service has no regions."""
        del region
        return super().backend("aws")

    def _created(self, call: Call, result: Values) -> Values:
        name = call.parameters["Budget"]["BudgetName"]
        self._tags.put(
            f"arn:aws:budgets::{ACCOUNT}:budget/{name}", call.parameters.get("ResourceTags")
        )
        return result

    def _tag(self, call: Call) -> Values:
        self._tags.put(call.parameters["ResourceARN"], call.parameters["ResourceTags"])
        return {}

    def _untag(self, call: Call) -> Values:
        self._tags.remove(call.parameters["ResourceARN"], call.parameters["ResourceTagKeys"])
        return {}

    def _subscribers(self, call: Call) -> Values:
        budget = self.backend(call.region).budgets[ACCOUNT][call.parameters["BudgetName"]]
        asked = _identity(call.parameters["Notification"])
        return {
            "Subscribers": next(
                each.subscribers
                for each in budget.notifications
                if _identity(each.details) == asked
            )
        }


def _identity(notification: Values) -> tuple[str, str, float]:
    return (
        notification["NotificationType"],
        notification["ComparisonOperator"],
        float(notification["Threshold"]),
    )
