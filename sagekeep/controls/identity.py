"""Checks of the promises about identities, I1 to I9."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sagekeep.controls.view import Check, Fact, View, absent
from sagekeep.iam import patterns
from sagekeep.iam.document import Statement
from sagekeep.prove.estate import Role

# Data scientists and engineers: whoever starts jobs by hand. Users' own roles are named after Studio's.
PEOPLE = ("studio", "data-scientist", "ml-engineer")
_WHOLE_SERVICE = re.compile(r"\*|[a-z0-9-]+:\*")
_ASSUMES = re.compile(r"sts:AssumeRole|.*[*?]", re.IGNORECASE)


def no_whole_service(view: View) -> Iterator[Fact]:
    """I1."""
    for origin, statement in view.identity_statements():
        if statement.effect == "Allow":
            whole = [action for action in statement.actions if _WHOLE_SERVICE.fullmatch(action)]
            fault = f"allows {', '.join(whole)}" if whole else ""
            yield Fact(f"{origin}#{statement.sid}", "allows all but some actions" if statement.not_actions else fault)


def resources_are_named(view: View) -> Iterator[Fact]:
    """I2: a star for a resource has a written reason, and scanners look at the action."""
    for stack, written in view.synthesis.model["stacks"].items():
        for address, statements in written["policies"].items():
            for statement in statements:
                star = statement["effect"] == "Allow" and "*" in statement.get("resources", ())
                if star:
                    reason = statement.get("why")
                    yield Fact(f"{stack}: {address}#{statement['sid']}", "" if reason else "has a star and no reason")


def pass_role(view: View) -> Iterator[Fact]:
    """I3."""
    for origin, statement in view.identity_statements():
        if statement.effect == "Allow" and any(a.lower() == "iam:passrole" for a in statement.actions):
            yield Fact(f"{origin}#{statement.sid}", _loose_passing(statement))


def _loose_passing(statement: Statement) -> str:
    if any("*" in arn for arn in statement.resources):
        return "passes any role"
    keys = {condition.key.lower() for condition in statement.conditions}
    return "" if "iam:passedtoservice" in keys else "passes a role to any service"


def trusts(view: View) -> Iterator[Fact]:
    """I4: a service acts for this account only; a person's role names who may take it."""
    for role in view.roles():
        for statement in role.trust.statements:
            # A statement on the tags of a session, or its source identity, lets nobody take the role.
            if statement.effect == "Allow" and any(_ASSUMES.match(action) for action in statement.actions):
                yield Fact(role.address, _loose_trust(view, statement))


def _loose_trust(view: View, statement: Statement) -> str:
    keys = {condition.key.lower(): condition.values for condition in statement.conditions}
    kinds = {kind for kind, _ in statement.principals}
    if "Service" in kinds:
        account = keys.get("aws:sourceaccount")
        return "" if account == (view.estate.account,) else "trusts a service for any account"
    foreign = [name for _, name in statement.principals if view.estate.account not in name]
    if foreign:
        return f"trusts {', '.join(foreign)}"
    roots = [name for _, name in statement.principals if name.endswith(":root")]
    return "trusts the whole account" if roots and "aws:principalarn" not in keys else ""


def no_managed_policies(view: View) -> Iterator[Fact]:
    """I5."""
    for role in view.resources("aws_iam_role"):
        named = [arn for arn in role.texts("managed_policy_arns") if ":iam::aws:policy/" in arn]
        yield Fact(role.address, f"has {', '.join(named)}" if named else "")
    for attachment in view.resources("aws_iam_role_policy_attachment"):
        arn = attachment.text("policy_arn")
        yield Fact(attachment.address, f"attaches {arn}" if ":iam::aws:policy/" in arn else "")


def people(view: View) -> Iterator[Role]:
    """The roles that people start jobs with."""
    users = [f"studio-{user}" for user in view.setting("studio.users") or ()]
    wanted = {*PEOPLE, *users}
    return (role for role in view.roles() if role.purpose in wanted)


def _sealed(view: View) -> dict[str, tuple[str, ...]]:
    """Condition keys of a request that is as it should be."""
    place, key = view.estate.places.get("jobs"), view.estate.words.get("data_key", "")
    keys = (key,) if isinstance(key, str) else key
    return {
        "sagemaker:VpcSubnets": place.subnet_ids if place else (),
        "sagemaker:VpcSecurityGroupIds": place.group_ids if place else (),
        "sagemaker:NetworkIsolation": ("true",),
        "sagemaker:InterContainerTrafficEncryption": ("true",),
        "sagemaker:VolumeKmsKeyArn": keys,
        "sagemaker:OutputKmsKeyArn": keys,
    }


