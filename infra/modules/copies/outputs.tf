output "copies" {
  description = "Where the copies go, for the module backup."
  value = {
    region      = data.aws_region.current.name
    vault_arn   = aws_backup_vault.this.arn
    kms_key_arn = aws_kms_key.this.arn
    bucket_arns = { for key, bucket in aws_s3_bucket.this : key => bucket.arn }
  }
  # Replication is refused to a bucket that keeps no versions.
  depends_on = [aws_s3_bucket_versioning.this]
}
