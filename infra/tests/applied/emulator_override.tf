# Copied beside the stack for an apply to the emulator. Terraform merges it over main.tf and versions.tf.
# Every difference to a real apply is here, in example.tfvars and in workspace.py.

terraform {
  backend "local" {}
}

# An unknown call answers 500; with the provider's own 25 retries it would look like a stage that hangs.
provider "aws" {
  max_retries                 = 2
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

provider "aws" {
  alias                       = "copies"
  max_retries                 = 2
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
