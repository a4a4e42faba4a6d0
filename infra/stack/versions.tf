terraform {
  required_version = "~> 1.11"

  # Where the state lies is given by environments/<environment>/backend.hcl.
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
