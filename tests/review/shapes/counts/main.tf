# Queues by count, a policy as a JSON string.
variable "queues" {
  type    = number
  default = 3
}

variable "readers" {
  type    = list(string)
  default = ["arn:aws:sqs:us-east-1:123456789012:work-0"]
}

variable "results" {
  type    = string
  default = "results"
}

resource "aws_sqs_queue" "work" {
  count = var.queues
  name  = "work-${count.index}"
}

resource "aws_sqs_queue" "results" {
  name = var.results
}

resource "aws_iam_user" "worker" {
  name = "worker"
}

resource "aws_iam_user_policy" "worker" {
  name = "worker"
  user = aws_iam_user.worker.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect   = "Allow"
      Action   = "sqs:ReceiveMessage"
      Resource = var.readers
    }
  })
}
