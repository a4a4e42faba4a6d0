"""CloudFront: distributions as they were asked for, and policies of headers."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from moto.core.utils import utcnow

from emulator.layer import Service
from emulator.wire import Call, Fault, Values


class CloudFront(Service):
    """Distributions, of which moto forgets parts and adds others; policies of headers.

    Their configuration is given back as it came.
    Not proven: that CloudFront accepts it, that the policies named by id exist, that the
    certificate covers the names.
    """

    signed_as = botocore_name = moto_name = "cloudfront"

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[str, Values] = {}
        self._policies: dict[str, Values] = {}
        self.answers = {
            "CreateResponseHeadersPolicy": self._create_policy,
            "UpdateResponseHeadersPolicy": self._change_policy,
            "GetResponseHeadersPolicy": lambda call: self._policy(call.parameters["Id"]),
            "DeleteResponseHeadersPolicy": self._delete_policy,
        }
        self.mends = {
            "CreateDistributionWithTags": self._keep,
            "UpdateDistribution": self._keep,
            "GetDistribution": self._whole,
            "GetDistributionConfig": self._configuration,
            "DeleteDistribution": self._forget,
        }

    def held(self) -> dict[str, Iterable[str]]:
        """The policies."""
        return {"response headers policies": self._policies}

    def _create_policy(self, call: Call) -> Values:
        key = str(uuid4())
        self._policies[key] = call.parameters["ResponseHeadersPolicyConfig"]
        return self._policy(key)

    def _change_policy(self, call: Call) -> Values:
        self._policy(call.parameters["Id"])
        self._policies[call.parameters["Id"]] = call.parameters["ResponseHeadersPolicyConfig"]
        return self._policy(call.parameters["Id"])

    def _policy(self, key: str) -> Values:
        if key not in self._policies:
            raise Fault("NoSuchResponseHeadersPolicy", f"There is no policy {key}")
        kept = {"Id": key, "ResponseHeadersPolicyConfig": self._policies[key]}
        return {"ResponseHeadersPolicy": {**kept, "LastModifiedTime": utcnow()}, "ETag": key}

    def _delete_policy(self, call: Call) -> Values:
        self._policy(call.parameters["Id"])
        del self._policies[call.parameters["Id"]]
        return {}

    def _keep(self, call: Call, result: Values) -> Values:
        asked: Any = call.parameters.get("DistributionConfigWithTags", call.parameters)
        self._asked[result["Distribution"]["Id"]] = asked["DistributionConfig"]
        return self._filled(result["Distribution"]["Id"], result)

    def _whole(self, call: Call, result: Values) -> Values:
        return self._filled(call.parameters["Id"], result)

    def _filled(self, key: str, result: Values) -> Values:
        result["Distribution"]["DistributionConfig"].update(self._asked[key])
        return result

    def _configuration(self, call: Call, result: Values) -> Values:
        result["DistributionConfig"].update(self._asked[call.parameters["Id"]])
        return result

    def _forget(self, call: Call, result: Values) -> Values:
        self._asked.pop(call.parameters["Id"], None)
        return result
