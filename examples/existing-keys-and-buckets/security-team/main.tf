# What the security team has: three keys, a bucket for data, a bucket for Terraform's states. Written by hand; nothing
# here comes from the environment but the statements in policies/, which `sagekeep estate check` printed.

terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "vpc_id" {
  type        = string
  default     = "vpc-none-yet"
  description = "VPC that the data may be reached from: output vpc_id of the environment's stack network"
}

resource "aws_kms_key" "ml" {
  for_each = toset(["data", "logs", "studio"])

  description         = "Machine learning: ${each.key}"
  enable_key_rotation = true
  policy              = file("${path.module}/policies/${each.key}-key.json")
}

resource "aws_ssm_parameter" "key" {
  for_each = aws_kms_key.ml

  name        = "/security/ml/keys/${each.key}"
  description = "ARN of the key: ${each.key}"
  type        = "String"
  value       = each.value.arn
}

resource "aws_s3_bucket" "ml" {
  for_each = toset(["data", "states"])

  bucket        = "acme-security-ml-${each.key}"
  force_destroy = true # for trying it out
}

resource "aws_s3_bucket_versioning" "ml" {
  for_each = aws_s3_bucket.ml

  bucket = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "ml" {
  for_each = aws_s3_bucket.ml

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  bucket = aws_s3_bucket.ml["data"].id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.ml["data"].arn
    }
  }
}

resource "aws_s3_bucket_policy" "data" {
  bucket = aws_s3_bucket.ml["data"].id
  policy = templatefile("${path.module}/policies/data-bucket.json.tftpl", {
    data_key_arn = aws_kms_key.ml["data"].arn
    vpc_id       = var.vpc_id
  })
  depends_on = [aws_s3_bucket_public_access_block.ml]
}
