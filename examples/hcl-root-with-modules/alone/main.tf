# Written by hand: modules called one by one. This root takes the keys and Studio; the network is the estate's own.

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
  region              = "us-east-1"
  allowed_account_ids = ["123456789012"]
}

variable "vpc_id" {
  type        = string
  description = "A VPC without a way to the internet, with endpoints for what Studio calls"
}

variable "subnet_ids" {
  type        = list(string)
  description = "Its subnets"
}

variable "security_group_ids" {
  type        = object({ studio = string, jobs = string })
  description = "Groups for Studio's apps, and for jobs started in them"
}

module "keys" {
  source = "../modules/keys"
}

module "studio" {
  source = "../modules/studio"

  data_key_arn             = module.keys.data_key_arn
  jobs_security_group_id   = var.security_group_ids.jobs
  logs_key_arn             = module.keys.logs_key_arn
  studio_key_arn           = module.keys.studio_key_arn
  studio_security_group_id = var.security_group_ids.studio
  subnet_ids               = var.subnet_ids
  vpc_id                   = var.vpc_id
}
