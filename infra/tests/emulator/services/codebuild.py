"""CodeBuild: projects that a pipeline feeds."""

from emulator.layer import Service
from emulator.wire import Call, Values

_ECHOED = ("encryptionKey", "concurrentBuildLimit", "description")


class CodeBuild(Service):
    """CreateProject, where moto wants a location of what CodePipeline brings, and forgets a lot.

    Not proven: that the image, the size and the build's limits are ones that CodeBuild knows.
    """

    signed_as = botocore_name = moto_name = "codebuild"

    def __init__(self) -> None:
        super().__init__()
        self.answers = {"CreateProject": self._create, "DeleteProject": self._delete}

    def _delete(self, call: Call) -> Values:
        # By its ARN too, which moto takes for the name of no project.
        self.backend(call.region).delete_project(call.parameters["name"].rpartition("/")[2])
        return {}

    def _create(self, call: Call) -> Values:
        asked = call.parameters
        made: Values = self.backend(call.region).create_project(
            project_name=asked["name"],
            description=asked.get("description"),
            project_source=asked["source"],
            artifacts=asked["artifacts"],
            environment=asked["environment"],
            service_role=asked["serviceRole"],
            tags=asked.get("tags"),
            cache=asked.get("cache"),
            timeout=asked.get("timeoutInMinutes"),
            queued_timeout=asked.get("queuedTimeoutInMinutes"),
            source_version=asked.get("sourceVersion"),
            logs_config=asked.get("logsConfig"),
            vpc_config=asked.get("vpcConfig"),
        )
        made.update({name: asked[name] for name in _ECHOED if name in asked})
        return {"project": made}
