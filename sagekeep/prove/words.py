"""The words that rows may name in braces: what the estate and the settings give."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sagekeep.prove.estate import Function, Group, Holder, Place, Role, Vpc
from sagekeep.prove.terraform import Terraform

Word = str | tuple[str, ...]
# Not ours: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html keeps no such account for docs.
FOREIGN_ACCOUNT = "999999999999"
NEIGHBOUR_ACCOUNT = "777777777777"  # another one of our organization, where the settings name one
LONE_ACCOUNT = "666666666666"  # a stranger's that is of no organization
LAYER_ACCOUNT = "888888888888"  # stands for the one that owns ECR's bucket of image layers, which AWS does not tell
# The ranges for documentation, RFC 5737, and an address of nobody's in particular for settings that name all of them.
_OUTSIDE = ("203.0.113.9", "198.51.100.9", "192.0.2.9", "8.8.8.8")
_IMAGE = re.compile(r"(?P<account>\d+)\.dkr\.ecr\.(?P<region>[\w-]+)\.[^/]+/(?P<repository>[^:@]+)")
_WORD = re.compile(r"\{(\w+)\}")


class UnknownWord(LookupError):
    """A row names what the environment does not have; the message is the word."""


def words(
    terraform: Terraform,
    roles: Sequence[Role],
    holders: Sequence[Holder],
    functions: Sequence[Function],
    groups: Sequence[Group],
    vpcs: Sequence[Vpc],
    places: Mapping[str, Place],
) -> dict[str, Word]:
    """ARNs, such as `{data_bucket}`, `{job_role}`, `{pipeline_manager_function}`; ids, such as `{vpc}`."""
    known, settings = terraform.known, terraform.settings
    found: dict[str, Word] = {
        **known,
        "prefix": terraform.name_start.removesuffix("-"),
        "foreign_account": FOREIGN_ACCOUNT,
    }
    found |= {"layer_account": LAYER_ACCOUNT, "neighbour_account": NEIGHBOUR_ACCOUNT, "lone_account": LONE_ACCOUNT}
    found |= {f"{service}": _start(known, service) for service in ("sagemaker", "logs", "ec2", "ecr")}
    found |= {f"{_word(role.purpose)}_role": role.arn for role in roles}
    users = tuple(role.arn for role in roles if _is_users(role, terraform))
    if users:
        found["user_roles"] = users
    found |= {f"{_word(holder.purpose)}_{_kind(holder)}": holder.arn for holder in holders}
    found |= {f"{_word(function.purpose)}_function": function.arn for function in functions}
    found |= {f"{_word(group.purpose)}_group": group.id for group in groups}
    if vpcs:
        found["vpc"] = vpcs[0].id
    for name, place in places.items():
        found |= {f"{name}_subnets": place.subnet_ids, f"{name}_groups": place.group_ids}
    return found | _of_settings(settings) | _of_studio(terraform) | _images(terraform)


def _start(known: Mapping[str, str], service: str) -> str:
    return f"arn:{known['partition']}:{service}:{known['region']}:{known['account']}"


def _word(purpose: str) -> str:
    return re.sub(r"\W", "_", purpose)


def _is_users(role: Role, terraform: Terraform) -> bool:
    profiles = terraform.resources("aws_sagemaker_user_profile")
    return role.arn in {profile.block("user_settings").get("execution_role") for profile in profiles}


def _kind(holder: Holder) -> str:
    return holder.address.rpartition(": ")[2].partition(".")[0].rpartition("_")[2]  # bucket, key, topic, queue


def _of_settings(settings: Mapping[str, Any]) -> dict[str, Word]:
    found: dict[str, Word] = {}
    if name := settings.get("pipeline", {}).get("name"):
        found["pipeline"] = name
    deploy = settings.get("deploy", {})
    for word, key in (("deployer", "roles"), ("planner", "plan_roles"), ("data_writer", "data_writers")):
        if deploy.get(key):
            found[word] = deploy[key][0]
    if organization := settings.get("perimeter", {}).get("organization"):
        found["organization"] = organization
    found["ours"] = "Organization" if organization else "Account"  # as endpoints' denies are called
    return found | _addresses(settings.get("studio", {}).get("sign_in_cidrs", ()))


def _addresses(ranges: Sequence[str]) -> dict[str, Word]:
    """`{elsewhere}`: a public address outside the ranges that Studio opens from; `{office}`: the first one inside."""
    networks = [ipaddress.ip_network(text) for text in ranges]
    outside = (one for one in _OUTSIDE if not any(ipaddress.ip_address(one) in network for network in networks))
    found: dict[str, Word] = {"elsewhere": next(outside, _OUTSIDE[0])}
    return found | ({"office": str(networks[0][0])} if networks else {})


def _of_studio(terraform: Terraform) -> dict[str, Word]:
    found: dict[str, Word] = {}
    if domain_id := terraform.brought.texts.get("existing.domain"):
        found["domain"] = domain_id
    for domain in terraform.resources("aws_sagemaker_domain"):
        found["domain"] = terraform.attribute(domain, "id")
    for profile in terraform.resources("aws_sagemaker_user_profile"):
        found.setdefault("profile", profile.text("user_profile_name"))
    found.setdefault("profile", "made-by-hand")  # an environment without users of its own
    return found


def _images(terraform: Terraform) -> dict[str, Word]:
    """`{train_image}`: the ARN of the repository that an image of the pipeline's configuration comes from."""
    found: dict[str, Word] = {}
    for data in terraform.resources("terraform_data"):
        given = data.block("input") if isinstance(data.body.get("input"), Mapping) else {}
        for kind, uri in (given.get("images") or {}).items():
            if image := _IMAGE.match(str(uri)):
                start = f"arn:{terraform.known['partition']}:ecr:{image['region']}:{image['account']}"
                found[f"{kind}_image"] = f"{start}:repository/{image['repository']}"
    return found


def fill(text: str, known: Mapping[str, Word]) -> tuple[str, ...]:
    """A text with its words filled in; one that is a single word may stand for many.

    Raises:
        UnknownWord: the environment has nothing of that name.
    """
    whole = _WORD.fullmatch(text)
    if whole and isinstance(value := _look(whole[1], known), tuple):
        return value
    return (_WORD.sub(lambda found: _one(_look(found[1], known)), text),)


def _look(word: str, known: Mapping[str, Word]) -> Word:
    if word not in known:
        raise UnknownWord(word)
    return known[word]


def _one(value: Word) -> str:
    return value if isinstance(value, str) else ",".join(value)
