"""examples/sso: groups and users of Identity Center are assigned before profiles are made."""

from __future__ import annotations

from pathlib import Path

from examples import EXAMPLES, faults_of_validate, findings_of_prove, synthesized

ENV = str(EXAMPLES / "sso" / "sso.toml")


def test_groups_and_users_are_assigned_to_the_domains_application(tmp_path: Path) -> None:
    studio = synthesized(ENV, tmp_path / "out")["studio"]
    assert studio["resource"]["aws_sagemaker_domain"]["studio_domain"]["auth_mode"] == "SSO"
    assignments = studio["resource"]["aws_ssoadmin_application_assignment"]
    arn = "${aws_sagemaker_domain.studio_domain.single_sign_on_application_arn}"
    assert {a["application_arn"] for a in assignments.values()} == {arn}
    assert sorted(a["principal_type"] for a in assignments.values()) == ["GROUP", "USER", "USER"]
    users = {p["user_profile_name"]: p for p in studio["resource"]["aws_sagemaker_user_profile"].values()}
    assert {name: p["single_sign_on_user_value"] for name, p in users.items()} == {
        "ann": "ann@example.com",
        "bob": "bob",
    }
    for name, profile in users.items():
        waits = set(profile["depends_on"])
        assert f"aws_ssoadmin_application_assignment.studio_sso_user_{name}" in waits
        assert "aws_ssoadmin_application_assignment.studio_sso_group_ml_engineers" in waits
    assert "CreatePresignedDomainUrl" not in str(studio["data"]["aws_iam_policy_document"]["access_policy_statements"])
    assert faults_of_validate(ENV, tmp_path / "out", "studio") == []
    assert findings_of_prove(ENV, tmp_path / "out") == []
