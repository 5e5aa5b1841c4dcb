"""SageMaker, S3 and EC2 as far as the functions use them, with the refusals that make them hard."""

# ruff: noqa: N802 - methods are called like the operations that they answer

from __future__ import annotations

import hashlib
import io
from typing import Any

from botocore.response import StreamingBody

from adapter import Params, Time, arn, refusal

PAGE = 2  # so small that every list needs a paginator


def _page(items: list[Params], key: str, params: Params) -> Params:
    start = int(params.get("NextToken", 0))
    answer: Params = {key: items[start : start + PAGE]}
    return answer | ({"NextToken": str(start + PAGE)} if start + PAGE < len(items) else {})


class SageMakerCloud:
    """Pipelines, what their executions make, and Studio. Slow things take `slow` seconds of the clock."""

    def __init__(self, time: Time, slow: float = 30) -> None:
        self.time, self.slow = time, slow
        self.pipelines: dict[str, Params] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.executions: dict[str, list[Params]] = {}
        self.steps: dict[str, list[Params]] = {}
        self.endpoints: dict[str, Params] = {}
        self.configs: dict[str, str] = {}
        self.models: set[str] = set()
        self.apps: list[Params] = []
        self.spaces: dict[str, str] = {}
        self.domains: dict[str, str] = {}
        self._later: list[tuple[float, Any]] = []
        time.watchers.append(self._pass)

    def after(self, seconds: float, action: Any) -> None:
        self._later.append((self.time.now + seconds, action))

    def _pass(self) -> None:
        due = [item for item in self._later if item[0] <= self.time.now]
        self._later = [item for item in self._later if item[0] > self.time.now]
        for _, action in due:
            action()

    def answer(self, operation: str, params: Params) -> Params:
        return getattr(self, operation)(params) or {}

    # What a test sets up

    def run(self, pipeline: str, number: int, *, endpoint: str = "", status: str = "Succeeded") -> str:
        """An execution, with what its steps made when it names an endpoint."""
        execution = f"{arn('pipeline', pipeline)}/execution/run{number}"
        summary = {"PipelineExecutionArn": execution, "PipelineExecutionStatus": status}
        self.executions.setdefault(pipeline, []).insert(0, summary)
        self.steps[execution] = [{"StepName": "Preprocess", "Metadata": {"ProcessingJob": {"Arn": "x"}}}]
        if endpoint:
            model, config = f"pipelines-run{number}-createmodel", f"{endpoint.lower()}-run{number}"
            self.models.add(model)
            self.configs[config] = model
            self.endpoints[endpoint] = {"EndpointStatus": "InService", "EndpointConfigName": config}
            made = {"Model": ("model", model), "EndpointConfig": ("endpoint-config", config)}
            made["Endpoint"] = ("endpoint", endpoint.lower())
            self.steps[execution] += [
                {"StepName": key, "Metadata": {key: {"Arn": arn(*where)}}} for key, where in made.items()
            ]
        return execution

    # Pipelines

    def _pipeline(self, params: Params) -> Params:
        name = params["PipelineName"]
        if name not in self.pipelines:
            raise refusal("ResourceNotFound", f"Pipeline '{arn('pipeline', name)}' does not exist.")
        return self.pipelines[name]

    def DescribePipeline(self, params: Params) -> Params:
        return dict(self._pipeline(params))

    def CreatePipeline(self, params: Params) -> Params:
        name = params["PipelineName"]
        if name in self.pipelines:
            text = "Pipeline names must be unique within an AWS account and region."
            raise refusal("ValidationException", f"{text} Pipeline with name ({name}) already exists.")
        kept = {key: params[key] for key in ("PipelineDefinition", "PipelineDescription", "RoleArn")}
        self.pipelines[name] = kept | {
            "PipelineName": name,
            "PipelineArn": arn("pipeline", name),
            "PipelineStatus": "Active",
        }
        self.tags[arn("pipeline", name)] = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
        return {"PipelineArn": arn("pipeline", name)}

    def UpdatePipeline(self, params: Params) -> Params:
        self._pipeline(params).update(params)
        return {"PipelineArn": arn("pipeline", params["PipelineName"])}

    def DeletePipeline(self, params: Params) -> None:
        name = self._pipeline(params)["PipelineName"]
        if any(e["PipelineExecutionStatus"] in ("Executing", "Stopping") for e in self.executions.get(name, [])):
            raise refusal("ConflictException", "Pipeline has running executions.")
        self.pipelines[name]["PipelineStatus"] = "Deleting"
        self.after(self.slow / 10, lambda: (self.pipelines.pop(name), self.executions.pop(name, None)))

    def ListTags(self, params: Params) -> Params:
        tags = [{"Key": key, "Value": value} for key, value in self.tags[params["ResourceArn"]].items()]
        return _page(tags, "Tags", params)

    def AddTags(self, params: Params) -> None:
        self.tags[params["ResourceArn"]] |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}

    def ListPipelineExecutions(self, params: Params) -> Params:
        self._pipeline(params)
        found = self.executions.get(params["PipelineName"], [])
        return _page([dict(item) for item in found], "PipelineExecutionSummaries", params)

    def ListPipelineExecutionSteps(self, params: Params) -> Params:
        return _page(self.steps[params["PipelineExecutionArn"]], "PipelineExecutionSteps", params)

    def StopPipelineExecution(self, params: Params) -> None:
        for items in self.executions.values():
            for item in items:
                if item["PipelineExecutionArn"] == params["PipelineExecutionArn"]:
                    item["PipelineExecutionStatus"] = "Stopping"
                    self.after(self.slow, lambda item=item: item.update(PipelineExecutionStatus="Stopped"))

    # What executions make

    def DescribeEndpoint(self, params: Params) -> Params:
        name = params["EndpointName"]
        if name not in self.endpoints:
            raise refusal("ValidationException", f'Could not find endpoint "{arn("endpoint", name)}".')
        return dict(self.endpoints[name])

    def DeleteEndpoint(self, params: Params) -> None:
        name = params["EndpointName"]
        if self.DescribeEndpoint(params)["EndpointStatus"] not in ("InService", "Failed", "OutOfService"):
            raise refusal("ValidationException", "Cannot update in-progress endpoint.")
        self.endpoints[name]["EndpointStatus"] = "Deleting"
        self.after(self.slow, lambda: self.endpoints.pop(name))

    def DescribeEndpointConfig(self, params: Params) -> Params:
        name = params["EndpointConfigName"]
        if name not in self.configs:
            raise refusal("ValidationException", "Could not find endpoint configuration.")
        return {"EndpointConfigName": name, "ProductionVariants": [{"ModelName": self.configs[name]}]}

    def DeleteEndpointConfig(self, params: Params) -> None:
        name = self.DescribeEndpointConfig(params)["EndpointConfigName"]
        if any(item["EndpointConfigName"] == name for item in self.endpoints.values()):
            raise refusal("ValidationException", "Cannot delete an endpoint configuration that is in use.")
        del self.configs[name]

    def DeleteModel(self, params: Params) -> None:
        name = params["ModelName"]
        if name not in self.models:
            raise refusal("ValidationException", f'Could not find model "{name}".')
        assert name not in self.configs.values(), "configurations go before their models"
        self.models.remove(name)

    # Studio

    def DescribeDomain(self, params: Params) -> Params:
        if params["DomainId"] not in self.domains:
            raise refusal("ResourceNotFound", "Domain not found.")
        return {"DomainId": params["DomainId"], "Status": self.domains[params["DomainId"]]}

    def ListApps(self, params: Params) -> Params:
        found = [dict(app) for app in self.apps if app["DomainId"] == params["DomainIdEquals"]]
        return _page(found, "Apps", params)

    def DeleteApp(self, params: Params) -> None:
        app = next(item for item in self.apps if params.items() <= item.items())
        if app["Status"] == "Pending":
            raise refusal("ResourceInUse", "App is not in a state that can be deleted.")
        app["Status"] = "Deleting"
        self.after(self.slow, lambda: app.update(Status="Deleted"))

    def ListSpaces(self, params: Params) -> Params:
        found = [{"SpaceName": name, "Status": status} for name, status in self.spaces.items()]
        return _page(found, "Spaces", params)

    def DeleteSpace(self, params: Params) -> None:
        name = params["SpaceName"]
        if any(app.get("SpaceName") == name and app["Status"] != "Deleted" for app in self.apps):
            raise refusal("ResourceInUse", "Space has apps.")
        self.spaces[name] = "Deleting"
        self.after(self.slow / 2, lambda: self.spaces.pop(name))