_NO_VPC = {"sagemaker:VpcSubnets": None, "sagemaker:VpcSecurityGroupIds": None}
_JOBS = ("CreateTrainingJob", "CreateProcessingJob")
_THEIRS = ("arn:aws:kms:us-east-1:999999999999:key/theirs",)
# Another key under the condition key's present name, under the name that AWS replaced, and none at all.
_OTHER_KEYS: tuple[dict[str, tuple[str, ...] | None], ...] = tuple(
    {f"sagemaker:{what}KmsKeyArn": present, f"sagemaker:{what}KmsKey": replaced}
    for what in ("Volume", "Output")
    for present, replaced in ((_THEIRS, None), (None, _THEIRS), (None, None))
)
# What a person could ask for, and how it differs from a sealed request: None takes the key away.
FORBIDDEN: tuple[tuple[str, Mapping[str, tuple[str, ...] | None]], ...] = (
    *((job, _NO_VPC) for job in (*_JOBS, "CreateHyperParameterTuningJob", "CreateModel")),
    *((job, {"sagemaker:VpcSubnets": ("subnet-elsewhere",)}) for job in (*_JOBS, "CreateModel")),
    *((job, {"sagemaker:NetworkIsolation": ("false",)}) for job in (*_JOBS, "CreateModel")),
    *((job, key) for job in _JOBS for key in _OTHER_KEYS),
    ("CreateDomain", {"sagemaker:AppNetworkAccessType": ("PublicInternetOnly",)}),
    ("UpdateDomain", {"sagemaker:AppNetworkAccessType": ("PublicInternetOnly",)}),
    ("CreateNotebookInstance", {"sagemaker:DirectInternetAccess": ("Enabled",)}),
    # Of kinds that no condition key speaks of, and of a kind that there is not yet.
    *((action, {}) for action in ("CreateHubContentPresignedUrls", "CreateJob", "StartSession", "CreateWhatComesNext")),
)


def guardrails(view: View) -> Iterator[Fact]:
    """I6: denied outright, whatever else the role is allowed."""
    for role in people(view):
        for action, difference in FORBIDDEN:
            context = {**_sealed(view), **{key: value or () for key, value in difference.items()}}
            given = {key: value for key, value in context.items() if value}
            resource = f"{view.estate.words['sagemaker']}:training-job/x"
            verdict = view.ask(
                view.caller(role.purpose), f"sagemaker:{action}", resource, identity=role.identity, context=given
            )
            what = ", ".join(key.partition(":")[2] for key in difference)
            fault = f"may {action}" + (f" whatever {what} it asks for" if what else "")
            yield Fact(role.address, "" if verdict.explicit else fault)


def sign_in(view: View) -> Iterator[Fact]:
    """I7."""
    way = view.setting("studio.sign_in")
    if way == "iam":
        return
    action, profile = "sagemaker:CreatePresignedDomainUrl", f"{view.estate.words['sagemaker']}:user-profile/d/x"
    elsewhere = {"aws:SourceIp": (str(view.estate.words["elsewhere"]),)}
    for role in view.roles():
        statements = [s for policy in role.identity for s in policy.statements if s.effect == "Allow"]
        if any(patterns.action(action, pattern) for s in statements for pattern in s.actions):
            caller = view.caller(role.purpose)
            denied = view.ask(caller, action, profile, identity=role.identity, context=elsewhere).explicit
            yield Fact(role.address, "" if denied else f"may open Studio from anywhere, though sign_in is {way}")


def boundaries(view: View) -> Iterator[Fact]:
    """I8."""
    wanted = view.setting("iam.permissions_boundary")
    for role in view.roles() if wanted else ():
        yield Fact(role.address, "" if role.boundary_arn == wanted else "has not the permissions boundary")


def no_people(view: View) -> Iterator[Fact]:
    """Users and their keys belong to the account's identity provider."""
    return absent(view, ("aws_iam_user", "aws_iam_access_key", "aws_iam_group"), "is a long-lived identity")


CHECKS: dict[str, Check] = {
    "I1": no_whole_service,
    "I2": resources_are_named,
    "I3": pass_role,
    "I4": trusts,
    "I5": no_managed_policies,
    "I6": guardrails,
    "I7": sign_in,
    "I8": boundaries,
    "I10": no_people,
}
