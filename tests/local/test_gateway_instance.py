"""Starting, finding and ending an embedded AWS."""

from __future__ import annotations

import http.client
import io
import os
import signal
import socket
import ssl
import stat
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sagekeep.errors import OperationError
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from tests.local.gateway_cloud import ACCOUNT, DEPLOYER, REGION, Cloud, code_of, make_role, message_of


def start(home: Path, **options: str) -> Instance:
    return instance.up(home, **{"account_id": ACCOUNT, "region": REGION, **options})


def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def listening(pid: int) -> list[tuple[str, int]]:
    """(address, port) of every TCP socket that a process listens on."""
    inodes = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = []
    for line in (
        Path("/proc/net/tcp").read_text().splitlines()[1:] + Path("/proc/net/tcp6").read_text().splitlines()[1:]
    ):
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            address, port = fields[1].split(":")
            found.append(
                (socket.inet_ntoa(bytes.fromhex(address)[::-1]) if len(address) == 8 else address, int(port, 16))
            )
    return found


def test_the_administrator_is_the_deploy_role_and_never_root(admin: Cloud) -> None:
    identity = admin("sts").get_caller_identity()
    assert identity["Account"] == ACCOUNT
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/sagekeep"
    assert admin("iam").get_role(RoleName="deployer")["Role"]["Arn"] == DEPLOYER


