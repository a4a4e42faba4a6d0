# The rest (bucket, kms_key_id) is the output of bootstrap, given by -backend-config.
key          = "development/terraform.tfstate"
region       = "us-east-1"
encrypt      = true
use_lockfile = true
