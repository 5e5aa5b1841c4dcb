# The platform team's: a topic, roles and a Studio domain.

locals {
  services = {
    job              = "sagemaker"
    pipeline         = "sagemaker"
    studio           = "sagemaker"
    flow-logs        = "vpc-flow-logs"
    pipeline-manager = "lambda"
    pipeline-reader  = "lambda"
    data-seed        = "lambda"
    job-sweeper      = "lambda"
    studio-sweeper   = "lambda"
    domain           = "sagemaker"
  }
}

resource "aws_sns_topic" "alerts" {
  name              = "others-alerts"
  kms_master_key_id = aws_kms_key.each["logs"].arn
  tags              = { Use = "ml-alerts" }
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "TheAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${local.account}:root" }
        Action    = ["sns:GetTopicAttributes", "sns:Publish", "sns:SetTopicAttributes", "sns:Subscribe"]
        Resource  = aws_sns_topic.alerts.arn
      }],
      lookup(local.asked, "existing.topic", []),
    )
  })
}

resource "aws_iam_role" "each" {
  for_each = local.services

  name = "others-${each.key}"
  path = "/ml/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "${each.value}.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "each" {
  for_each = { for name, role in aws_iam_role.each : name => role if contains(keys(local.asked), "existing.roles.${name}") }

  name   = "work"
  role   = each.value.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.asked["existing.roles.${each.key}"] })
}

resource "aws_sagemaker_domain" "studio" {
  domain_name             = "others"
  auth_mode               = "IAM"
  app_network_access_type = "VpcOnly"
  vpc_id                  = aws_vpc.platform.id
  subnet_ids              = [for subnet in aws_subnet.private : subnet.id]
  kms_key_id              = aws_kms_key.each["studio"].arn
  tags                    = { Use = "ml-studio" }

  default_user_settings {
    execution_role  = aws_iam_role.each["domain"].arn
    security_groups = [aws_security_group.each["studio"].id]
  }
}
