"""What the checks of controls (tests/controls) do not look at, read off the synthesized Terraform."""

from __future__ import annotations

import json

from synths import Synth

PROTECTED = {"aws_kms_key", "aws_s3_bucket", "aws_sagemaker_domain"}


def test_no_resource_policy_names_a_role_as_principal(synthesized: Synth) -> None:
    for address, statement in synthesized.statements():
        for principal in statement.get("principals", []):
            assert all(":role/" not in name for name in principal["identifiers"]), (address, statement["sid"])


def test_no_managed_policy_is_attached_but_our_own_guardrails(synthesized: Synth) -> None:
    assert list(synthesized.resources("aws_iam_policy_attachment", "aws_iam_user")) == []
    shared = [
        "studio: aws_iam_policy.studio_shared_endpoints_policy",
        "studio: aws_iam_policy.studio_shared_jobs_policy",
    ]
    ours = [
        *("studio: aws_iam_policy.guardrails_policy", "studio: aws_iam_policy.guardrails_reviewed_policy"),
        *shared,
    ]
    assert [address for address, _ in synthesized.resources("aws_iam_policy")] == ours
    arns = [f"${{{address.removeprefix('studio: ')}.arn}}" for address in ours]
    attached = [body["policy_arn"] for _, body in synthesized.resources("aws_iam_role_policy_attachment")]
    assert sorted(attached) == arns
    documents = (".guardrails_statements", ".guardrails_reviewed_statements")
    guardrails = [s for address, s in synthesized.statements() if address.endswith(documents)]
    assert guardrails
    assert {statement["effect"] for statement in guardrails} == {"Deny"}


def test_the_domain_is_vpc_only_under_our_key_with_idle_shutdown(synthesized: Synth) -> None:
    ((_, domain),) = synthesized.resources("aws_sagemaker_domain")
    assert domain["app_network_access_type"] == "VpcOnly"
    assert domain["auth_mode"] == "IAM"
    assert domain["kms_key_id"]
    idle = domain["default_user_settings"]["jupyter_lab_app_settings"]["app_lifecycle_management"]["idle_settings"]
    assert idle["lifecycle_management"] == "ENABLED"


def test_every_output_is_described(synthesized: Synth) -> None:
    outputs = [(name, body) for doc in synthesized.stacks.values() for name, body in doc.get("output", {}).items()]
    names = {name for name, _ in outputs}
    assert {"vpc_id", "data_bucket", "domain_id", "domain_url", "user_profiles", "pipeline_name"} <= names
    assert {"pipeline_arn", "topic_arn", "endpoint_name", "access_log_bucket", "state_bucket"} <= names
    assert all(body["description"] for _, body in outputs)


def test_retain_protects_what_holds_data_and_destroy_does_not(synthesized: Synth) -> None:
    production = "prod" in json.dumps(synthesized.stacks["keys"]["provider"])
    for address, body in synthesized.resources(*PROTECTED):
        assert body["lifecycle"]["prevent_destroy"] is production, address
    ((_, domain),) = synthesized.resources("aws_sagemaker_domain")
    assert domain["retention_policy"]["home_efs_file_system"] == ("Retain" if production else "Delete")


def test_states_lie_in_one_bucket_under_environment_region_and_stack_and_are_locked(synthesized: Synth) -> None:
    backends = {stack: document["terraform"]["backend"]["s3"] for stack, document in synthesized.stacks.items()}
    for stack, backend in backends.items():
        assert backend["use_lockfile"] is True
        assert backend["key"].endswith(f"/us-east-1/{stack}/terraform.tfstate")
    assert len({backend["key"] for backend in backends.values()}) == 7
    assert len({backend["bucket"] for backend in backends.values()}) == 1


def test_no_role_must_be_made_anew_while_the_old_one_still_has_its_name(synthesized: Synth) -> None:
    """Terraform passes create_before_destroy on to everything that a resource refers to."""
    early = [
        f"{stack}: {kind}.{name}"
        for stack, document in synthesized.stacks.items()
        for kind, bodies in document["resource"].items()
        for name, body in bodies.items()
        if body.get("lifecycle", {}).get("create_before_destroy") and "aws_iam_role" in json.dumps(body)
    ]
    assert early == []
