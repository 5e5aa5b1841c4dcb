# What a network team might have: a sealed VPC with two private subnets, S3 and STS reachable, DNS switched on.

terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "bucket" {
  description = "Name of the data bucket that workloads in the VPC may reach"
  type        = string
  default     = "acme-ml-data-123456789012-us-east-1"
}

data "aws_caller_identity" "here" {}

resource "aws_vpc" "platform" {
  cidr_block           = "10.60.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "platform" }
}

resource "aws_subnet" "private" {
  for_each = { use1-az1 = "10.60.0.0/22", use1-az2 = "10.60.4.0/22" }

  vpc_id               = aws_vpc.platform.id
  cidr_block           = each.value
  availability_zone_id = each.key
  tags                 = { Name = "platform-${each.key}", Tier = "private" }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.platform.id
  tags   = { Name = "platform-private", Tier = "private" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

resource "aws_security_group" "endpoints" {
  name        = "platform-endpoints"
  description = "Interface endpoints"
  vpc_id      = aws_vpc.platform.id
  tags        = { Name = "platform-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id = aws_security_group.endpoints.id
  description       = "Calls to AWS from the VPC"
  cidr_ipv4         = aws_vpc.platform.cidr_block
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# The workload's bucket, and ECR's bucket of image layers, which ECR signs URLs of.
data "aws_iam_policy_document" "s3" {
  statement {
    sid       = "AllowTheWorkloadsBucket"
    actions   = ["s3:*"]
    resources = ["arn:aws:s3:::${var.bucket}", "arn:aws:s3:::${var.bucket}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [data.aws_caller_identity.here.account_id]
    }
  }
  statement {
    sid       = "AllowImageLayers"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.platform.id
  service_name      = "com.amazonaws.us-east-1.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]
  policy            = data.aws_iam_policy_document.s3.json
  tags              = { Name = "platform-s3" }
}

resource "aws_vpc_endpoint" "sts" {
  vpc_id              = aws_vpc.platform.id
  service_name        = "com.amazonaws.us-east-1.sts"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
  tags                = { Name = "platform-sts" }
}

output "vpc_id" {
  description = "The VPC"
  value       = aws_vpc.platform.id
}

output "private_subnet_ids" {
  description = "Its private subnets"
  value       = [for subnet in aws_subnet.private : subnet.id]
}
