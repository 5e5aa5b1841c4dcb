# Written by hand: a root of an estate that is in HCL. What ./modules holds is exported from research.toml.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The backend is the root's; the modules have none.
  # backend "s3" {
  #   bucket       = "acme-terraform-states"
  #   key          = "research/terraform.tfstate"
  #   region       = "us-east-1"
  #   kms_key_id   = "arn:aws:kms:us-east-1:123456789012:key/..."
  #   use_lockfile = true
  # }
}

provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = ["123456789012"]

  default_tags {
    tags = { CostCenter = "4711" } # on everything, beside the tags that the modules give
  }
}

variable "state_key_arn" {
  type        = string
  description = "Key that encrypts the state of this root"
}

module "ml" {
  source = "./modules"

  state_key_arn = var.state_key_arn # its use is watched
  tags          = { Owner = "research" }
}

# Outputs are there for whatever else the root makes. This one lets a service of the estate reach the model.
resource "aws_iam_policy" "ask_the_model" {
  name        = "research-ml-ask-the-model"
  description = "Asks the endpoint of the research pipeline"
  policy      = data.aws_iam_policy_document.ask_the_model.json
}

data "aws_iam_policy_document" "ask_the_model" {
  statement {
    sid       = "AskTheModel"
    actions   = ["sagemaker:InvokeEndpoint"]
    resources = ["arn:aws:sagemaker:us-east-1:123456789012:endpoint/${module.ml.endpoint_name}"]
  }
}

output "domain_url" {
  description = "Where Studio is opened"
  value       = module.ml.domain_url
}
