mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name         = "assay-production"
  kms_key_arns = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
  distribution = { enabled = true, arn = "arn:aws:cloudfront::111122223333:distribution/ONE" }
}

run "buckets_are_closed_encrypted_and_versioned" {
  command = apply

  assert {
    condition     = toset(keys(output.buckets)) == toset(["documents", "assets", "backups", "artifacts", "logs"])
    error_message = "Documents, assets, backups, artifacts and logs have buckets of their own."
  }
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket_versioning.this : bucket.versioning_configuration[0].status == "Enabled"])
    error_message = "Every bucket keeps versions."
  }
  assert {
    condition = alltrue([
      for key in ["documents", "assets", "backups", "artifacts"] :
      one(aws_s3_bucket_server_side_encryption_configuration.this[key].rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arns["data"]
    ])
    error_message = "Everything but logs is encrypted with the key for data."
  }
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this["logs"].rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "Logs are encrypted with S3's own key: load balancers take no other."
  }
  assert {
    condition     = alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Nothing is public."
  }
  assert {
    condition     = alltrue([for policy in concat(values(aws_s3_bucket_policy.this), [aws_s3_bucket_policy.assets]) : jsondecode(policy.policy).Statement[0].Effect == "Deny" && jsondecode(policy.policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } }])
    error_message = "Requests without TLS are refused."
  }
  assert {
    condition     = toset(keys(aws_s3_bucket_logging.this)) == toset(["documents", "assets", "backups", "artifacts", "logs"]) && alltrue([for notification in aws_s3_bucket_notification.this : notification.eventbridge])
    error_message = "Who reads is logged, and EventBridge hears what happens, of every bucket."
  }
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy])
    error_message = "A bucket that holds something cannot be deleted."
  }
}

run "files_move_to_where_they_are_cheapest" {
  command = apply

  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this["documents"].rule :
      rule.status == "Enabled" && anytrue([for transition in rule.transition : transition.storage_class == "INTELLIGENT_TIERING" && transition.days == 0])
    ])
    error_message = "Documents lie in Intelligent-Tiering."
  }
  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this["documents"].rule : length(rule.expiration) == 0
    ])
    error_message = "A document that nobody deleted never expires."
  }
  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this["backups"].rule :
      rule.filter[0].prefix == "qdrant/" && anytrue([for expiration in rule.expiration : expiration.days == 30])
    ])
    error_message = "Snapshots of Qdrant are kept for 30 days."
  }
  assert {
    condition     = alltrue([for lifecycle in aws_s3_bucket_lifecycle_configuration.this : anytrue([for rule in lifecycle.rule : length(rule.abort_incomplete_multipart_upload) == 1])])
    error_message = "Fragments of uploads are cleared away."
  }
}

run "only_the_distribution_reads_assets" {
  command = apply

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.assets.policy).Statement : statement.Condition.StringEquals if statement.Effect == "Allow"
    ] == [{ "aws:SourceArn" = "arn:aws:cloudfront::111122223333:distribution/ONE" }]
    error_message = "CloudFront reads the assets, for this distribution alone."
  }
  assert {
    condition     = length([for statement in jsondecode(aws_s3_bucket_policy.this["documents"].policy).Statement : statement if statement.Effect == "Allow"]) == 0
    error_message = "The documents' bucket itself lets nobody in."
  }
}

run "logs_are_written_by_services_of_this_account" {
  command = apply

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_s3_bucket_policy.this["logs"].policy).Statement : statement.Principal.Service if statement.Effect == "Allow"
      ])) == toset([
      "logdelivery.elasticloadbalancing.amazonaws.com", "logging.s3.amazonaws.com", "cloudtrail.amazonaws.com", "config.amazonaws.com",
    ])
    error_message = "The load balancer, S3, CloudTrail and Config write logs, and nobody else."
  }
  assert {
    condition     = aws_s3_bucket_logging.this["documents"].target_prefix == "s3/documents/"
    error_message = "Requests to the documents' bucket are logged."
  }
}

run "without_cloudfront_assets_are_closed" {
  command = apply
  variables { distribution = { enabled = false } }

  assert {
    condition     = length(jsondecode(aws_s3_bucket_policy.assets.policy).Statement) == 1
    error_message = "Without CloudFront nobody reads the assets."
  }
}

run "development_leaves_nothing" {
  command = plan
  variables { protected = false }

  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : bucket.force_destroy])
    error_message = "Without protection destroy empties the buckets."
  }
}

run "a_period_of_no_days_is_refused" {
  command         = plan
  expect_failures = [var.days]
  variables { days = { backups = 0 } }
}

run "a_name_that_no_bucket_may_have_is_refused" {
  command         = plan
  expect_failures = [var.name]
  variables { name = "Assay" }
}
