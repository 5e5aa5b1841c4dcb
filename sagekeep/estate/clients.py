"""AWS as the checks ask it: read-only clients, and references followed with them. Every answer is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sagekeep import aws
from sagekeep.errors import OperationError
from sagekeep.estate.fault import Missing
from sagekeep.prove.estate import Estate
from sagekeep.prove.reading import read
from sagekeep.prove.terraform import Terraform
from sagekeep.settings import Settings
from sagekeep.settings_existing import Kind, Reference, kind_of
from sagekeep.synthesis import Synthesis

# Kind -> EC2's call, the list in its answer, and what identifies a member.
_EC2 = {
    "VPC": ("describe_vpcs", "Vpcs", "VpcId"),
    "subnet": ("describe_subnets", "Subnets", "SubnetId"),
    "route table": ("describe_route_tables", "RouteTables", "RouteTableId"),
    "security group": ("describe_security_groups", "SecurityGroups", "GroupId"),
    "VPC endpoint": ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
}
# Kind -> resource type of the Resource Groups Tagging API.
_TAGGED = {"KMS key": "kms:key", "bucket": "s3", "Studio domain": "sagemaker:domain", "SNS topic": "sns"}


class Clients:
    """Clients of the environment's account and region, and what references in its settings lead to.

    Attributes:
        synthesis: what main.py wrote.
        kept: what checks have read and share, by a name of theirs.
    """

    def __init__(self, synthesis: Synthesis, settings: Settings, variables: Mapping[str, str]) -> None:
        self.synthesis = synthesis
        self.kept: dict[str, Any] = {}
        self._settings = settings
        self._variables = variables
        self._made: dict[tuple[str, str], Any] = {}
        self._states: dict[str, Mapping[str, Any]] = {}
        self._found: dict[str, tuple[str, ...]] = {}

    def __call__(self, service: str, region: str = "") -> Any:
        """A client; of the environment's region unless another one is given."""
        where = (service, region or self._settings.region)
        if where not in self._made:
            self._made[where] = aws.client(*where, self._variables)
        return self._made[where]

    @property
    def required(self) -> Mapping[str, Any]:
        """What the stacks need of things that are brought, as main.py wrote it."""
        return dict(self.synthesis.model.get("required", {}))

    @cached_property
    def estate(self) -> Estate:
        """The stacks as `sagekeep prove` reads them."""
        return read(Terraform.of(self.synthesis))

    def ask(self, service: str, call: str, region: str = "", **arguments: Any) -> Any:
        """One read-only call.

        Raises:
            LookupError: AWS says that there is no such thing; the message is the error's code.
            OperationError: AWS refuses otherwise, or does not answer.
        """
        try:
            return getattr(self(service, region), call)(**arguments)
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            if _is_absence(code):
                raise LookupError(code) from error
            hint = "what is brought is looked at before anything is planned: whoever plans must be allowed to read it"
            raise OperationError(f"{service} {call} is refused: {error}", hint=hint) from error
        except BotoCoreError as error:
            raise OperationError(f"AWS cannot be reached: {error}") from error

    def pages(self, service: str, call: str, member: str, **arguments: Any) -> list[Any]:
        """All members of a call that answers in pages. Raises as `ask`."""
        found: list[Any] = []
        token: dict[str, Any] = {}
        while True:
            answer = self.ask(service, call, **arguments, **token)
            found += answer.get(member, [])
            name = next((name for name in ("NextToken", "PaginationToken") if answer.get(name)), "")
            if not name:
                return found
            token = {name: answer[name]}

    def ec2(self, kind: Kind, **filters: Iterable[str]) -> list[Any]:
        """EC2's description of things of a kind; filters as EC2 names them, with _ for - ."""
        call, member, _ = _EC2[kind.name]
        return self.pages("ec2", call, member, **filtered(**filters))

    def one(self, key: str) -> str:
        """The id, ARN or name that a reference leads to.

        Raises:
            Missing: it leads to nothing, or to more than one thing.
        """
        found = self.many(key)
        if len(found) != 1:
            reference = dict(self._settings.existing.references())[key]
            raise Missing(key, f"{reference} must lead to one {kind_of(key).name}, and leads to {_listed(found)}")
        return found[0]

    def many(self, key: str) -> tuple[str, ...]:
        """What a key with several references, or with one that gives a list, leads to. Raises Missing for nothing."""
        if key not in self._found:
            references = dict(self._settings.existing.references())
            own = [name for name in references if name == key or name.startswith(f"{key}.")]
            self._found[key] = tuple(found for name in own for found in self._follow(name, references[name]))
        return self._found[key]

    def _follow(self, key: str, reference: Reference) -> tuple[str, ...]:
        """Everything behind a reference, in the order that it has."""
        if reference.id:
            return (reference.id,)
        found = tuple(self._tagged(key, reference) if reference.tags else self._stored(key, reference))
        if not found:
            raise Missing(key, f"there is no {kind_of(key).name} with {reference} in {self._settings.region}")
        return found

    def _tagged(self, key: str, reference: Reference) -> Iterator[str]:
        kind = kind_of(key)
        if kind.name in _EC2:
            filters = [{"Name": f"tag:{name}", "Values": [value]} for name, value in reference.tags.items()]
            if kind.name != "VPC" and self._settings.existing.vpc:
                filters.append({"Name": "vpc-id", "Values": [self.one("existing.vpc")]})
            call, member, identifier = _EC2[kind.name]
            yield from sorted(found[identifier] for found in self.pages("ec2", call, member, Filters=filters))
            return
        tags = [{"Key": name, "Values": [value]} for name, value in reference.tags.items()]
        wanted = {"ResourceTypeFilters": [_TAGGED[kind.name]], "TagFilters": tags}
        for found in self.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", **wanted):
            yield _from_arn(kind, found["ResourceARN"])

    def _stored(self, key: str, reference: Reference) -> Iterator[str]:
        value = self._parameter(key, reference) if reference.ssm else self._output(key, reference)
        kind = kind_of(key)
        for text in value if isinstance(value, list) else [value]:
            if not isinstance(text, str) or re.fullmatch(kind.pattern, text) is None:
                raise Missing(key, f"{reference} must be {kind.what}, such as {kind.example}, and is {text!r}")
            yield text

    def _parameter(self, key: str, reference: Reference) -> str | list[str]:
        try:
            found = self.ask("ssm", "get_parameter", Name=reference.ssm)["Parameter"]
        except LookupError:
            raise Missing(key, f"there is no SSM parameter {reference.ssm} in {self._settings.region}") from None
        value = str(found["Value"])
        return value.split(",") if found.get("Type") == "StringList" else value

    def _output(self, key: str, reference: Reference) -> Any:
        outputs = self._outputs(key, reference.state)
        if reference.output not in outputs:
            raise Missing(key, f"state {reference.state} has no output {reference.output}; it has {_listed(outputs)}")
        return outputs[reference.output]["value"]

    def _outputs(self, key: str, name: str) -> Mapping[str, Any]:
        if name not in self._states:
            place = self._settings.existing.states[name]
            raw = aws.read_object(place.bucket, place.key, place.region, self._variables)
            if raw is None:
                raise Missing(key, f"there is no state s3://{place.bucket}/{place.key} (existing.states.{name})")
            try:
                self._states[name] = json.loads(raw).get("outputs", {})
            except (ValueError, AttributeError):
                raise Missing(key, f"s3://{place.bucket}/{place.key} is no Terraform state") from None
        return self._states[name]


def filtered(**filters: Iterable[str]) -> dict[str, Any]:
    """EC2's Filters; names with _ for - ."""
    return {"Filters": [{"Name": name.replace("_", "-"), "Values": list(values)} for name, values in filters.items()]}


def _is_absence(code: str) -> bool:
    absent = ("NotFound", "NoSuch", "DoesNotExist", "NotExist", "Malformed")
    return any(word in code for word in absent) or code in {"404", "ResourceNotFound"}


def _from_arn(kind: Kind, arn: str) -> str:
    """What settings call a thing of a kind: its ARN, or the last part of that."""
    if kind.name in {"bucket", "Studio domain"}:
        return arn.rpartition(":")[2].rpartition("/")[2]
    return arn


def _listed(found: Iterable[str]) -> str:
    return ", ".join(found) or "nothing"
