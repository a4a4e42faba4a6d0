"""Tags of what moto does not tag."""

from collections import defaultdict
from collections.abc import Iterable, Mapping


class Tags:
    """Tags by ARN, in either of the forms that AWS uses."""

    def __init__(self) -> None:
        self._of: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def put(self, arn: str, tags: Mapping[str, str] | Iterable[Mapping[str, str]] | None) -> None:
        """Add or change tags, given as a map or as pairs."""
        if isinstance(tags, Mapping):
            self._of[arn].update(tags)
        else:
            self._of[arn].update({tag["Key"]: tag["Value"] for tag in tags or []})

    def remove(self, arn: str, keys: Iterable[str]) -> None:
        """Take tags away."""
        for key in keys:
            self._of[arn].pop(key, None)

    def map(self, arn: str) -> dict[str, str]:
        """The tags as a map."""
        return dict(self._of[arn])

    def pairs(self, arn: str) -> list[dict[str, str]]:
        """The tags as pairs."""
        return [{"Key": key, "Value": value} for key, value in self._of[arn].items()]
