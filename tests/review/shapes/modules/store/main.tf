variable "name" {
  type = string
}

variable "versioned" {
  type = bool
}

resource "aws_s3_bucket" "this" {
  bucket        = "shapes-${var.name}"
  force_destroy = true
}

module "protection" {
  source = "./protection"

  bucket    = aws_s3_bucket.this.id
  arn       = aws_s3_bucket.this.arn
  versioned = var.versioned
}
