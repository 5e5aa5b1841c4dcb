"""Where the lines of jobs end up: CloudWatch Logs, as far as the role may write there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.gateway_cloud import ACCOUNT, REGION, allow

ROOT = Path(__file__).parents[3]
GROUP = "/aws/sagemaker/ProcessingJobs"
GROUP_ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"
# ministack's account exists once a process; this one is the gateway's without its port.
GATEWAY = f"""
import asyncio, json, sys, threading
from pathlib import Path
from sagekeep.local import server
server._settle(Path(sys.argv[1]), "{ACCOUNT}", "{REGION}")
from ministack.services import cloudwatch_logs, iam
from sagekeep.local.jobs.cloudwatch import CloudWatch

async def main():
    iam._create_role({{"RoleName": "job", "AssumeRolePolicyDocument": "{{}}"}})
    policy = {{"Statement": json.loads(sys.argv[2])}}
    iam._put_role_policy({{"RoleName": "job", "PolicyName": "p", "PolicyDocument": json.dumps(policy)}})
    logs = CloudWatch(asyncio.get_running_loop())
    def speak():
        for number in range(200):
            logs.write("arn:aws:iam::{ACCOUNT}:role/job", "{GROUP}", "one/algo-1-1", [f"line {{number}}", "more"])
    thread = threading.Thread(target=speak)
    thread.start()
    await asyncio.to_thread(thread.join)
    await asyncio.sleep(0)
    groups = cloudwatch_logs._log_groups
    print(json.dumps({{name: {{stream: [event["message"] for event in record["events"]]
          for stream, record in groups[name]["streams"].items()}} for name in groups}}))

asyncio.run(main())
"""


def written(tmp_path: Path, *actions: str) -> dict[str, dict[str, list[str]]]:
    statements = json.dumps([allow(*(f"logs:{action}" for action in actions), on=GROUP_ARN)])
    command = [sys.executable, "-c", GATEWAY, str(tmp_path), statements]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def test_lines_arrive_in_their_order(tmp_path: Path) -> None:
    expected = [line for number in range(200) for line in (f"line {number}", "more")]
    found = written(tmp_path, "CreateLogGroup", "CreateLogStream", "PutLogEvents")
    assert found == {GROUP: {"one/algo-1-1": expected}}


@pytest.mark.parametrize(
    ("actions", "left"),
    [
        (("CreateLogStream", "PutLogEvents"), {}),
        (("CreateLogGroup", "PutLogEvents"), {GROUP: {}}),
        (("CreateLogGroup", "CreateLogStream"), {GROUP: {"one/algo-1-1": []}}),
    ],
)
def test_a_role_without_the_right_leaves_no_lines(
    tmp_path: Path, actions: tuple[str, ...], left: dict[str, dict[str, list[str]]]
) -> None:
    assert written(tmp_path, *actions) == left
