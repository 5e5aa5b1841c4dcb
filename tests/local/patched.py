"""What is patched in ministack, and why: the sources that patches were written against, and what is wrong without."""

from __future__ import annotations

# What each patch replaces or calls, and the first digits of the SHA-256 of its source in ministack 1.5.33.
PATCHED = {
    "alarms": {"services.cloudwatch:_describe_alarms": "ab8f092ff9ae"},
    "code_downloads": {
        "services.lambda_svc:_presigned_code_url": "d8756e9a7bf0",
        "services.lambda_svc:serve_function_code": "342a87e413d9",
    },
    "credentials": {"core.iam_evaluator:is_root_access_key": "e6ae3b633355"},
    "deliveries": {
        "services.eventbridge:_invoke_target": "550e304af080",
        "services.eventbridge:_dispatch_to_sqs": "eb75981283a2",
        "services.sns:_deliver_to_sqs": "f85849838cca",
    },
    "endpoint_services": {
        "services.ec2:_describe_vpc_endpoint_services": "8ac60c12c5f8",
        "services.ec2:_parse_filters": "eb2fa616abd9",
    },
    "endpoints": {
        "services.ec2:_create_vpc_endpoint": "d5a50e265189",
        "services.ec2:_modify_vpc_endpoint": "f60c0a5a042f",
        "services.ec2:_delete_vpc_endpoints": "88183e801914",
        "services.ec2:_vpce_fields_xml": "645fd486d622",
        "services.ec2:_create_network_interface": "7093afa7174a",
        "services.ec2:_describe_vpc_endpoints": "aabef31a8419",
        "services.ec2:_parse_filters": "eb2fa616abd9",
        "services.ec2:_resource_matches_tag_filters": "c2af70e03337",
    },
    "flow_logs": {"services.ec2:_create_flow_logs": "8882a038ef8e", "services.ec2:_describe_flow_logs": "f05c0ab7a201"},
    "foreign_resources": {
        "core.iam_evaluator:_resource_policy": "dec265f9a903",
        "services.kms:key_policy_for_arn": "f2a07f08d904",
    },
    "group_rules": {
        "services.ec2:_sg_rule_xml": "1827f3e2af78",
        "services.ec2:_parse_ip_permissions": "7c2dbe7668af",
        "services.ec2:_rules_match": "df4e365e7322",
    },
    "interfaces": {
        "services.ec2:_delete_network_interface": "82fad9de2cb6",
        "services.ec2:_describe_network_interfaces": "61ccec97e205",
        "services.ec2:_detach_network_interface": "c1a924152b88",
        "services.ec2:_eni_fields_xml": "fc33877b1ab5",
    },
    "lambda_functions": {
        "services.lambda_svc:_create_function": "e307eecdf0d8",
        "services.lambda_svc:_delete_function": "4acf1bc5a56c",
        "services.lambda_svc:_update_config": "6999cb0695da",
        "services.lambda_svc:_get_function": "4d089b87a939",
        "services.lambda_svc:_emit_lambda_logs": "111efbf06968",
    },
    "log_targets": {
        "services.eventbridge:_dispatch_event": "d1bfe064f602",
        "services.eventbridge:_matches_pattern_view": "10e78a261268",
        "services.cloudwatch_logs:_put_resource_policy": "ecc30b3821a9",
    },
    "metric_filters": {
        "services.cloudwatch_logs:_put_metric_filter": "f32105a1de44",
        "services.cloudwatch:record_metric": "7f777bfbe523",
        "services.cloudwatch:_evaluate_alarm": "a0b0acd3d432",
        "services.cloudwatch:_dispatch_alarm_actions": "fcf47c0d1e6e",
    },
    "network_deletion": {
        "services.ec2:_delete_security_group": "769ce93213d7",
        "services.ec2:_delete_subnet": "dbc56de26456",
        "services.ec2:_delete_vpc": "b463fa2c2e6e",
    },
    "caller_keys": {"core.iam_evaluator:_resolve_condition_key": "15e26964cd38"},
    "policy_conditions": {
        "core.iam_evaluator:_evaluate_single_condition": "42b8a823692c",
        "core.iam_evaluator:_op_numeric": "381ed2e2b465",
        "core.iam_evaluator:_op_date": "77d1260dc87f",
    },
    "policy_patterns": {
        "core.iam_evaluator:_fnmatch_compile": "c95d90f11ae7",
        "core.iam_evaluator:_resource_matches": "b7886876ab63",
        "core.iam_evaluator:_op_arn_like": "3963689f2ddb",
    },
    "policy_principals": {
        "core.iam_evaluator:evaluate_resource_policy": "e49ce7161ad6",
        "core.iam_evaluator:_principal_matches": "e1370d344db7",
        "core.iam_evaluator:_names_caller_directly": "763355be4145",
    },
    "policy_variables": {
        "core.iam_evaluator:_first_match": "dc96ef4846c7",
        "core.iam_evaluator:_conditions_met": "15b4c24a03e3",
        "core.iam_evaluator:ParsedStatement": "8326ee8936c8",
    },
    "route_tables": {"services.ec2:_describe_route_tables": "9dfd39485b07"},
    "zones": {
        "services.ec2:_create_subnet": "607e159b1f48",
        "services.ec2:_az_id_for_zone_name": "904aeef24c28",
        "services.ec2:_zone_name_for_az_id": "8cf320ca3f02",
        "services.ec2:_describe_availability_zones": "4854cc891888",
    },
    "s3_condition_keys": {"core.iam_actions:s3_service_context": "83e53d14d02c"},
    "service_principals": {"core.iam_evaluator:_resolve_condition_key": "15e26964cd38"},
    "subscriptions": {"services.sns:_enforce_topic_policy": "7992647d1ded"},
    "authorization": {
        "core.iam_evaluator:enforce": "cf64b1ee5b09",
        "core.iam_evaluator:evaluate_resource_policy": "e49ce7161ad6",
        "core.iam_actions:access_denied_response": "3cc2e315f91f",
    },
    "resources": {
        "core.iam_actions:extract_resource_arn": "82f51700695c",
        "core.iam_actions:extract_iam_action": "ec476b92d969",
    },
    "delegates": {
        "core.iam_evaluator:_resource_policy": "dec265f9a903",
        "core.iam_evaluator:combine_resource_policy": "3972f81213f8",
        "core.iam_evaluator:_gather_role_policies": "d83d1661b865",
        "core.iam_evaluator:_permissions_boundary": "55c125bd0cf5",
    },
    "world": {
        "services.s3:_get_object_data": "8735d1f5e331",
        "services.eventbridge:_put_events": "ebcda0f38061",
    },
    "jobs/cloudwatch": {
        "services.cloudwatch_logs:_create_log_group": "ce6fd1931ae9",
        "services.cloudwatch_logs:_create_log_stream": "99fc231b9677",
        "services.cloudwatch_logs:_put_log_events": "acd4fda33a38",
    },
    "children": {
        "core.lambda_runtime:Worker._spawn": "c55febf95656",
        "core.lambda_runtime:execution_credentials": "cffaadc4f396",
    },
}

