"""What generated requests and policies are made of: services, callers, condition keys and their values."""

from __future__ import annotations

from collections.abc import Sequence

ACCOUNT, FOREIGN = "123456789012", "210987654321"
REGION = "us-east-1"
ISSUED = 1_700_000_000  # 2023-11-14T22:13:20Z
VPC, ENDPOINT = "vpc-0a1b", "vpce-0c2d"

RESOURCES = {
    "s3": (
        "arn:aws:s3:::data/bob/in.csv",
        "arn:aws:s3:::data/builder/a:b/c",
        "arn:aws:s3:::data/Bob/in.csv",
        "arn:aws:s3:::data/two\nlines",
        "arn:aws:s3:::data/literal*star",
        "arn:aws:s3:::data/price$?",
        "arn:aws:s3:::data/red/[x].csv",
        "arn:aws:s3:::data",
        "*",
    ),
    "kms": (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11-22", f"arn:aws:kms:{REGION}:{FOREIGN}:key/33-44"),
    "sqs": (f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead:letters", f"arn:aws:sqs:{REGION}:{FOREIGN}:bob"),
    "sns": (f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts:sub", f"arn:aws:sns:{REGION}:{FOREIGN}:alerts"),
    "sagemaker": (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/builder-1", "*"),
}
ACTIONS = {
    "s3": ("s3:GetObject", "s3:PutObject", "s3:ListBucket"),
    "kms": ("kms:Decrypt", "kms:GenerateDataKey"),
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "sagemaker": ("sagemaker:CreateTrainingJob", "sagemaker:AddTags"),
}
CALLERS = (
    {"kind": "role", "name": "builder", "path": "/", "session": "job"},
    {"kind": "role", "name": "Builder", "path": "/team/red/", "session": "bob"},
    {"kind": "user", "name": "bob", "path": "/"},
    {"kind": "user", "name": "Bob", "path": "/team/"},
    {"kind": "service", "name": "logs.amazonaws.com"},
    {"kind": "anonymous", "name": ""},
)

# Keys by the type of their values, and values that a request may have.
KEYS: dict[str, tuple[str, Sequence[str]]] = {
    "aws:PrincipalTag/team": ("String", ("red", "Red", "blue green", "a*c", "")),
    "aws:ResourceTag/team": ("String", ("red", "blue green", "abc", "a*c")),
    "s3:prefix": ("String", ("bob/", "Bob/in", "", "two\nlines", "${*}", "a?c")),
    "sagemaker:VolumeKmsKeyArn": (
        "Arn",
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11-22", "alias/none", "arn:aws:kms:x:y"),
    ),
    "aws:SourceArn": (
        "Arn",
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts:sub", f"arn:aws:logs:{REGION}:{FOREIGN}:log-group:/a:*", "none"),
    ),
    "s3:max-keys": ("Numeric", ("10", "10.0", "-3", "1e3", "many")),
    "s3:object-lock-retain-until": (
        "Date",
        ("2023-11-14T22:13:20Z", "1700000000", "2023-11-14T23:13:20+01:00", "2031-01-01", "soon"),
    ),
    "sagemaker:NetworkIsolation": ("Bool", ("true", "false", "True")),
    "sagemaker:Blob": ("Binary", ("aGk=", "aGo=", "QmFzZTY0")),
    "ec2:PublicIp": ("IpAddress", ("10.0.0.7", "192.0.2.200", "2001:db8::1", "nowhere")),
}
SETS: dict[str, tuple[str, Sequence[str]]] = {
    "aws:TagKeys": ("String", ("team", "Team", "cost", "owner", "two\nlines")),
    "sagemaker:Subnets": ("String", ("subnet-1", "subnet-2", "subnet-3")),
    "kms:EncryptionContextKeys": ("String", ("aws:s3:arn", "tenant")),
    "sagemaker:Ports": ("Numeric", ("1", "2.0", "30")),
    "sagemaker:Sources": ("Arn", ("arn:aws:s3:::data", f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead:letters")),
}
OTHER_VALUES: dict[str, Sequence[str]] = {
    "String": ("*", "red", "b?b*", "team", "subnet-*", "${aws:username}", "${aws:PrincipalTag/team}", "a${*}c", "${?}",
               "${aws:PrincipalTag/none, 'red'}", "${aws:nothing}", "${s3:prefix}", "${$}{*}", "*${aws:username}*",
               "blue*"),
    "Arn": (f"arn:aws:*:{REGION}:*:*", "arn:*:*:*:*:*", "*", "arn:aws:s3:::*", f"arn:aws:kms:*:{ACCOUNT}:key/??-*",
            "arn:aws:sns:*:alerts:*", "${aws:SourceArn}", "arn:aws:logs:*:${aws:PrincipalAccount}:log-group:*"),
    "Numeric": ("10", "9.99", "-3", "1000", "2"),
    "Date": ("2023-11-14T22:13:20Z", "1700000001", "2023-11-15", "2031-01-01T00:00:00+00:00"),
    "Bool": ("true", "false", "TRUE"),
    "Binary": ("aGk=", "aGo=", "YQ=="),
    "IpAddress": ("10.0.0.0/8", "10.0.0.7", "192.0.2.0/25", "2001:db8::/32", "0.0.0.0/0"),
}  # fmt: skip
GLOBAL = {
    "aws:PrincipalArn": "Arn",
    "aws:PrincipalAccount": "String",
    "aws:PrincipalType": "String",
    "aws:PrincipalIsAWSService": "Bool",
    "aws:ViaAWSService": "Bool",
    "aws:PrincipalServiceName": "String",
    "aws:ResourceAccount": "String",
    "aws:username": "String",
    "aws:userid": "String",
    "aws:SourceIp": "IpAddress",
    "aws:SecureTransport": "Bool",
    "aws:RequestedRegion": "String",
    "aws:SourceVpce": "String",
    "aws:SourceVpc": "String",
    "aws:MultiFactorAuthPresent": "Bool",
    "aws:TokenIssueTime": "Date",
}
OPERATORS = {
    "String": ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
               "StringNotLike"),
    "Arn": ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike", "StringEquals"),
    "Numeric": ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
                "NumericGreaterThanEquals"),
    "Date": ("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
             "DateGreaterThanEquals"),
    "Bool": ("Bool",),
    "Binary": ("BinaryEquals",),
    "IpAddress": ("IpAddress", "NotIpAddress"),
}  # fmt: skip
SWAPS = (
    ("bob", "${aws:username}"),
    ("red", "${aws:PrincipalTag/team}"),
    ("in", "${aws:nothing, 'in'}"),
    ("builder", "${aws:nothing}"),
    ("a", "${AWS:PrincipalTag/Team,'a'}"),
)
