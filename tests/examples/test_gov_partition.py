"""examples/gov-partition: another partition all through."""

from __future__ import annotations

from pathlib import Path

from examples import EXAMPLES, faults_of_validate, findings_of_prove, synthesized

ENV = str(EXAMPLES / "gov-partition" / "gov.toml")


def test_nothing_in_govcloud_names_the_commercial_partition_and_terraform_takes_it(tmp_path: Path) -> None:
    stacks = synthesized(ENV, tmp_path / "out")
    for file in (tmp_path / "out").rglob("*.json"):
        text = file.read_text(encoding="utf-8")
        assert "arn:aws:" not in text, file
        assert "us-east-1" not in text, file
    assert "arn:aws-us-gov:" in str(stacks["keys"])
    services = {e["service_name"] for e in stacks["network"]["resource"]["aws_vpc_endpoint"].values()}
    assert {"aws.sagemaker.us-gov-west-1.studio", "com.amazonaws.us-gov-west-1.s3"} <= services
    # The others differ from the commercial partition's, which tests/synth validates, in texts only.
    assert faults_of_validate(ENV, tmp_path / "out", "keys", "network") == []
    assert findings_of_prove(ENV, tmp_path / "out") == []