@pytest.mark.parametrize("key", ["test", ACCOUNT, "AKIAIOSFODNN7EXAMPLE"])
def test_nobody_becomes_root_by_a_well_known_key(admin: Cloud, key: str) -> None:
    stranger = Cloud(
        {**admin.variables, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": ""}
    )
    with pytest.raises(ClientError) as refused:
        stranger("s3").list_buckets()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_one_port_and_only_on_loopback(running: Instance) -> None:
    assert listening(running.pid) == [("127.0.0.1", running.proxy_port)]


def test_its_secrets_are_readable_by_their_owner_only(running: Instance) -> None:
    facts = (running.home / "instance.json").stat()
    assert stat.S_IMODE(facts.st_mode) == 0o600
    assert running.secret not in repr(running)


@pytest.mark.parametrize(
    "target", ["registry.terraform.io:443", "amazonaws.com.evil.example:443", "s3.amazonaws.com:80"]
)
def test_no_other_host_can_be_reached(running: Instance, target: str) -> None:
    with socket.create_connection(("127.0.0.1", running.proxy_port)) as connection:
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
def test_an_answer_comes_in_one_piece(running: Instance, expect: str) -> None:
    host, body = "sts.us-east-1.amazonaws.com", b"Action=GetCallerIdentity&Version=2011-06-15"
    context = ssl.create_default_context(cafile=str(running.home / "ca.pem"))
    with socket.create_connection(("127.0.0.1", running.proxy_port), 10) as plain:
        plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
        assert plain.recv(1024).startswith(b"HTTP/1.1 200")
        with context.wrap_socket(plain, server_hostname=host) as connection:
            head = f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n{expect}\r\n"
            connection.sendall(head.encode())
            if expect:  # answered at once: the client waits for it
                assert connection.recv(1024).startswith(b"HTTP/1.1 100")
            connection.sendall(body)
            answer_head, _, answer = connection.recv(65536).partition(b"\r\n\r\n")
    length = next(line for line in answer_head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    assert len(answer) == int(length.partition(b":")[2]) > 0


def test_the_control_host_wants_the_secret(running: Instance) -> None:
    context = ssl.create_default_context(cafile=str(running.home / "ca.pem"))
    connection = http.client.HTTPSConnection("127.0.0.1", running.proxy_port, context=context, timeout=10)
    connection.set_tunnel("control.sagekeep.api.aws", 443)
    connection.request("POST", "/session", "{}", {"x-sagekeep-secret": "guess"})
    assert connection.getresponse().status == 403
    connection.close()


def test_ministacks_own_paths_do_not_exist(running: Instance, admin: Cloud) -> None:
    admin("s3").create_bucket(Bucket="stays-here")
    context = ssl.create_default_context(cafile=str(running.home / "ca.pem"))
    connection = http.client.HTTPSConnection("127.0.0.1", running.proxy_port, context=context, timeout=10)
    connection.set_tunnel(f"sts.{REGION}.amazonaws.com", 443)
    connection.request("POST", "/_ministack/reset")
    assert connection.getresponse().status == 501
    connection.close()
    admin("s3").delete_bucket(Bucket="stays-here")


def test_an_object_may_be_called_health(admin: Cloud) -> None:
    s3 = admin("s3")
    s3.create_bucket(Bucket="well")
    s3.put_object(Bucket="well", Key="health", Body=b"mine")
    assert s3.get_object(Bucket="well", Key="health")["Body"].read() == b"mine"
    s3.delete_object(Bucket="well", Key="health")
    s3.delete_bucket(Bucket="well")


def test_a_service_that_is_not_modelled_says_so(admin: Cloud) -> None:
    with pytest.raises(ClientError) as refused:
        admin("dynamodb").list_tables()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "not modelled" in message_of(refused)


@pytest.mark.parametrize(
    ("service", "operation"), [("ec2", "describe_transit_gateway_policy_tables"), ("iam", "list_ssh_public_keys")]
)
def test_an_action_that_is_not_modelled_says_so(admin: Cloud, service: str, operation: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(admin(service), operation)()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert code_of(refused) == "InvalidAction"


def test_the_environment_holds_no_other_way_to_aws(running: Instance) -> None:
    base = {"PATH": "/bin", "AWS_PROFILE": "prod", "AWS_ENDPOINT_URL": "https://elsewhere", "https_proxy": "http://p:1"}
    environment = running.environment(base)
    assert environment["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL", "https_proxy"} & set(environment)
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == REGION


def test_up_finds_the_instance_that_runs(running: Instance) -> None:
    again = start(running.home, deploy_role=DEPLOYER)
    assert (again.pid, again.fresh, again.recovered) == (running.pid, False, False)


def test_another_account_in_the_same_home_is_refused(running: Instance) -> None:
    with pytest.raises(OperationError, match="999999999999"):
        start(running.home, account_id="999999999999")


def test_a_deploy_role_of_another_account_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="must be a role of account"):
        start(tmp_path / "home", deploy_role="arn:aws:iam::999999999999:role/x")
    assert instance.find(tmp_path / "home") is None


def test_two_instances_side_by_side_after_a_crash_one_starts_afresh(tmp_path: Path, running: Instance) -> None:
    home = tmp_path / "home"
    said: list[str] = []
    first = instance.up(home, account_id="210987654321", region="eu-west-1", progress=said.append)
    try:
        assert first.fresh
        assert not first.recovered
        other = Cloud(first.variables())
        other("s3").create_bucket(Bucket="kept-apart", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        assert other("sts").get_caller_identity()["Account"] == "210987654321"
        assert instance.find(running.home) is not None
        os.kill(first.pid, signal.SIGKILL)
        eventually(lambda: instance.find(home) is None)
        second = instance.up(home, account_id="210987654321", region="eu-west-1", progress=said.append)
        assert second.recovered
        assert any("fresh" in line for line in said)
        assert Cloud(second.variables())("s3").list_buckets()["Buckets"] == []
        assert instance.down(home)
        assert not instance.down(home)
        assert sorted(path.name for path in home.iterdir()) == ["lock", "log", "log.before"]
    finally:
        instance.down(home)


def test_ending_an_instance_takes_a_moment(tmp_path: Path) -> None:
    start(tmp_path / "home")
    began = time.monotonic()
    instance.down(tmp_path / "home")
    assert time.monotonic() - began < 5


def children_of(pid: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:  # ended meanwhile
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(status.parent.name))
    return found


def test_no_function_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    server = start(home)
    try:
        cloud = Cloud(server.variables())
        role = make_role(cloud, "sleeper", "lambda.amazonaws.com")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            file.writestr("app.py", "def handler(event, _context):\n    return 1\n")
        functions = cloud("lambda")
        functions.create_function(
            FunctionName="sleeper",
            Runtime="python3.12",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": out.getvalue()},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName="sleeper", WaiterConfig={"Delay": 0.2})
        functions.invoke(FunctionName="sleeper")
        workers = children_of(server.pid)
        assert workers
        os.kill(server.pid, signal.SIGKILL)
        eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    finally:
        instance.down(home)
