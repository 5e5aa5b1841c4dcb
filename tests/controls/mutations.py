"""Ways to break a promise, each as a change of prod's synthesized Terraform. A control that notices nothing is none."""

from __future__ import annotations

from changes import (
    Mutation,
    add,
    configured,
    drop,
    in_code,
    local_state,
    put,
    star_without_reason,
    unconditioned,
    with_statement,
    without,
)

ANYBODY = [{"type": "*", "identifiers": ["*"]}]
STRANGER = [{"type": "AWS", "identifiers": ["arn:aws:iam::999999999999:root"]}]
HTTPS = {"description": "HTTPS", "ip_protocol": "tcp", "from_port": 443, "to_port": 443}
INGRESS, EGRESS = "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"
JOBS = "${aws_security_group.groups_jobs.id}"
VPC = "${aws_vpc.isolated_vpc.id}"

MUTATIONS = (
    Mutation("an internet gateway", ("N1",), add("network", "aws_internet_gateway", "out", vpc_id=VPC)),
    Mutation(
        "a default route",
        ("N1",),
        put(
            "network",
            "aws_route_table",
            "isolated_routes_1",
            route=[{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}],
        ),
    ),
    Mutation(
        "the default group left open", ("N2",), drop("network", "aws_default_security_group", "isolated_default_group")
    ),
    Mutation("flow logs dropped", ("N3",), drop("network", "aws_flow_log", "flow_log")),
    Mutation(
        "flow logs of rejected traffic only", ("N3",), put("network", "aws_flow_log", "flow_log", traffic_type="REJECT")
    ),
    Mutation(
        "public addresses", ("N4",), put("network", "aws_subnet", "isolated_subnet_2", map_public_ip_on_launch=True)
    ),
    Mutation(
        "ingress from anywhere",
        ("N5",),
        add("network", INGRESS, "all", security_group_id=JOBS, cidr_ipv6="::/0", **HTTPS),
    ),
    Mutation("a rule nobody explains", ("N5",), put("network", INGRESS, "groups_in_jobs_to_jobs_0", description=None)),
    Mutation(
        "egress to an address range",
        ("N6",),
        add("network", EGRESS, "out", security_group_id=JOBS, cidr_ipv4="0.0.0.0/0", **HTTPS),
    ),
    Mutation("an endpoint dropped", ("N7",), drop("network", "aws_vpc_endpoint", "endpoint_kms")),
    Mutation("private DNS off", ("N7",), put("network", "aws_vpc_endpoint", "endpoint_sts", private_dns_enabled=False)),
    Mutation(
        "an endpoint that nothing calls",
        ("N7",),
        add(
            "network",
            "aws_vpc_endpoint",
            "more",
            vpc_id=VPC,
            service_name="com.amazonaws.us-east-1.dynamodb",
            vpc_endpoint_type="Gateway",
            policy="${data.aws_iam_policy_document.endpoint_s3_policy.json}",
        ),
    ),
    Mutation("an endpoint without a policy", ("N8",), put("network", "aws_vpc_endpoint", "endpoint_sts", policy=None)),
    Mutation(
        "an endpoint policy that takes any account's resources",
        ("N8",),
        unconditioned("network", "endpoint_our_account", "AllowOurPrincipalsOnOurResources", "aws:ResourceAccount"),
    ),
    Mutation("reads from anywhere", ("N9",), without("storage", "data_statements", "DenyReadsFromOutsideTheVpc")),
    Mutation("lists from anywhere", ("N9",), without("storage", "data_statements", "DenyListsFromOutsideTheVpc")),
    Mutation(
        "one zone",
        ("N10",),
        lambda copy: [
            put("network", "aws_subnet", f"isolated_subnet_{at}", availability_zone_id="use1-az3")(copy)
            for at in (1, 2, 3)
        ].clear(),
    ),
    Mutation("a network ACL", ("N11",), add("network", "aws_network_acl", "acl", vpc_id=VPC)),
    Mutation("no rotation", ("K1",), put("keys", "aws_kms_key", "data_key", enable_key_rotation=False)),
    Mutation(
        "a key open to anybody",
        ("K2",),
        with_statement("keys", "studio_policy", actions=["kms:DescribeKey"], resources=["*"], principals=ANYBODY),
    ),
    Mutation(
        "a key that another account may use",
        ("K2",),
        with_statement(
            "keys",
            "data_policy",
            actions=["kms:Decrypt"],
            resources=["*"],
            principals=[{"type": "AWS", "identifiers": ["arn:aws:iam::999999999999:root"]}],
        ),
    ),
    Mutation(
        "an identity that opens every key",
        ("K3",),
        with_statement(
            "pipeline",
            "pipeline_reader_access_policy_statements",
            actions=["kms:Decrypt"],
            resources=["arn:aws:kms:us-east-1:210987654321:key/*"],
        ),
    ),
    Mutation("a key gone in a week", ("K4",), put("keys", "aws_kms_key", "logs_key", deletion_window_in_days=7)),
    Mutation("a key that may be destroyed", ("K4",), put("keys", "aws_kms_key", "data_key", lifecycle={})),
    Mutation(
        "grants for anybody",
        ("K5",),
        unconditioned("keys", "data_policy", "GrantToAwsServices", "kms:GrantIsForAWSResource"),
    ),
    Mutation(
        "grants through any service",
        ("K5",),
        unconditioned("keys", "data_policy", "GrantThroughAwsServices", "kms:ViaService"),
    ),
    Mutation(
        "public access not blocked",
        ("S1",),
        put("storage", "aws_s3_bucket_public_access_block", "data_public_access", restrict_public_buckets=False),
    ),
    Mutation("plain HTTP", ("S2",), without("storage", "data_statements", "DenyPlainHttp")),
    Mutation(
        "no key of ours",
        ("S3",),
        put(
            "state",
            "aws_s3_bucket_server_side_encryption_configuration",
            "state_bucket_encryption",
            rule=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        ),
    ),
    Mutation("uploads with any key", ("S3",), without("storage", "data_statements", "DenyOtherKeys")),
    Mutation("no versions", ("S4",), drop("storage", "aws_s3_bucket_versioning", "data_versioning")),
    Mutation(
        "unfinished uploads stay", ("S4",), drop("storage", "aws_s3_bucket_lifecycle_configuration", "data_lifecycle")
    ),
    Mutation("no access logs", ("S5",), drop("storage", "aws_s3_bucket_logging", "data_logging")),
    Mutation(
        "ACLs on",
        ("S6",),
        put("storage", "aws_s3_bucket_ownership_controls", "data_ownership", rule={"object_ownership": "ObjectWriter"}),
    ),
    Mutation("state without a lock", ("S8",), local_state),
    Mutation(
        "a whole service",
        ("I1",),
        with_statement(
            "pipeline",
            "job_access_policy_statements",
            actions=["s3:*"],
            resources=["arn:aws:s3:::acme-ml-prod-data-210987654321-us-east-1/*"],
        ),
    ),
    Mutation("a star without a reason", ("I2",), star_without_reason),
    Mutation(
        "a role passed to any service",
        ("I3",),
        unconditioned("pipeline", "pipeline_access_policy_statements", "PassTheJobRole", "iam:PassedToService"),
    ),
    Mutation(
        "a service trusted for any account",
        ("I4",),
        unconditioned("pipeline", "job_access_trust", "TrustTheServiceForThisAccount", "aws:SourceAccount"),
    ),
    Mutation(
        "AWS's own full-access policy",
        ("I5",),
        add(
            "studio",
            "aws_iam_role_policy_attachment",
            "full",
            role="${aws_iam_role.access_role.name}",
            policy_arn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
        ),
    ),
    Mutation("a user with a key", ("I10",), add("studio", "aws_iam_user", "robot", name="robot")),
    Mutation(
        "a domain on the internet",
        ("M1",),
        put("studio", "aws_sagemaker_domain", "studio_domain", app_network_access_type="PublicInternetOnly"),
    ),
    Mutation(
        "a domain under AWS's key", ("M2",), put("studio", "aws_sagemaker_domain", "studio_domain", kms_key_id=None)
    ),
    Mutation(
        "a job that is not isolated",
        ("M3",),
        in_code(
            '"EnableNetworkIsolation": True,\n            "EnableInter',
            '"EnableNetworkIsolation": False,\n            "EnableInter',
        ),
    ),
    Mutation(
        "a model outside the VPC",
        ("M4",),
        in_code(
            '"EnableNetworkIsolation": True,\n            "VpcConfig": _vpc(c),\n',
            '"EnableNetworkIsolation": True,\n',
        ),
    ),
    Mutation(
        "endpoint volumes under AWS's key",
        ("M5",),
        in_code(
            '            "KmsKeyId": c.kms_key_arn,\n            "ProductionVariants"',
            '            "ProductionVariants"',
        ),
    ),
    Mutation("jobs elsewhere", ("M3", "M4"), configured(subnet_ids=["subnet-elsewhere"])),
    Mutation("one instance in production", ("M6",), configured(instance_counts={"endpoint": 1})),
    Mutation("a notebook instance", ("M8",), add("studio", "aws_sagemaker_notebook_instance", "mine", name="mine")),
    Mutation(
        "a function for anybody",
        ("L1",),
        add("studio", "aws_lambda_permission", "all", function_name="x", action="lambda:InvokeFunction", principal="*"),
    ),
    Mutation("an old runtime", ("L2",), put("studio", "aws_lambda_function", "sweeper_function", runtime="python3.8")),
    Mutation(
        "a function outside the VPC",
        ("L3",),
        put("pipeline", "aws_lambda_function", "pipeline_reader_function", vpc_config=None),
    ),
    Mutation(
        "an environment under AWS's key",
        ("L4",),
        put("pipeline", "aws_lambda_function", "pipeline_reader_function", kms_key_arn=None),
    ),
    Mutation(
        "a key without an environment",
        ("L4",),
        put("pipeline", "aws_lambda_function", "pipeline_reader_function", environment=None),
    ),
    Mutation(
        "no traces", ("L5",), put("pipeline", "aws_lambda_function", "pipeline_reader_function", tracing_config=None)
    ),
    Mutation("a topic in the clear", ("E1",), put("pipeline", "aws_sns_topic", "alerts_topic", kms_master_key_id=None)),
    Mutation(
        "a key that EventBridge may not use", ("E1",), without("keys", "logs_policy", "PublishToTheEncryptedTopic")
    ),
    Mutation("a topic without TLS", ("E2",), without("pipeline", "alerts_topic_statements", "DenyPlainHttp")),
    Mutation(
        "a queue in the clear", ("E4",), put("pipeline", "aws_sqs_queue", "alerts_undelivered", kms_master_key_id=None)
    ),
    Mutation(
        "logs of a month", ("E5",), put("network", "aws_cloudwatch_log_group", "flow_group", retention_in_days=30)
    ),
    Mutation("a bus of its own", ("E6",), add("pipeline", "aws_cloudwatch_event_bus", "bus", name="bus")),
)
