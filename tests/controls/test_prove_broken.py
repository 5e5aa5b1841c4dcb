"""The proof can fail: a copy of an environment's Terraform broken by hand is told apart, and what broke is named."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from proofs import Break, Documents, broken, statement

JOB = "pipeline: data.aws_iam_policy_document.job_access_policy_statements"
DATA = "storage: data.aws_iam_policy_document.data_statements"
KEY = "keys: data.aws_iam_policy_document.data_policy"
S3 = "network: data.aws_iam_policy_document.endpoint_s3_policy"


@dataclass(frozen=True)
class Fault:
    """A change by hand; each finding matches one of the patterns, and each pattern a finding."""

    id: str
    change: Break
    told: tuple[str, ...]


def drop(stack: str, kind: str, name: str) -> Break:
    """Take a resource out of a copy."""
    return lambda d: d[stack]["resource"][kind].pop(name)


def edit(stack: str, kind: str, name: str, **arguments: object) -> Break:
    """Change arguments of a resource."""
    return lambda d: d[stack]["resource"][kind][name].update(arguments)


def widen(address: str, sid: str, **elements: object) -> Break:
    """Change elements of a statement."""
    return lambda d: statement(d, address, sid).update(elements)


def without(address: str, sid: str) -> Break:
    """Take a statement out of its document."""

    def change(documents: Documents) -> None:
        stack, _, path = address.partition(": ")
        document = documents[stack]["data"]["aws_iam_policy_document"][path.rpartition(".")[2]]
        document["statement"].remove(statement(documents, address, sid))

    return change


def added(address: str, **block: object) -> Break:
    """Add a statement to a document."""

    def change(documents: Documents) -> None:
        stack, _, path = address.partition(": ")
        documents[stack]["data"]["aws_iam_policy_document"][path.rpartition(".")[2]]["statement"].append(block)

    return change


def unconditional(address: str, sid: str, variable: str) -> Break:
    """Take the conditions on one key out of a statement."""

    def change(documents: Documents) -> None:
        found = statement(documents, address, sid)
        found["condition"] = [c for c in found["condition"] if c["variable"] != variable]

    return change


FAULTS = (
    Fault(
        "an endpoint is removed",
        drop("network", "aws_vpc_endpoint", "endpoint_kms"),
        (r"studio-asks-for-the-key: network: no endpoint for kms .*", r"foreign-key-encrypts: no longer stopped by .*"),
    ),
    Fault(
        "an endpoint that nothing calls is added",
        lambda d: d["network"]["resource"]["aws_vpc_endpoint"].update(
            endpoint_ssm={
                **d["network"]["resource"]["aws_vpc_endpoint"]["endpoint_kms"],
                "service_name": "com.amazonaws.us-east-1.ssm",
            }
        ),
        (r"network: aws_vpc_endpoint\.endpoint_ssm: no listed call goes through this endpoint",),
    ),
    Fault(
        "an egress rule is dropped",
        drop("network", "aws_vpc_security_group_egress_rule", "groups_out_functions_to_endpoints_443"),
        (r"(manager|reader)-\S+: network: network: \S+_functions has no egress on 443 to network: \S+_endpoints .*",),
    ),
    Fault(
        "an ingress rule is dropped",
        drop("network", "aws_vpc_security_group_ingress_rule", "groups_in_jobs_to_endpoints_443"),
        (r"job-\S+: network: network: \S+groups_endpoints has no ingress on 443 from network: \S+groups_jobs .*",),
    ),
    Fault(
        "a route table has no way to S3",
        lambda d: d["network"]["resource"]["aws_vpc_endpoint"]["endpoint_s3"]["route_table_ids"].pop(),
        (r"(job|studio|seed)-\S+: network: network: \S+endpoint_s3 is not in network: aws_route_table\.\S+ .*",),
    ),
    Fault(
        "the VPC resolves no names",
        edit("network", "aws_vpc", "isolated_vpc", enable_dns_hostnames=False),
        (r"\S+: network: network: aws_vpc\.isolated_vpc has enable_dns_hostnames off .*",),
    ),
    Fault(
        "a role may do everything in S3",
        added(JOB, sid="Everything", effect="Allow", actions=["s3:*"], resources=["*"]),
        (
            rf"(bucket-policy-changed\.job|job-changes-code): .* succeeds, by {re.escape(JOB)}#Everything.*",
            rf"{re.escape(JOB)}#Everything: no listed call needs this statement",
        ),
    ),
    Fault(
        "an action is added to a statement",
        lambda d: statement(d, JOB, "WriteOutputs")["actions"].append("s3:PutObjectAcl"),
        (rf"{re.escape(JOB)}#WriteOutputs: no listed call needs s3:PutObjectAcl",),
    ),
    Fault(
        "a statement that a call needs is removed",
        without(JOB, "ReadInputsCodeAndModels"),
        (r"job-reads-inputs: no statement of pipeline: aws_iam_role\.job_access_role \(s3:GetObject on .*\)",),
    ),
    Fault(
        "the S3 endpoint lets every bucket through",
        lambda d: (
            without(S3, "DenyEveryOtherBucket")(d),
            widen(S3, "AllowOurPrincipalsOnTheDataBucket", resources=["*"], condition=[])(d),
        ),
        (
            rf"data-to-\S+: s3:(Put|Get)Object on arn:aws:s3:::\S+ succeeds, by .*{re.escape(S3)}#Allow\S+",
            r"(data-to|foreign|workload|access-logs|people-list-all-buckets)\S*: (no longer stopped by|s3:).*",
        ),
    ),
    Fault(
        "the bucket can be reached from outside the VPC",
        without(DATA, "DenyReadsFromOutsideTheVpc"),
        (
            r"(data-read-from-outside|credentials-carried-away\.\w+): s3:GetObject\w* on \S+ succeeds, by .*",
            rf"stranger-reads-data: no longer stopped by {re.escape(DATA)}#DenyReadsFromOutsideTheVpc",
        ),
    ),
    Fault(
        "the perimeter exempts everybody",
        lambda d: statement(d, DATA, "DenyReadsFromOutsideTheVpc")["condition"].append(
            {"test": "ArnNotLikeIfExists", "variable": "aws:PrincipalArn", "values": ["arn:aws:iam::123456789012:*"]}
        ),
        (r"(data-read-from-outside|credentials-carried-away\.\w+): s3:GetObject\w* on \S+ succeeds, by .*",),
    ),
    Fault(
        "the bucket takes uploads under another key",
        without(DATA, "DenyOtherKeys"),
        (r"upload-under-another-key\.\w+: s3:PutObject on \S+ succeeds, by .*",),
    ),
    Fault(
        "the bucket's own key is another one",
        lambda d: statement(d, DATA, "DenyOtherKeys")["condition"][0].update(
            values=["${data.terraform_remote_state.keys.outputs.studio_key_arn}"]
        ),
        (rf"(job-writes-outputs|deployer-uploads-code): {re.escape(DATA)}#DenyOtherKeys .*",),
    ),
    Fault(
        "a key can be granted to anybody",
        lambda d: (
            without(KEY, "DenyGrantsToOthersThanAwsServices")(d),
            unconditional(KEY, "GrantToAwsServices", "kms:GrantIsForAWSResource")(d),
        ),
        (
            r"grant(s-for-people|-to-a-stranger|-through-another-service)\.\w+: .*",
            r".*#GrantToAwsServices: no listed call needs this statement",
        ),
    ),
    Fault(
        "a key is open to the account",
        unconditional(KEY, "UseByNamedPrincipals", "aws:PrincipalArn"),
        (r"(insider-opens-keys|functions-open-data\.\S+): kms:\w+ on \S+ succeeds, by .*#UseByNamedPrincipals", r".*"),
    ),
    Fault(
        "EventBridge may not use the topic's key",
        widen(
            "keys: data.aws_iam_policy_document.logs_policy",
            "PublishToTheEncryptedTopic",
            principals=[{"type": "Service", "identifiers": ["cloudwatch.amazonaws.com"]}],
        ),
        (r"publishers-use-the-topics-key\.events: no statement of keys: \S+logs_policy \(kms:GenerateDataKey on .*\)",),
    ),
    Fault(
        "a trust policy forgets the source account",
        lambda d: statement(
            d, "pipeline: data.aws_iam_policy_document.job_access_trust", "TrustTheServiceForThisAccount"
        ).pop("condition"),
        (r"confused-deputies\.sagemaker: sts:AssumeRole on \S+acme-ml-job-us-east-1 succeeds, by .*",),
    ),
    Fault(
        "PassRole loses its service",
        unconditional(
            "pipeline: data.aws_iam_policy_document.pipeline_access_policy_statements",
            "PassTheJobRole",
            "iam:PassedToService",
        ),
        (r"roles-passed-to-other-services\.pipeline: iam:PassRole on \S+ succeeds, by \S+ ?\S+#PassTheJobRole",),
    ),
    Fault(
        "isolation is no longer asked for",
        unconditional(
            "pipeline: data.aws_iam_policy_document.pipeline_access_policy_statements",
            "CreateSealedJobs",
            "sagemaker:NetworkIsolation",
        ),
        (r"pipeline-starts-jobs-without-isolation: sagemaker:Create\w+ on \S+ succeeds, by .*#CreateSealedJobs",),
    ),
    Fault(
        "every user opens every user's Studio",
        widen(
            "studio: data.aws_iam_policy_document.access_policy_statements",
            "OpenTheirOwnStudio",
            resources=["arn:aws:sagemaker:us-east-1:123456789012:user-profile/*"],
        ),
        (r"another-users-studio: sagemaker:CreatePresignedDomainUrl on \S+ succeeds, by .*#OpenTheirOwnStudio.*",),
    ),
    Fault(
        "a function leaves the VPC",
        lambda d: d["pipeline"]["resource"]["aws_lambda_function"]["data_seed_function"].pop("vpc_config"),
        (
            rf"seed-\S+: {re.escape(DATA)}#Deny\w+FromOutsideTheVpc .*",
            r"functions-make-network-interfaces\.data-seed: no longer stopped by network: no endpoint for ec2",
            rf"{re.escape(S3)}#AllowOurPrincipalsOnTheDataBucket: no listed call needs s3:DeleteObject\*",
        ),
    ),
    Fault(
        "Studio is on the internet",
        edit("studio", "aws_sagemaker_domain", "studio_domain", app_network_access_type="PublicInternetOnly"),
        (r".*",),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id.replace(" ", "-"))
def test_what_was_broken_is_named(fault: Fault) -> None:
    findings = list(broken("poc", fault.change).findings())
    strays = [f for f in findings if not any(re.fullmatch(pattern, f) for pattern in fault.told)]
    unheard = [pattern for pattern in fault.told if not any(re.fullmatch(pattern, f) for f in findings)]
    assert findings
    assert (strays, unheard) == ([], [])
