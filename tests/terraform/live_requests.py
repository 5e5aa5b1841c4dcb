"""The API call of each action that a row of the proof may name: client, method, parameters made from its resource.

A parameter that does not matter for who may call is any that the service's model takes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from live_sagemaker import SAGEMAKER
from live_words import Asked

Params = Mapping[str, Any]
Make = Callable[[Asked], Params]


@dataclass(frozen=True)
class Form:
    """An API call; `address` makes the endpoint's URL where it is not the service's own."""

    client: str
    method: str
    params: Make = lambda _asked: {}


_POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
_RULE = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _fixed(**params: Any) -> Make:
    return lambda _asked: params


def _bucket(asked: Asked, **more: Any) -> Params:
    return {"Bucket": asked.bucket, **more}


def _object(asked: Asked, **more: Any) -> Params:
    return {"Bucket": asked.bucket, "Key": asked.key, **more}


def _upload(asked: Asked) -> Params:
    headers = {
        "ServerSideEncryption": asked.key_of("s3:x-amz-server-side-encryption"),
        "SSEKMSKeyId": asked.key_of("s3:x-amz-server-side-encryption-aws-kms-key-id"),
    }
    return _object(asked, Body=b"x", **{name: value for name, value in headers.items() if value})


def _s3(method: str, make: Callable[..., Params] = _bucket, **more: Any) -> Form:
    return Form("s3", method, lambda asked: make(asked, **more))


_S3 = {
    "GetObject": _s3("get_object", _object),
    "GetObjectVersion": _s3("get_object", _object, VersionId="null"),
    "PutObject": _s3("put_object", _upload),
    "DeleteObject": _s3("delete_object", _object),
    "DeleteObjectVersion": _s3("delete_object", _object, VersionId="null"),
    "AbortMultipartUpload": _s3("abort_multipart_upload", _object, UploadId="x"),
    "ListBucket": Form("s3", "list_objects_v2", lambda a: _bucket(a, Prefix=a.key_of("s3:prefix"))),
    "ListBucketVersions": _s3("list_object_versions"),
    "ListAllMyBuckets": Form("s3", "list_buckets"),
    "PutBucketPolicy": _s3("put_bucket_policy", Policy=_POLICY),
    "DeleteBucketPolicy": _s3("delete_bucket_policy"),
    "PutBucketVersioning": _s3("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"}),
    "PutEncryptionConfiguration": _s3(
        "put_bucket_encryption",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    ),
    "PutBucketPublicAccessBlock": _s3("put_public_access_block", PublicAccessBlockConfiguration={}),
    "PutLifecycleConfiguration": _s3(
        "put_bucket_lifecycle_configuration",
        LifecycleConfiguration={
            "Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
        },
    ),
    "PutBucketLogging": _s3("put_bucket_logging", BucketLoggingStatus={}),
    "PutReplicationConfiguration": _s3(
        "put_bucket_replication",
        ReplicationConfiguration={
            "Role": "arn:aws:iam::999999999999:role/x",
            "Rules": [{"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": "arn:aws:s3:::stranger"}}],
        },
    ),
}


def _kms(method: str, **more: Any) -> Form:
    return Form("kms", method, lambda asked: {"KeyId": asked.resource, **more})


_KMS = {
    "Decrypt": _kms("decrypt", CiphertextBlob=b"x"),
    "Encrypt": _kms("encrypt", Plaintext=b"x"),
    "GenerateDataKey": _kms("generate_data_key", KeySpec="AES_256"),
    "GenerateDataKeyWithoutPlaintext": _kms("generate_data_key_without_plaintext", KeySpec="AES_256"),
    "DescribeKey": _kms("describe_key"),
    "GetKeyPolicy": _kms("get_key_policy"),
    "GetKeyRotationStatus": _kms("get_key_rotation_status"),
    "ListKeyPolicies": _kms("list_key_policies"),
    "ListResourceTags": _kms("list_resource_tags"),
    "ListGrants": _kms("list_grants"),
    "PutKeyPolicy": _kms("put_key_policy", Policy=_POLICY),
    "EnableKey": _kms("enable_key"),
    "DisableKey": _kms("disable_key"),
    "EnableKeyRotation": _kms("enable_key_rotation"),
    "DisableKeyRotation": _kms("disable_key_rotation"),
    "TagResource": _kms("tag_resource", Tags=[{"TagKey": "x", "TagValue": "x"}]),
    "UntagResource": _kms("untag_resource", TagKeys=["x"]),
    "UpdateKeyDescription": _kms("update_key_description", Description="x"),
    "CreateAlias": Form("kms", "create_alias", lambda a: {"AliasName": "alias/x", "TargetKeyId": a.resource}),
    "UpdateAlias": Form("kms", "update_alias", lambda a: {"AliasName": a.alias(a.resource), "TargetKeyId": a.resource}),
    "DeleteAlias": Form("kms", "delete_alias", lambda a: {"AliasName": a.alias(a.resource)}),
    "RevokeGrant": _kms("revoke_grant", GrantId="x"),
    "CreateGrant": _kms("create_grant", GranteePrincipal="arn:aws:iam::999999999999:root", Operations=["Decrypt"]),
    "ScheduleKeyDeletion": _kms("schedule_key_deletion", PendingWindowInDays=7),
    "CancelKeyDeletion": _kms("cancel_key_deletion"),
    "ImportKeyMaterial": _kms("import_key_material", ImportToken=b"x", EncryptedKeyMaterial=b"x"),
    "ReplicateKey": _kms("replicate_key", ReplicaRegion="eu-west-1"),
}


def _group(asked: Asked, **more: Any) -> Params:
    return {"logGroupName": asked.log_group, **more}


def _stream(asked: Asked, **more: Any) -> Params:
    return {"logGroupName": asked.log_group, "logStreamName": asked.log_stream, **more}


def _logs(method: str, make: Callable[..., Params] = _group, **more: Any) -> Form:
    return Form("logs", method, lambda asked: make(asked, **more))


_LOGS = {
    "CreateLogGroup": _logs("create_log_group"),
    "CreateLogStream": _logs("create_log_stream", _stream),
    "PutLogEvents": _logs("put_log_events", _stream, logEvents=[{"timestamp": 1, "message": "x"}]),
    "DescribeLogGroups": Form("logs", "describe_log_groups"),
    "DescribeLogStreams": _logs("describe_log_streams"),
    "FilterLogEvents": _logs("filter_log_events"),
    "GetLogEvents": _logs("get_log_events", _stream),
    "DeleteLogGroup": _logs("delete_log_group"),
    "DeleteLogStream": _logs("delete_log_stream", _stream),
    "PutRetentionPolicy": _logs("put_retention_policy", retentionInDays=1),
    "DisassociateKmsKey": _logs("disassociate_kms_key"),
}


def _role(asked: Asked, **more: Any) -> Params:
    return {"RoleName": asked.name, **more}


_IAM = {
    "PutRolePolicy": Form("iam", "put_role_policy", lambda a: _role(a, PolicyName="x", PolicyDocument=_POLICY)),
    "AttachRolePolicy": Form("iam", "attach_role_policy", lambda a: _role(a, PolicyArn="arn:aws:iam::aws:policy/x")),
    "CreateAccessKey": Form("iam", "create_access_key", lambda a: {"UserName": a.name}),
    "UpdateAssumeRolePolicy": Form("iam", "update_assume_role_policy", lambda a: _role(a, PolicyDocument=_POLICY)),
    "DeleteRolePermissionsBoundary": Form("iam", "delete_role_permissions_boundary", _role),
}


def _interface(asked: Asked, **more: Any) -> Params:
    return {"NetworkInterfaceId": "eni-11111111111111111", **more}


def _rules(asked: Asked) -> Params:
    return {"GroupId": asked.group, "IpPermissions": [_RULE]}


_EC2 = {
    "AuthorizeSecurityGroupEgress": Form("ec2", "authorize_security_group_egress", _rules),
    "RevokeSecurityGroupEgress": Form("ec2", "revoke_security_group_egress", _rules),
    "RevokeSecurityGroupIngress": Form("ec2", "revoke_security_group_ingress", _rules),
    "DeleteSecurityGroup": Form("ec2", "delete_security_group", lambda a: {"GroupId": a.group}),
    "CreateInternetGateway": Form("ec2", "create_internet_gateway"),
    "CreateRoute": Form("ec2", "create_route", _fixed(RouteTableId="rtb-1", DestinationCidrBlock="0.0.0.0/0")),
    "ModifyVpcEndpoint": Form("ec2", "modify_vpc_endpoint", _fixed(VpcEndpointId="vpce-1")),
    "DeleteVpcEndpoints": Form("ec2", "delete_vpc_endpoints", _fixed(VpcEndpointIds=["vpce-1"])),
    "DeleteFlowLogs": Form("ec2", "delete_flow_logs", _fixed(FlowLogIds=["fl-1"])),
    "CreateNetworkInterface": Form(
        "ec2", "create_network_interface", lambda a: {"SubnetId": a.subnets[0], "Groups": list(a.security_groups)}
    ),
    "DeleteNetworkInterface": Form("ec2", "delete_network_interface", _interface),
    "AssignPrivateIpAddresses": Form("ec2", "assign_private_ip_addresses", _interface),
    "UnassignPrivateIpAddresses": Form(
        "ec2", "unassign_private_ip_addresses", lambda a: _interface(a, PrivateIpAddresses=["10.0.0.9"])
    ),
    "CreateNetworkInterfacePermission": Form(
        "ec2", "create_network_interface_permission", lambda a: _interface(a, Permission="INSTANCE-ATTACH")
    ),
    "DeleteNetworkInterfacePermission": Form(
        "ec2", "delete_network_interface_permission", _fixed(NetworkInterfacePermissionId="eni-perm-1")
    ),
    **{
        f"Describe{what}": Form("ec2", method)
        for what, method in (
            ("DhcpOptions", "describe_dhcp_options"),
            ("NetworkInterfaces", "describe_network_interfaces"),
            ("SecurityGroups", "describe_security_groups"),
            ("Subnets", "describe_subnets"),
            ("VpcEndpoints", "describe_vpc_endpoints"),
            ("Vpcs", "describe_vpcs"),
        )
    },
}


def _repository(asked: Asked, **more: Any) -> Params:
    name = asked.resource.partition(":repository/")[2]
    return {"registryId": asked.account, "repositoryName": name if len(name) > 1 else name * 2, **more}


def _ecr(method: str, **more: Any) -> Form:
    return Form("ecr", method, lambda asked: _repository(asked, **more))


_DIGEST = f"sha256:{'0' * 64}"
_ECR = {
    "GetAuthorizationToken": Form("ecr", "get_authorization_token"),
    "BatchCheckLayerAvailability": _ecr("batch_check_layer_availability", layerDigests=[_DIGEST]),
    "BatchGetImage": _ecr("batch_get_image", imageIds=[{"imageTag": "x"}]),
    "GetDownloadUrlForLayer": _ecr("get_download_url_for_layer", layerDigest=_DIGEST),
    "InitiateLayerUpload": _ecr("initiate_layer_upload"),
    "PutImage": _ecr("put_image", imageManifest="{}"),
}

_OTHERS = {
    "sns:Publish": Form("sns", "publish", lambda a: {"TopicArn": a.resource, "Message": "x"}),
    "sns:Subscribe": Form(
        "sns",
        "subscribe",
        lambda a: {
            "TopicArn": a.resource,
            "Protocol": a.key_of("sns:Protocol") or "email",
            "Endpoint": a.key_of("sns:Endpoint") or "x@example.com",
        },
    ),
    "sns:SetTopicAttributes": Form(
        "sns",
        "set_topic_attributes",
        lambda a: {"TopicArn": a.resource, "AttributeName": "DisplayName", "AttributeValue": "x"},
    ),
    "events:DisableRule": Form("events", "disable_rule", lambda a: {"Name": a.name}),
    "events:DeleteRule": Form("events", "delete_rule", lambda a: {"Name": a.name}),
    "events:PutRule": Form("events", "put_rule", lambda a: {"Name": a.name, "EventPattern": "{}"}),
    "events:RemoveTargets": Form("events", "remove_targets", lambda a: {"Rule": a.name, "Ids": ["x"]}),
    "cloudwatch:DisableAlarmActions": Form("cloudwatch", "disable_alarm_actions", lambda a: {"AlarmNames": [a.name]}),
    "cloudwatch:DeleteAlarms": Form("cloudwatch", "delete_alarms", lambda a: {"AlarmNames": [a.name]}),
    "sqs:SendMessage": Form("sqs", "send_message", lambda a: {"QueueUrl": a.queue_url, "MessageBody": "x"}),
    "sqs:ReceiveMessage": Form("sqs", "receive_message", lambda a: {"QueueUrl": a.queue_url}),
    "sts:AssumeRole": Form("sts", "assume_role", lambda a: {"RoleArn": a.resource, "RoleSessionName": "live"}),
    "sts:GetCallerIdentity": Form("sts", "get_caller_identity"),
    "lambda:InvokeFunction": Form("lambda", "invoke", lambda a: {"FunctionName": a.resource}),
    "lambda:UpdateFunctionCode": Form(
        "lambda", "update_function_code", lambda a: {"FunctionName": a.resource, "ZipFile": b"x"}
    ),
    "secretsmanager:PutSecretValue": Form(
        "secretsmanager", "put_secret_value", lambda a: {"SecretId": a.resource, "SecretString": "x"}
    ),
    "cloudwatch:PutMetricData": Form(
        "cloudwatch",
        "put_metric_data",
        lambda a: {"Namespace": a.key_of("cloudwatch:namespace") or "x", "MetricData": [{"MetricName": "x"}]},
    ),
}


def _all(service: str, forms: Mapping[str, Form]) -> dict[str, Form]:
    return {f"{service}:{name}": form for name, form in forms.items()}


FORMS: Mapping[str, Form] = {
    **_all("s3", _S3),
    **_all("kms", _KMS),
    **_all("logs", _LOGS),
    **_all("iam", _IAM),
    **_all("ec2", _EC2),
    **_all("ecr", _ECR),
    **_OTHERS,
    **{action: Form(*form) for action, form in SAGEMAKER.items()},
}