class S3Cloud:
    """One bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, Params] = {}

    def put(self, key: str, body: bytes, metadata: dict[str, str] | None = None) -> None:
        etag = f'"{hashlib.sha1(body + repr(metadata).encode()).hexdigest()}"'  # noqa: S324 - an id
        self.objects[key] = {"body": body, "Metadata": metadata or {}, "ETag": etag}

    def answer(self, operation: str, params: Params) -> Params:
        return getattr(self, operation)(params) or {}

    def ListObjectsV2(self, params: Params) -> Params:
        keys = sorted(key for key in self.objects if key.startswith(params.get("Prefix", "")))
        start = int(params.get("ContinuationToken", 0))
        items = [{"Key": key, "Size": len(self.objects[key]["body"])} for key in keys[start : start + 1]]
        more = {"NextContinuationToken": str(start + 1)} if start + 1 < len(keys) else {}
        return {"Contents": items, "IsTruncated": bool(more)} | more

    def GetObject(self, params: Params) -> Params:
        found = self.objects.get(params["Key"])
        if found is None:
            raise refusal("NoSuchKey", "The specified key does not exist.")
        body = StreamingBody(io.BytesIO(found["body"]), len(found["body"]))
        return {"Body": body, "Metadata": found["Metadata"], "ETag": found["ETag"]}

    def PutObject(self, params: Params) -> None:
        found = self.objects.get(params["Key"])
        if params.get("IfNoneMatch") == "*" and found is not None:
            raise refusal("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        if "IfMatch" in params and (found is None or found["ETag"] != params["IfMatch"]):
            raise refusal("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        self.put(params["Key"], params["Body"], params.get("Metadata"))
        self.objects[params["Key"]] |= {"key": params["SSEKMSKeyId"], "sse": params["ServerSideEncryption"]}

    def DeleteObject(self, params: Params) -> None:
        self.objects.pop(params["Key"], None)


class Ec2Cloud:
    """Security groups that refer to each other, and interfaces that use them."""

    def __init__(self) -> None:
        self.groups: dict[str, Params] = {}
        self.interfaces: list[Params] = []

    def answer(self, operation: str, params: Params) -> Params:
        return getattr(self, operation)(params) or {}

    def add_nfs_pair(self, vpc_id: str, domain_id: str) -> None:
        """What CreateDomain makes."""
        inbound, outbound = f"sg-in-{domain_id}", f"sg-out-{domain_id}"
        rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049}
        for group_id, way, peer in ((inbound, "inbound", outbound), (outbound, "outbound", inbound)):
            peers = [{**rule, "UserIdGroupPairs": [{"GroupId": peer}]}]
            self.groups[group_id] = {
                "GroupId": group_id,
                "GroupName": f"security-group-for-{way}-nfs-{domain_id}",
                "VpcId": vpc_id,
                "IpPermissions": peers if way == "inbound" else [],
                "IpPermissionsEgress": peers if way == "outbound" else [],
            }

    def DescribeSecurityGroups(self, params: Params) -> Params:
        vpcs = params["Filters"][0]["Values"]
        found = [dict(group) for group in self.groups.values() if group["VpcId"] in vpcs]
        return _page(found, "SecurityGroups", params)

    def _revoke(self, params: Params, key: str) -> None:
        group = self.groups[params["GroupId"]]
        assert group[key] == params["IpPermissions"], "only rules that exist can be revoked"
        group[key] = []

    def RevokeSecurityGroupIngress(self, params: Params) -> None:
        self._revoke(params, "IpPermissions")

    def RevokeSecurityGroupEgress(self, params: Params) -> None:
        self._revoke(params, "IpPermissionsEgress")

    def DeleteSecurityGroup(self, params: Params) -> None:
        group_id = params["GroupId"]
        if group_id not in self.groups:
            raise refusal("InvalidGroup.NotFound", "The security group does not exist")
        rules = [
            pair["GroupId"]
            for group in self.groups.values()
            for rule in group["IpPermissions"] + group["IpPermissionsEgress"]
            for pair in rule["UserIdGroupPairs"]
        ]
        if group_id in rules or any(group_id in interface["Groups"] for interface in self.interfaces):
            raise refusal("DependencyViolation", f"resource {group_id} has a dependent object")
        del self.groups[group_id]

    def DescribeNetworkInterfaces(self, params: Params) -> Params:
        ids = params["Filters"][0]["Values"]
        found = [item for item in self.interfaces if set(ids) & set(item["Groups"])]
        return {"NetworkInterfaces": [{k: v for k, v in item.items() if k != "Groups"} for item in found]}
