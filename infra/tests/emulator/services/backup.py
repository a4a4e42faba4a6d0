"""AWS Backup: what a plan saves."""

from collections.abc import Iterable
from uuid import uuid4

from moto.core.utils import utcnow

from emulator.layer import Service
from emulator.wire import Call, Fault, Values


class Backup(Service):
    """Selections and recovery points, which moto lacks; ListTags, whose path moto misreads.

    Not proven: that AWS Backup saves what is selected, or that the role may.
    """

    signed_as = botocore_name = moto_name = "backup"

    def __init__(self) -> None:
        super().__init__()
        self._selections: dict[str, Values] = {}
        self.answers = {
            "CreateBackupSelection": self._create,
            "GetBackupSelection": self._get,
            "ListBackupSelections": self._list,
            "DeleteBackupSelection": self._delete,
            # Nothing is ever saved here, so a vault has nothing to be emptied of.
            "ListRecoveryPointsByBackupVault": lambda _: {"RecoveryPoints": []},
            "ListTags": lambda call: {
                "Tags": self.backend(call.region).list_tags(call.parameters["ResourceArn"])
            },
        }

    def held(self) -> dict[str, Iterable[str]]:
        """The selections."""
        return {"selections": self._selections}

    def _create(self, call: Call) -> Values:
        made = {
            "SelectionId": str(uuid4()),
            "BackupPlanId": call.parameters["BackupPlanId"],
            "CreationDate": utcnow(),
        }
        self._selections[made["SelectionId"]] = {
            **made,
            "BackupSelection": call.parameters["BackupSelection"],
        }
        return made

    def _get(self, call: Call) -> Values:
        try:
            return self._selections[call.parameters["SelectionId"]]
        except KeyError:
            # The sentence that AWS says, by which the provider knows that a selection is gone.
            raise Fault(
                "InvalidParameterValueException", "Cannot find Backup plan with ID"
            ) from None

    def _list(self, call: Call) -> Values:
        return {
            "BackupSelectionsList": [
                {**each, "SelectionName": each["BackupSelection"]["SelectionName"]}
                for each in self._selections.values()
                if each["BackupPlanId"] == call.parameters["BackupPlanId"]
            ]
        }

    def _delete(self, call: Call) -> Values:
        self._selections.pop(call.parameters["SelectionId"], None)
        return {}
