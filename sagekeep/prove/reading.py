"""Terraform to an `Estate`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sagekeep.iam.document import Policy, Statement
from sagekeep.prove import brought, brought_network, wiring
from sagekeep.prove.documents import Documents
from sagekeep.prove.estate import Estate, Function, Holder, Place, Role
from sagekeep.prove.terraform import Resource, Terraform, texts
from sagekeep.prove.words import words

UNKNOWN = "UnknownPolicy"


def read(terraform: Terraform) -> Estate:
    """The estate of all stacks.

    Raises:
        OperationError: a policy cannot be read.
    """
    documents = Documents(terraform)
    roles = (*_roles(terraform, documents), *brought.roles(terraform))
    holders = (*_holders(terraform, documents), *brought.holders(terraform))
    network = wiring.read(terraform, documents)
    functions, places = tuple(_functions(terraform)), _places(terraform)
    return Estate(
        account=terraform.known["account"],
        settings=terraform.settings,
        words=words(terraform, roles, holders, functions, network.groups, network.vpcs, places),
        roles=roles,
        holders=holders,
        vpcs=network.vpcs,
        subnets=network.subnets,
        groups=network.groups,
        rules=network.rules,
        endpoints=network.endpoints,
        functions=functions,
        places=places,
        route_tables=network.route_tables,
        log_policies=tuple(
            documents.policy(policy.text("policy_document"), policy, "policy_document")
            for policy in terraform.resources("aws_cloudwatch_log_resource_policy")
        ),
        brought=tuple(terraform.brought.keys),
        elsewhere=brought.elsewhere(terraform),
    )


def purpose(terraform: Terraform, name: str) -> str:
    """`data` of `<prefix>-data-<account>-<region>`, `job` of `<prefix>-job-<region>`: what a name is for."""
    known = terraform.known
    inner = name.removeprefix("alias/").removeprefix(terraform.name_start).removesuffix(f"-{known['region']}")
    return inner.removesuffix(f"-{known['account']}")


def _roles(terraform: Terraform, documents: Documents) -> Iterator[Role]:
    managed = {terraform.attribute(p, "arn"): documents.policy(p.text("policy"), p) for p in _managed(terraform)}
    attached: dict[str, list[Policy]] = {}
    for inline in terraform.resources("aws_iam_role_policy"):
        attached.setdefault(inline.text("role"), []).append(documents.policy(inline.text("policy"), inline))
    for attachment in terraform.resources("aws_iam_role_policy_attachment"):
        policy = managed.get(attachment.text("policy_arn")) or _unknown(attachment)
        attached.setdefault(attachment.text("role"), []).append(policy)
    for role in terraform.resources("aws_iam_role"):
        name, boundary = role.text("name"), role.text("permissions_boundary")
        yield Role(
            address=role.address,
            purpose=purpose(terraform, name),
            name=name,
            arn=terraform.attribute(role, "arn"),
            trust=documents.policy(role.text("assume_role_policy"), role, "assume_role_policy"),
            identity=tuple(attached.get(name, ())),
            boundary=managed.get(boundary),
            boundary_arn=boundary,
        )


def _unknown(attachment: Resource) -> Policy:
    """A policy that no stack holds, AWS's own for instance: whoever proves takes it to allow everything."""
    everything = Statement(sid=UNKNOWN, effect="Allow", actions=("*",), resources=("*",))
    return Policy(attachment.address, (everything,))


def _managed(terraform: Terraform) -> Iterator[Resource]:
    return terraform.resources("aws_iam_policy")


def _holders(terraform: Terraform, documents: Documents) -> Iterator[Holder]:
    yield from _with_policy_aside(terraform, documents, "aws_s3_bucket", "bucket", "aws_s3_bucket_policy", "bucket")
    yield from _with_policy_aside(terraform, documents, "aws_sns_topic", "name", "aws_sns_topic_policy", "arn")
    yield from _with_policy_aside(terraform, documents, "aws_sqs_queue", "name", "aws_sqs_queue_policy", "queue_url")
    aliases = {alias.text("target_key_id"): alias.text("name") for alias in terraform.resources("aws_kms_alias")}
    for key in terraform.resources("aws_kms_key"):
        ids = (terraform.attribute(key, "key_id"), terraform.attribute(key, "arn"))
        alias = next((aliases[i] for i in ids if i in aliases), key.name)
        policy = documents.policy(key.text("policy"), key) if key.text("policy") else None
        yield Holder(key.address, purpose(terraform, alias), terraform.attribute(key, "arn"), policy)


def _with_policy_aside(
    terraform: Terraform, documents: Documents, kind: str, naming: str, aside: str, link: str
) -> Iterator[Holder]:
    """Resources whose policy is a resource of its own, or stands in an argument of theirs."""
    policies = {p.text(link): documents.policy(p.text("policy"), p) for p in terraform.resources(aside)}
    for resource in terraform.resources(kind):
        arn = terraform.attribute(resource, "arn")
        own = documents.policy(resource.text("policy"), resource) if resource.text("policy") else None
        names = (resource.text(naming), arn, terraform.attribute(resource, "url"))
        policy = own or next((policies[name] for name in names if name in policies), None)
        yield Holder(resource.address, purpose(terraform, resource.text(naming)), arn, policy)


def _functions(terraform: Terraform) -> Iterator[Function]:
    for function in terraform.resources("aws_lambda_function"):
        vpc = function.block("vpc_config")
        place = Place(tuple(texts(vpc.get("subnet_ids"))), tuple(texts(vpc.get("security_group_ids"))))
        name = function.text("function_name")
        arn = terraform.attribute(function, "arn")
        yield Function(function.address, purpose(terraform, name), arn, function.text("role"), place)


def _places(terraform: Terraform) -> Mapping[str, Place]:
    """Jobs run where the pipeline's configuration puts them, Studio's apps where the domain puts them."""
    found = {}
    for data in terraform.resources("terraform_data"):
        given = data.block("input") if isinstance(data.body.get("input"), Mapping) else {}
        if {"subnet_ids", "security_group_ids", "pipeline_name"} <= set(given):
            found["jobs"] = Place(tuple(texts(given["subnet_ids"])), tuple(texts(given["security_group_ids"])))
    for domain in terraform.resources("aws_sagemaker_domain"):
        if domain.text("app_network_access_type") == "VpcOnly":
            groups = domain.block("default_user_settings").get("security_groups") or ()
            found["studio"] = Place(domain.texts("subnet_ids"), tuple(groups))
    studio = brought_network.studio(terraform)
    if studio is not None:
        found["studio"] = studio
    return found
