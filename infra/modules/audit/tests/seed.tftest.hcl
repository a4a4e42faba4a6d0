mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name             = "assay-production"
  logs_bucket      = { id = "assay-production-logs", arn = "arn:aws:s3:::assay-production-logs" }
  watched_buckets  = ["assay-production-logs", "assay-production-backups"]
  alerts_topic_arn = "arn:aws:sns:us-east-1:111122223333:alerts"
  logs_kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/logs"
}

run "every_call_is_on_record" {
  command = plan

  assert {
    condition     = aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.include_global_service_events && aws_cloudtrail.this.event_selector[0].include_management_events
    error_message = "CloudTrail records the calls of all regions."
  }
  assert {
    condition     = aws_cloudtrail.this.enable_log_file_validation && aws_cloudtrail.this.kms_key_id == var.logs_kms_key_arn
    error_message = "The trail cannot be changed unnoticed, and is encrypted."
  }
  assert {
    condition     = length(aws_cloudtrail.this.event_selector[0].data_resource) == 0
    error_message = "Reads of single files are an option, as each is billed."
  }
}

run "who_deletes_records_is_told_on" {
  command = apply

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.deleted.event_pattern).detail == { bucket = { name = ["assay-production-logs", "assay-production-backups"] }, reason = ["DeleteObject"] } && aws_cloudwatch_event_target.deleted.arn == var.alerts_topic_arn
    error_message = "A deletion by hand of logs or backups goes to the alarm topic."
  }
  assert {
    condition     = aws_cloudtrail.this.sns_topic_name == "assay-production-trail" && aws_sns_topic.trail.kms_master_key_id == var.logs_kms_key_arn
    error_message = "A collector of logs can hear of each new file of the trail."
  }
}

run "nothing_watched_is_refused" {
  command         = plan
  expect_failures = [var.watched_buckets]
  variables { watched_buckets = [] }
}

run "config_watches_what_is_promised" {
  command = plan

  assert {
    condition     = aws_config_configuration_recorder_status.this[0].is_enabled
    error_message = "Config records."
  }
  assert {
    condition = length(setsubtract([
      "ENCRYPTED_VOLUMES", "RDS_STORAGE_ENCRYPTED", "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "DB_INSTANCE_BACKUP_ENABLED", "S3_BUCKET_PUBLIC_READ_PROHIBITED",
      "S3_BUCKET_PUBLIC_WRITE_PROHIBITED", "S3_BUCKET_SSL_REQUESTS_ONLY", "INCOMING_SSH_DISABLED", "CLOUD_TRAIL_ENABLED", "CMK_BACKING_KEY_ROTATION_ENABLED",
      "IAM_ROOT_ACCESS_KEY_CHECK", "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK",
    ], [for rule in aws_config_config_rule.this : rule.source[0].source_identifier])) == 0
    error_message = "Rules watch over encryption, public access, backups, SSH, the trail, key rotation, the root's keys and HTTPS."
  }
  assert {
    condition     = aws_config_configuration_recorder.this[0].recording_group[0].all_supported && aws_config_configuration_recorder.this[0].recording_group[0].include_global_resource_types
    error_message = "Every kind of resource is recorded."
  }
}

run "guardduty_watches" {
  command = plan

  assert {
    condition     = aws_guardduty_detector.this[0].enable && aws_guardduty_detector.this[0].finding_publishing_frequency == "FIFTEEN_MINUTES"
    error_message = "GuardDuty watches, and tells within 15 minutes."
  }
  assert {
    condition     = aws_guardduty_detector_feature.this["S3_DATA_EVENTS"].status == "ENABLED"
    error_message = "It watches over the buckets too."
  }
}

run "a_second_environment_of_an_account_leaves_them_out" {
  command = plan
  variables { account_wide = false }

  assert {
    condition     = length(aws_guardduty_detector.this) == 0 && length(aws_config_configuration_recorder.this) == 0 && length(aws_config_config_rule.this) == 0
    error_message = "An account has one detector and one recorder."
  }
}

run "reads_of_documents_can_be_recorded" {
  command = plan
  variables { documents_bucket_arn = "arn:aws:s3:::documents" }

  assert {
    condition     = aws_cloudtrail.this.event_selector[0].data_resource[0].values == tolist(["arn:aws:s3:::documents/"])
    error_message = "The trail records each read of a document."
  }
}

run "an_unknown_protection_is_refused" {
  command         = plan
  expect_failures = [var.guardduty_features]
  variables { guardduty_features = ["EVERYTHING"] }
}
