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

locals {
  roles = [for name in keys(aws_iam_role.each) : name if contains(keys(local.asked), "existing.roles.${name}")]
  # As managed policies of a few statements each: IAM's 10,240 characters of inline policies would not hold Studio's.
  # A list holds one type only, and statements differ: they are texts.
  policies = merge([
    for role in local.roles : {
      for number, statements in concat(
        chunklist([for one in local.asked["existing.roles.${role}"] : jsonencode(one) if !can(one.NotAction)], 6),
        [for one in local.asked["existing.roles.${role}"] : [jsonencode(one)] if can(one.NotAction)],
      ) : "${role}-${number}" => { role = role, statements = join(",", statements) }
    }
  ]...)
}

resource "aws_iam_policy" "each" {
  for_each = local.policies

  name   = "others-${each.key}"
  policy = "{\"Version\":\"2012-10-17\",\"Statement\":[${each.value.statements}]}"
}

resource "aws_iam_role_policy_attachment" "each" {
  for_each = local.policies

  role       = aws_iam_role.each[each.value.role].name
  policy_arn = aws_iam_policy.each[each.key].arn
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
