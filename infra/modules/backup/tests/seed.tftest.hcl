mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name             = "assay-production"
  kms_key_arns     = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
  database_arn     = "arn:aws:rds:us-east-1:111122223333:db:assay-production"
  buckets          = { documents = { id = "documents", arn = "arn:aws:s3:::documents" }, backups = { id = "backups", arn = "arn:aws:s3:::backups" } }
  alerts_topic_arn = "arn:aws:sns:us-east-1:111122223333:alerts"
  vpc              = { subnet_ids = ["subnet-1"], security_group_id = "sg-lambda" }
  qdrant = {
    urls              = ["http://node-0.qdrant.assay-production.internal:6333"]
    api_key_parameter = { name = "/assay/production/qdrant-api-key", arn = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/production/qdrant-api-key" }
  }
}

run "the_database_has_a_snapshot_a_week_for_30_days" {
  command = apply

  assert {
    condition     = one(aws_backup_plan.weekly.rule).schedule == "cron(0 5 ? * SUN *)" && one(one(aws_backup_plan.weekly.rule).lifecycle).delete_after == 30
    error_message = "A snapshot is taken every Sunday and kept for 30 days."
  }
  assert {
    condition     = aws_backup_selection.weekly.resources == toset([var.database_arn])
    error_message = "It is the database's."
  }
  assert {
    condition     = aws_backup_vault.this.kms_key_arn == var.kms_key_arns["data"] && contains(jsondecode(aws_cloudwatch_event_rule.failed.event_pattern).detail.state, "FAILED") && aws_cloudwatch_event_target.failed.arn == var.alerts_topic_arn
    error_message = "The vault is encrypted, and a backup that fails is told."
  }
}

run "qdrant_loses_no_more_than_4_hours" {
  command = apply

  assert {
    condition     = var.qdrant_hours < 4 && one([for alarm in [aws_cloudwatch_metric_alarm.snapshots["missing"]] : alarm.evaluation_periods * alarm.period]) <= 4 * 3600
    error_message = "Snapshots are taken more often than every 4 hours, and their absence is told by then."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.snapshots["failed"].threshold == 0 && aws_cloudwatch_metric_alarm.snapshots["failed"].alarm_actions == toset([var.alerts_topic_arn])
    error_message = "A snapshot that fails is told."
  }
}

run "copies_in_another_region_are_an_option" {
  command = apply

  assert {
    condition     = length(aws_s3_bucket_replication_configuration.this) == 0 && length(one(aws_backup_plan.weekly.rule).copy_action) == 0
    error_message = "Without cross_region nothing leaves the region."
  }
}

run "one_variable_copies_database_and_buckets" {
  command = apply
  variables {
    cross_region = true
    copies = {
      region      = "us-west-2"
      vault_arn   = "arn:aws:backup:us-west-2:111122223333:backup-vault:copies"
      kms_key_arn = "arn:aws:kms:us-west-2:111122223333:key/copies"
      bucket_arns = { documents = "arn:aws:s3:::documents-copy", backups = "arn:aws:s3:::backups-copy" }
    }
  }

  assert {
    condition     = one(one(aws_backup_plan.weekly.rule).copy_action).destination_vault_arn == var.copies.vault_arn
    error_message = "The weekly snapshots are copied."
  }
  assert {
    condition     = { for key, configuration in aws_s3_bucket_replication_configuration.this : key => configuration.rule[0].destination[0].bucket } == { documents = "arn:aws:s3:::documents-copy", backups = "arn:aws:s3:::backups-copy" }
    error_message = "Documents and Qdrant's snapshots are copied."
  }
  assert {
    condition     = alltrue([for configuration in aws_s3_bucket_replication_configuration.this : configuration.rule[0].delete_marker_replication[0].status == "Disabled"])
    error_message = "A deletion is not copied."
  }
}

run "a_copy_in_the_same_region_is_refused" {
  command         = plan
  expect_failures = [aws_backup_plan.weekly]
  variables {
    cross_region = true
    copies       = { region = "us-east-1", vault_arn = "arn:aws:backup:us-east-1:111122223333:backup-vault:copies", kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/copies", bucket_arns = { documents = "arn:aws:s3:::d", backups = "arn:aws:s3:::b" } }
  }
}

run "copies_without_a_place_are_refused" {
  command         = plan
  expect_failures = [var.copies]
  variables { cross_region = true }
}

run "snapshots_once_a_day_are_refused" {
  command         = plan
  expect_failures = [var.qdrant_hours]
  variables { qdrant_hours = 24 }
}
