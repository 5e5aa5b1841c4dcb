# Secrets in every place where a plan may hold one.
variable "secret" {
  type      = string
  sensitive = true
  default   = "planted-secret-before"
}

resource "aws_ssm_parameter" "secret" {
  name  = "/shapes/secret"
  type  = "SecureString"
  value = var.secret
}

resource "aws_ssm_parameter" "open" {
  name  = "/shapes/open"
  type  = "String"
  value = nonsensitive(var.secret)
}

resource "aws_sqs_queue" "tagged" {
  name = "tagged"
  tags = { Note = var.secret }
}

resource "aws_iam_user" "user" {
  name = "shapes"
}

resource "aws_iam_user_policy" "policy" {
  name = "policy"
  user = aws_iam_user.user.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${var.secret}/*" }]
  })
}

resource "terraform_data" "holder" {
  input = { inside = [{ deep = var.secret }] }
}

output "secret" {
  value     = var.secret
  sensitive = true
}
