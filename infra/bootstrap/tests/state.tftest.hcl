mock_provider "aws" {
  source = "../tests/mocks"
}

run "the_state_is_safe" {
  command = plan

  assert {
    condition     = aws_s3_bucket.state.bucket == "assay-state-111122223333-us-east-1"
    error_message = "The bucket's name holds the account and the region: names are the world's."
  }
  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
    error_message = "An older state can be had back."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" && aws_kms_key.state.enable_key_rotation
    error_message = "The state is encrypted with a key that rotates."
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.state.block_public_policy && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    error_message = "The state is not public."
  }
}
