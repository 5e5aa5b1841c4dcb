"""The deployed estate as rows of the proof speak of it: ids in the place of symbols, sessions of roles, places."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from estates import ROOT, STACKS, Estate, client_with
from sagekeep import studio_visit, synthesis
from sagekeep.prove import estate as model
from sagekeep.prove.reading import read
from sagekeep.prove.rows import Row, callers
from sagekeep.prove.situation import Situation
from sagekeep.prove.symbols import _ATTRIBUTES
from sagekeep.prove.terraform import Terraform
from sagekeep.prove.words import fill

SESSION = "live"
ASKED = "service"  # the session in whose name services ask; see sagekeep/local/inquiry.py
INSIDER = "insider"
OTHERS_BUCKET, STRANGERS_BUCKET = "someone-elses-in-our-account", "stranger"
EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
)
OPEN = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Principal": "*", "Resource": "*"}],
})  # fmt: skip
_TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
})  # fmt: skip


@dataclass
class World:
    """One deployed estate, what its synthesized Terraform proves, and clients of everybody in it."""

    live: Estate
    groups: dict[str, str] = field(default_factory=dict)  # VPC id -> a group that the sweeper may be told to delete
    _clients: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @cached_property
    def terraform(self) -> Terraform:
        work = self.live.folder / "work"
        return Terraform.of(synthesis.synthesize(ROOT, str(self.live.file), self.live.out, work=work))

    @cached_property
    def estate(self) -> model.Estate:
        return read(self.terraform)

    @cached_property
    def words(self) -> Mapping[str, Any]:
        """The words of rows with live ids."""
        known = self.estate.words.items()
        return {
            word: self.real(value) if isinstance(value, str) else tuple(map(self.real, value)) for word, value in known
        }

    @cached_property
    def _ids(self) -> tuple[re.Pattern[str], Mapping[str, str]]:
        found: dict[str, str] = {}
        states = {name: self._state(name) for name in (*STACKS, "state")}
        for kind, attribute in _ATTRIBUTES:
            for resource in self.terraform.resources(kind):
                value = states[resource.stack].get((kind, resource.name), {}).get(attribute)
                if value:
                    found[self.terraform.attribute(resource, attribute)] = str(value)
        longest = sorted(found, key=len, reverse=True)
        return re.compile(r"(?<![\w.-])(?:" + "|".join(map(re.escape, longest)) + r")(?![\w.-])"), found

    def _state(self, stack: str) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        bucket, region = self.estate.words["state_bucket"], self.estate.words["region"]
        key = f"estate/{region}/{stack}/terraform.tfstate"
        name = str(bucket).rpartition(":")[2]
        body = json.loads(self.live.client("s3").get_object(Bucket=name, Key=key)["Body"].read())
        return {
            (item["type"], item["name"]): item["instances"][0]["attributes"]
            for item in body["resources"]
            if item["mode"] == "managed" and item["instances"]
        }

    def real(self, text: str) -> str:
        """A text of the proof with what AWS has chosen in the place of its symbols."""
        pattern, ids = self._ids
        return pattern.sub(lambda found: ids[found[0]], text)

    def words_in(self, text: str) -> str:
        """A text of a row that holds words for single things."""
        return fill(text, self.words)[0]

    def alias(self, key_arn: str) -> str:
        """The name of a key's alias."""
        listed = self.live.client("kms").list_aliases(KeyId=key_arn)["Aliases"]
        return str(listed[0]["AliasName"])

    # ── who and from where ───────────────────────────────────────────────────────────────────────────────────────

    def client(self, situation: Situation, service: str, *, rehearse: bool, address: str | None = None) -> Any:
        """A client of the caller of a situation at its place. `address`: another one than the service's own."""
        row, caller = situation.row, situation.request.caller
        plain = situation.request.context.get("aws:SecureTransport") == ("false",)
        place = self._proxy(row)
        key = (caller.arn, row.place, place, service, rehearse, plain, address, self._owner(situation))
        if key not in self._clients:
            given = {} if caller.kind == "anonymous" else self._session(situation, rehearse=rehearse)
            self._clients[key] = self._make(service, given, place, plain=plain, address=address)
        return self._clients[key]

    def _session(self, situation: Situation, *, rehearse: bool) -> Mapping[str, str]:
        row, keys = situation.row, {}
        described = callers().get(row.who)
        for name, texts in (described.context if described else {}).items():
            keys[name] = self.real(situation.request.context[name][0]) if texts else ""
        if source := situation.request.context.get("lambda:SourceFunctionArn"):
            keys["lambda:SourceFunctionArn"] = self.real(source[0])
        if owner := self._owner(situation):
            keys["aws:ResourceAccount"] = owner
        return self.live.instance.variables(situation.request.caller.arn, SESSION, keys=keys, rehearse=rehearse)

    def _owner(self, situation: Situation) -> str:
        """The other account that a row takes to have a bucket of ours, "" in all other rows."""
        request = situation.request
        ours = self.estate.holder(request.resource) is not None
        return request.resource_account if ours and request.resource_account != self.estate.account else ""

    def _make(self, service: str, given: Mapping[str, str], proxy: str, *, plain: bool, address: str | None) -> Any:
        config = Config(
            proxies={"http": proxy, "https": proxy},
            retries={"total_max_attempts": 1},
            **({} if given else {"signature_version": UNSIGNED}),
        )
        return self._botocore.create_client(
            service,
            region_name=self.live.instance.region,
            aws_access_key_id=given.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=given.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=given.get("AWS_SESSION_TOKEN"),
            config=config,
            use_ssl=not plain,
            verify=str(self.live.instance.home / "ca.pem"),
            endpoint_url=address,
        )

    @cached_property
    def _botocore(self) -> Any:
        return botocore.session.get_session({"config_file": (None, None, "/dev/null", None)})

    def _proxy(self, row: Row) -> str:
        place = self._places.get(row.place)
        role = self.estate.role(row.who)
        if row.place == "functions" and role and (function := self.estate.function_of(role)):
            place = function.place
        if place is None or not place.subnet_ids:
            return f"http://127.0.0.1:{self.live.instance.proxy_port}"
        return self.entrance(tuple(place.subnet_ids), tuple(place.group_ids))

    @cached_property
    def _places(self) -> Mapping[str, model.Place]:
        return self.estate.places

    def entrance(self, subnets: tuple[str, ...], groups: tuple[str, ...]) -> str:
        """HTTPS_PROXY of a place, in the proof's words."""
        key = ("entrance", subnets, groups)
        if key not in self._clients:
            found = self.words["vpc"], [*map(self.real, subnets)], [*map(self.real, groups)]
            self._clients[key] = self.live.instance.entrance(*found)
        return str(self._clients[key])

    def visit_studio(self) -> None:
        """Somebody opens JupyterLab from Studio's place in the VPC, and closes it again."""
        place = self.estate.places["studio"]
        role = self.estate.role("studio")
        assert role is not None
        keys = {"sagemaker:DomainId": self.words["domain"], "sagemaker:UserProfileName": self.words["profile"]}
        instance = self.live.instance
        inside = self.entrance(tuple(place.subnet_ids), tuple(place.group_ids))
        environ = {**instance.variables(role.arn, "visitor", keys=keys), "HTTPS_PROXY": inside}
        studio_visit.open_app(environ, instance.region)
        sagemaker = client_with(environ, "sagemaker")
        space = {"DomainId": self.words["domain"], "SpaceName": studio_visit.SPACE}
        _remove(sagemaker, "app", **space, AppType="JupyterLab", AppName="default")
        _remove(sagemaker, "space", **space)

    @contextmanager
    def granted(self, row: Row) -> Iterator[None]:
        """The caller's role with a policy that allows everything, where its row says so, for a while."""
        role = self.estate.role(row.who)
        if not row.granted or role is None:
            yield
            return
        iam = self.live.client("iam")
        iam.put_role_policy(RoleName=role.name, PolicyName="Granted", PolicyDocument=EVERYTHING)
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=role.name, PolicyName="Granted")

    @contextmanager
    def without_bucket_policy(self, word: str) -> Iterator[None]:
        """A bucket of ours, by its word, without its policy for a while."""
        s3, name = self.live.client("s3"), str(self.words[word]).rpartition(":")[2]
        policy = s3.get_bucket_policy(Bucket=name)["Policy"]
        s3.delete_bucket_policy(Bucket=name)
        try:
            yield
        finally:
            s3.put_bucket_policy(Bucket=name, Policy=policy)

    @contextmanager
    def with_open_endpoint(self, service: str) -> Iterator[None]:
        """The endpoint of a service with a policy that lets everything through, for a while."""
        ec2 = self.live.client("ec2")
        endpoint = next(found for found in self.estate.endpoints if found.service == service)
        given = {"VpcEndpointId": self.real(endpoint.id)}
        policy = ec2.describe_vpc_endpoints(VpcEndpointIds=[given["VpcEndpointId"]])["VpcEndpoints"][0][
            "PolicyDocument"
        ]
        ec2.modify_vpc_endpoint(**given, PolicyDocument=OPEN)
        try:
            yield
        finally:
            ec2.modify_vpc_endpoint(**given, PolicyDocument=policy)


