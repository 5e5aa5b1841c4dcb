# Queues and log groups by for_each, a value that is made anew.
variable "names" {
  type    = set(string)
  default = ["orders", "customers"]
}

variable "retention" {
  type    = number
  default = 30
}

resource "aws_sqs_queue" "events" {
  for_each = var.names
  name     = each.key
}

resource "aws_cloudwatch_log_group" "events" {
  for_each          = var.names
  name              = "/platform/${each.key}"
  retention_in_days = var.retention
}

resource "aws_sns_topic" "news" {
  name = "news"
}

resource "terraform_data" "marker" {
  input            = var.retention
  triggers_replace = [var.retention]
}
