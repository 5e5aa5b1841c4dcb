# What other teams of a company might have made, of everything that an environment may bring: a network, keys, buckets,
# a topic, roles and a Studio domain. Nothing here comes from the environment but what its check asked their owners to
# add, which is in asked.json: statements by the setting that names the thing.

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

variable "endpoints" {
  description = "Services that the VPC has endpoints for, by the last part of their names"
  type        = set(string)
  default     = []
}

data "aws_caller_identity" "here" {}

locals {
  account = data.aws_caller_identity.here.account_id
  asked   = jsondecode(file("${path.module}/asked.json"))
  # What has one id, ARN or name, by the word that settings and parameters know it by.
  things = merge(
    {
      vpc    = aws_vpc.platform.id
      topic  = aws_sns_topic.alerts.arn
      domain = aws_sagemaker_domain.studio.id
    },
    { for name, group in aws_security_group.each : "group_${name}" => group.id },
    { for name, endpoint in aws_vpc_endpoint.each : "endpoint_${replace(name, ".", "_")}" => endpoint.id },
    { for name, key in aws_kms_key.each : "key_${name}" => key.arn },
    { for name, bucket in aws_s3_bucket.each : "bucket_${name}" => bucket.id },
    { for name, role in aws_iam_role.each : "role_${replace(name, "-", "_")}" => role.arn },
  )
}

resource "aws_ssm_parameter" "thing" {
  for_each = local.things

  name        = "/others/${each.key}"
  description = "For whoever builds on it"
  type        = "String"
  value       = each.value
}

resource "aws_ssm_parameter" "subnets" {
  name        = "/others/subnets"
  description = "For whoever builds on them"
  type        = "StringList"
  value       = join(",", [for subnet in aws_subnet.private : subnet.id])
}

output "things" {
  description = "Ids, ARNs and names by word"
  value       = local.things
}

output "vpc_id" {
  description = "The VPC"
  value       = aws_vpc.platform.id
}

output "subnet_ids" {
  description = "Its private subnets"
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "route_table_ids" {
  description = "Route tables of the private subnets"
  value       = [aws_route_table.private.id]
}

output "studio_group_id" {
  description = "Security group of Studio apps"
  value       = aws_security_group.each["studio"].id
}

output "jobs_group_id" {
  description = "Security group of jobs"
  value       = aws_security_group.each["jobs"].id
}

output "functions_group_id" {
  description = "Security group of functions"
  value       = aws_security_group.each["functions"].id
}

output "endpoints_group_id" {
  description = "Security group of interface endpoints"
  value       = aws_security_group.each["endpoints"].id
}

output "topic_arn" {
  description = "The topic of alerts"
  value       = aws_sns_topic.alerts.arn
}