@contextmanager
def furnished(live: Estate) -> Iterator[World]:
    """The estate with what rows speak of beside it: an insider, another user, spaces, groups; all gone afterwards."""
    world = World(live)
    iam, ec2, sagemaker = live.client("iam"), live.client("ec2"), live.client("sagemaker")
    domain = world.words["domain"]
    buckets = [_bucket(live.client("s3"), OTHERS_BUCKET), _bucket(_stranger(world), STRANGERS_BUCKET)]
    iam.create_role(RoleName=INSIDER, AssumeRolePolicyDocument=_TRUST)
    iam.put_role_policy(RoleName=INSIDER, PolicyName="Everything", PolicyDocument=EVERYTHING)
    elsewhere = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    for vpc in (str(world.words["vpc"]), elsewhere):
        made = ec2.create_security_group(GroupName=f"live-{vpc}", Description="left behind", VpcId=vpc)
        world.groups[vpc] = made["GroupId"]
    sagemaker.create_user_profile(DomainId=domain, UserProfileName="another-user")
    for space, owner in (("mine", world.words["profile"]), ("theirs", "another-user")):
        sagemaker.create_space(
            DomainId=domain,
            SpaceName=space,
            OwnershipSettings={"OwnerUserProfileName": owner},
            SpaceSharingSettings={"SharingType": "Private"},
            SpaceSettings={"AppType": "JupyterLab"},
        )
    try:
        yield world
    finally:
        for space in ("mine", "theirs"):
            _remove(sagemaker, "space", DomainId=domain, SpaceName=space)
        _remove(sagemaker, "user_profile", DomainId=domain, UserProfileName="another-user")
        for group in world.groups.values():
            ec2.delete_security_group(GroupId=group)
        ec2.delete_vpc(VpcId=elsewhere)
        for s3, name in buckets:
            s3.delete_bucket(Bucket=name)
        iam.delete_role_policy(RoleName=INSIDER, PolicyName="Everything")
        iam.delete_role(RoleName=INSIDER)


def _stranger(world: World) -> Any:
    """S3 as the role of another account."""
    account = world.words["foreign_account"]
    return client_with(world.live.instance.variables(f"arn:aws:iam::{account}:role/stranger", SESSION), "s3")


def _bucket(s3: Any, name: str) -> tuple[Any, str]:
    s3.create_bucket(Bucket=name)
    return s3, name


def _remove(sagemaker: Any, what: str, **names: str) -> None:
    """Delete an app, a space or a profile, and wait until it is gone: one that is still used cannot go."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(ClientError):
            getattr(sagemaker, f"delete_{what}")(**names)
        try:
            if getattr(sagemaker, f"describe_{what}")(**names)["Status"] == "Deleted":
                return
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFound":
                return
            raise
        time.sleep(0.2)