# Run against ministack as it comes: when one of these lines raises, ministack has learnt it and the patch can go.
UNPATCHED = {
    "alarms": """
from ministack.services import cloudwatch as c
c._put_metric_alarm({"AlarmName": ["a"], "Period": ["60"]}, {}, False, False)
assert b"<Period>" not in c._describe_alarms({}, {}, False)[2]
""",
    "credentials": """
from ministack.core.iam_evaluator import is_root_access_key
assert is_root_access_key("test") and is_root_access_key("123456789012") and is_root_access_key("")
""",
    "endpoint_services": """
from ministack.services import ec2
assert b"sagemaker" not in ec2._describe_vpc_endpoint_services({})[2]
""",
    "endpoints": """
from ministack.services import ec2
asked = {"VpcEndpointType": "Interface", "SecurityGroupId.1": "sg-1", "PrivateDnsEnabled": "true"}
xml = ec2._create_vpc_endpoint(asked)[2]
assert b"groupSet" not in xml and b"policyDocument" not in xml
assert b"<item>" in ec2._describe_vpc_endpoints({"Filter.1.Name": "vpc-id", "Filter.1.Value.1": "vpc-other"})[2]
""",
    "flow_logs": """
from ministack.services import ec2
ec2._create_flow_logs({"ResourceId.1": "vpc-1", "DeliverLogsPermissionArn": "arn:x", "LogGroupName": "g"})
assert b"deliverLogsPermissionArn" not in ec2._describe_flow_logs({})[2]
""",
    "group_rules": """
from ministack.services import ec2
p = {"P.1.IpProtocol": "tcp", "P.1.PrefixListIds.1.PrefixListId": "pl-1"}
assert ec2._parse_ip_permissions(p, "P")[0]["PrefixListIds"] == []
one, same = {"GroupId": "g"}, {"GroupId": "g", "UserId": "1"}
assert not ec2._rules_match({"UserIdGroupPairs": [one]}, {"UserIdGroupPairs": [same]})
""",
    "log_targets": """
import inspect
from ministack.services import eventbridge
assert "ENABLED_WITH" not in inspect.getsource(eventbridge._dispatch_event)
assert "logs" not in inspect.getsource(eventbridge._invoke_target)
""",
    "metric_filters": """
import inspect
from ministack.services import cloudwatch_logs
assert "metric" not in inspect.getsource(cloudwatch_logs._put_log_events)
""",
    "network_deletion": """
from ministack.services import ec2
ec2._security_groups["sg-1"] = {"GroupId": "sg-1", "GroupName": "x"}
ec2._network_interfaces["eni-1"] = {"Groups": [{"GroupId": "sg-1"}]}
assert ec2._delete_security_group({"GroupId": "sg-1"})[0] == 200
""",
    "caller_keys": """
from ministack.core import iam_evaluator as e
session = "arn:aws:sts::123456789012:assumed-role/r/s"
c = e.EvalContext(session, "AssumedRole", "123456789012", "s3:x", "*", "us-east-1")
assert e._resolve_condition_key("aws:PrincipalArn", c) == session
assert e._resolve_condition_key("aws:PrincipalIsAWSService", c) is None
c.service_context = {"aws:resourceaccount": "210987654321"}
assert e._resolve_condition_key("aws:ResourceAccount", c) == "123456789012"
""",
    "policy_conditions": """
from ministack.core import iam_evaluator as e
assert not e._evaluate_single_condition("Null", None, ["false", "true"])
assert not e._evaluate_single_condition("StringEquals", ["a"], ["a"])
assert not e._evaluate_single_condition("NumericNotEquals", "many", ["1"])
""",
    "policy_patterns": r"""
from ministack.core import iam_evaluator as e
assert not e._resource_matches("arn:aws:s3:::b/a\nb", ["arn:aws:s3:::b/*"], [])
assert e._op_arn_like("arn:aws:sns:r:1:t:s", "arn:aws:*:s")
assert e._resource_matches("arn:aws:s3:::b", ["arn:a*3:::b"], [])
""",
    "policy_principals": """
from ministack.core import iam_evaluator as e
c = e.EvalContext("arn:aws:iam::123456789012:user/bob", "User", "123456789012", "s3:x", "*", "us-east-1")
s = {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "*", "Resource": "*"}
assert e.evaluate_resource_policy({"Statement": s}, c).decision == "ImplicitDeny"
assert e._principal_matches({"AWS": "arn:aws:iam::123456789012:user/BOB"}, c.principal_arn)
assert not e._names_caller_directly("*", c.principal_arn)
""",
    "policy_variables": """
from ministack.core import iam_evaluator as e
c = e.EvalContext("arn:aws:iam::123456789012:user/bob", "User", "123456789012", "s3:x", "arn:aws:s3:::b", "us-east-1")
c.principal_keys = {"aws:username": "b"}
s = e.ParsedStatement("", "Allow", ["*"], [], ["arn:aws:s3:::${aws:username}"])
assert e._first_match(c, [s], "Allow") is None
""",
    "route_tables": """
from ministack.services import ec2
ec2._create_route_table({"VpcId": next(iter(ec2._vpcs))})
assert b"<item>" in ec2._describe_route_tables({"Filter.1.Name": "route-table-id", "Filter.1.Value.1": "rtb-1"})[2]
""",
    "foreign_resources": """
from ministack.core import iam_evaluator as e
from ministack.core.responses import request_scope
from ministack.services import kms
arn = "arn:aws:kms:us-east-1:123456789012:key/k"
with request_scope("123456789012", "us-east-1"):
    kms._keys["k"] = {"KeyId": "k", "Arn": arn, "Policy": "{}"}
    assert e._resource_policy("kms", arn)
with request_scope("999999999999", "us-east-1"):
    assert e._resource_policy("kms", arn) is None
""",
    "zones": """
from ministack.services import ec2
assert b"us-east-1a" in ec2._create_subnet({"AvailabilityZoneId": "use1-az4"})[2]
assert ec2._describe_availability_zones({})[2].count(b"<zoneId>") == 3
""",
    "s3_condition_keys": """
from ministack.core.iam_actions import s3_service_context
k = "x-amz-server-side-encryption-aws-kms-key-id"
assert f"s3:{k}" not in s3_service_context("s3:PutObject", {}, "/b/k", {k: "x"})
""",
    "service_principals": """
from ministack.core import iam_evaluator as e
c = e.EvalContext("*", "Service", "", "sqs:SendMessage", "*", "us-east-1")
assert e._resolve_condition_key("aws:PrincipalAccount", c) == ""
assert e._resolve_condition_key("aws:PrincipalIsAWSService", c) is None
""",
    "subscriptions": """
import inspect
from ministack.services import sns
assert "sns:protocol" not in inspect.getsource(sns).lower()
""",
    "code_downloads": """
from ministack.services import lambda_svc
assert lambda_svc._presigned_code_url("f").startswith("http://")
""",
    "interfaces": """
from ministack.services import ec2
ec2._create_network_interface({"Description": "one"})
(one,) = ec2._network_interfaces
assert one.encode() in ec2._describe_network_interfaces({"Filter.1.Name": "group-id", "Filter.1.Value.1": "sg-x"})[2]
ec2._network_interfaces[one]["Status"] = "in-use"
assert ec2._delete_network_interface({"NetworkInterfaceId": one})[0] == 200
""",
    "lambda_functions": """
import inspect
from ministack.services import lambda_svc
assert "_network_interfaces" not in inspect.getsource(lambda_svc)
assert "iam" not in inspect.getsource(lambda_svc._emit_lambda_logs)
assert '"KMSKeyArn": data.get("KMSKeyArn", "")' in inspect.getsource(lambda_svc)
""",
    "deliveries": """
import inspect
from ministack.services import eventbridge, sns
assert "DeadLetterConfig" not in inspect.getsource(eventbridge._invoke_target)
assert "kms" not in inspect.getsource(sns._deliver_to_sqs).lower()
""",
}
