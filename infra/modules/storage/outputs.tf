output "buckets" {
  description = "Buckets: documents, assets, backups, artifacts, logs."
  value = {
    for key, bucket in aws_s3_bucket.this : key => {
      id          = bucket.id
      arn         = bucket.arn
      domain_name = bucket.bucket_regional_domain_name
    }
  }
  # Who writes logs is refused until the policy stands.
  depends_on = [aws_s3_bucket_policy.this]
}
