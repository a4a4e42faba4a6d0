mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name         = "assay-production"
  database_arn = "arn:aws:rds:us-east-1:111122223333:db:assay-production"
}

run "copies_are_kept_closed_and_encrypted" {
  command = apply

  assert {
    condition     = aws_db_instance_automated_backups_replication.this.source_db_instance_arn == var.database_arn && aws_db_instance_automated_backups_replication.this.retention_period == 7
    error_message = "The database can be restored to any second of 7 days in the other region."
  }
  assert {
    condition     = toset(keys(output.copies.bucket_arns)) == toset(["documents", "backups"])
    error_message = "Documents and Qdrant's snapshots have their place."
  }
  assert {
    condition     = alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Nothing is public."
  }
  assert {
    condition     = alltrue([for encryption in aws_s3_bucket_server_side_encryption_configuration.this : one(encryption.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == aws_kms_key.this.arn]) && aws_kms_key.this.enable_key_rotation && aws_backup_vault.this.kms_key_arn == aws_kms_key.this.arn
    error_message = "Everything is encrypted with a key of this region, which rotates."
  }
  assert {
    condition     = alltrue([for versioning in aws_s3_bucket_versioning.this : versioning.versioning_configuration[0].status == "Enabled"])
    error_message = "Copies keep versions."
  }
  assert {
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.this["backups"].rule : anytrue([for expiration in rule.expiration : expiration.days == 30])]) && alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this["documents"].rule : length(rule.expiration) == 0])
    error_message = "Copies of snapshots end after 30 days, copies of documents do not."
  }
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy]) && !aws_backup_vault.this.force_destroy
    error_message = "What holds copies cannot be deleted."
  }
}

run "no_days_are_refused" {
  command         = plan
  expect_failures = [var.database_days]
  variables { database_days = 0 }
}
