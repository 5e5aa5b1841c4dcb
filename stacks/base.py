"""The base of every stack: provider, backend, short addresses, described outputs and explicit reads of other stacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from cdktf import (
    DataTerraformRemoteStateLocal,
    DataTerraformRemoteStateS3,
    Fn,
    LocalBackend,
    Precondition,
    S3Backend,
    TerraformElement,
    TerraformOutput,
    TerraformRemoteState,
    TerraformStack,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
from constructs import Construct

from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.moves import moved_blocks

TERRAFORM = ">= 1.10"  # the first version whose S3 backend locks with a lock file


class StackError(Exception):
    """A stack is not built as it should be; a fault of this repository, not of its settings."""


class EstateStack(TerraformStack):
    """A stack of the environment. Subclasses set NAME and add their parts in `__init__`."""

    NAME: ClassVar[str]

    def __init__(self, scope: Construct, settings: Settings, *, reads: Sequence[EstateStack] = ()) -> None:
        self._paths: dict[str, str] = {}  # before super(): it allocates ids
        super().__init__(scope, self.NAME)
        self.settings = settings
        self.described: set[str] = set()
        self.statements: dict[str, Sequence[Statement]] = {}  # of each policy document, by its name
        self.files: dict[str, bytes] = {}
        self.required: dict[str, Any] = {}  # of what is brought; the tool checks it before a plan
        self._provider()
        self._backend()
        self._terraform()
        self._remotes = {stack.NAME: self._remote(stack) for stack in reads}

    def _provider(self) -> None:
        s = self.settings
        tags = {"Stack": self.NAME, **s.all_tags}
        AwsProvider(
            self,
            "aws",
            region=s.region,
            allowed_account_ids=[s.account_id],
            default_tags=[AwsProviderDefaultTags(tags=tags)],
        )

    def _backend(self) -> None:
        s = self.settings
        if s.state.backend == "local":
            LocalBackend(self, path=f"../{self.NAME}.tfstate")  # also read by other stacks, from their own folders
            return
        S3Backend(
            self,
            bucket=names.bucket(s, "state"),
            key=names.state_key(s, self.NAME),
            region=s.region,
            encrypt=True,
            kms_key_id=names.state_encryption(s) or None,
        )

    def _terraform(self) -> None:
        """What cdktf has no argument for, as one override: each is a round trip to the kernel."""
        block: dict[str, Any] = {
            "required_providers": {"aws": {"version": self.settings.provider}},
            "required_version": TERRAFORM,
        }
        if self.settings.state.backend == "s3":
            block["backend"] = {"s3": {"use_lockfile": True}}
        self.add_override("terraform", block)
        if moved := moved_blocks(self.NAME):
            self.add_override("moved", moved)

    def _remote(self, other: EstateStack) -> Remote:
        s = self.settings
        self.add_dependency(other)
        state: TerraformRemoteState
        if s.state.backend == "local":
            state = DataTerraformRemoteStateLocal(self, other.NAME, path=f"../{other.NAME}.tfstate")
        else:
            state = DataTerraformRemoteStateS3(
                self,
                other.NAME,
                bucket=names.bucket(s, "state"),
                key=names.state_key(s, other.NAME),
                region=s.region,
            )
        return Remote(other, state)

    def read(self, stack: type[EstateStack]) -> Remote:
        """Outputs of a stack that this one was given in `reads`."""
        return self._remotes[stack.NAME]

    def output(self, name: str, value: object, description: str, *, only_if: Precondition | None = None) -> None:
        """A described output; other stacks and other estates read it by this name. `only_if`: else the plan fails."""
        output = TerraformOutput(self, f"output-{name}", value=value, description=description, precondition=only_if)
        output.override_logical_id(name)
        self.described.add(name)
        if self.settings.outputs.ssm_prefix and value != []:  # a parameter cannot be empty
            self._parameter(name, value, description)

    def _parameter(self, name: str, value: object, description: str) -> None:
        """The output as an SSM parameter, for teams that do not read state; outputs hold names and ids, no secrets."""
        from cdktf_cdktf_provider_aws.ssm_parameter import SsmParameter  # noqa: PLC0415 - few environments have any

        several = isinstance(value, list | tuple)
        text = Fn.jsonencode(value) if isinstance(value, dict) else value  # a map, such as the roles for people
        SsmParameter(
            self,
            f"parameter-{name}",
            name=names.parameter(self.settings, self.NAME, name),
            type="StringList" if several else "String",
            value=cast("str", Fn.join(",", cast("Sequence[str]", value)) if several else text),
            description=description,
        )

    def _allocate_logical_id(self, element: TerraformElement) -> str:
        """Address of an element: its path. cdktf's own scheme adds a hash, and lets equal ids replace each other."""
        path = element.to_string()  # its path in one round trip to the kernel; node.path takes two, for every element
        identifier = "_".join(path.split("/")[1:]).replace("-", "_")
        if self._paths.setdefault(identifier, path) != path:
            raise StackError(f"{path} and {self._paths[identifier]} would have the same address {identifier}")
        return identifier


class Remote:
    """Outputs of another stack, read from its state; a name that the other does not output raises at synth."""

    def __init__(self, producer: EstateStack, state: TerraformRemoteState) -> None:
        self._producer = producer
        self._state = state

    def text(self, name: str) -> str:
        """A string output. Raises StackError when the stack has no such output."""
        return cast("str", self._state.get_string(self._checked(name)))

    def texts(self, name: str) -> list[str]:
        """A list output: a Python list of one token, to be passed on whole. Raises StackError as `text`."""
        return cast("list[str]", self._state.get_list(self._checked(name)))

    def expression(self, name: str) -> str:
        """An output as it is written in Terraform's expressions. Raises StackError as `text`."""
        return f"{self._state.fqn}.outputs.{self._checked(name)}"

    def _checked(self, name: str) -> str:
        if name not in self._producer.described:
            raise StackError(f"stack {self._producer.NAME} has no output {name!r}")
        return name
