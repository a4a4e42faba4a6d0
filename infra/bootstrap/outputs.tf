output "backend" {
  description = "What goes into environments/<environment>/backend.hcl, but for the key."
  value       = { bucket = aws_s3_bucket.state.id, region = var.region, kms_key_id = aws_kms_key.state.arn }
}
