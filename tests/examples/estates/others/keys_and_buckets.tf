# The security team's: keys that the account's IAM decides about, and buckets. What services need besides, they ask for.

resource "aws_kms_key" "each" {
  for_each = toset(["data", "logs", "studio", "state"])

  description         = "Machine learning: ${each.key}"
  enable_key_rotation = true
  tags                = { Use = "ml-${each.key}" }
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "ThroughIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      }],
      lookup(local.asked, "existing.keys.${each.key}", []),
    )
  })
}

resource "aws_s3_bucket" "each" {
  for_each = toset(["data", "logs", "states", "platform"])

  bucket = "others-${each.key}"
  tags   = { Use = "ml-${each.key}" }
}

resource "aws_s3_bucket_versioning" "each" {
  for_each = aws_s3_bucket.each

  bucket = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "each" {
  for_each = aws_s3_bucket.each

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "each" {
  for_each = aws_s3_bucket.each

  bucket = each.value.id
  rule {
    bucket_key_enabled = each.key == "data"
    apply_server_side_encryption_by_default {
      sse_algorithm     = each.key == "data" ? "aws:kms" : "AES256"
      kms_master_key_id = each.key == "data" ? aws_kms_key.each["data"].arn : null
    }
  }
}

resource "aws_s3_bucket_policy" "each" {
  for_each = {
    for name, key in { data = "existing.data_bucket", logs = "existing.access_log_bucket" } : name => local.asked[key]
    if contains(keys(local.asked), key)
  }

  bucket     = aws_s3_bucket.each[each.key].id
  policy     = jsonencode({ Version = "2012-10-17", Statement = each.value })
  depends_on = [aws_s3_bucket_public_access_block.each]
}

# What was there before anybody came.
resource "aws_s3_object" "theirs" {
  for_each = aws_s3_bucket.each

  bucket     = each.value.id
  key        = "theirs/${each.key}.txt"
  content    = "This is ours: ${each.key}"
  depends_on = [aws_s3_bucket_versioning.each, aws_s3_bucket_server_side_encryption_configuration.each]
}
