mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name             = "assay-test-probe"
  description      = "Asks"
  package          = "../../lambdas/qdrant/probe.py" # any file that exists
  handler          = "probe.handler"
  logs_kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/logs"
  statements       = "[{\"Effect\":\"Allow\",\"Action\":\"ssm:GetParameter\",\"Resource\":\"arn:aws:ssm:us-east-1:111122223333:parameter/one\"}]"
}

run "a_function_runs_with_its_own_rights" {
  command = apply

  assert {
    condition     = aws_lambda_function.this.runtime == "python3.11"
    error_message = "Functions run on Python 3.11."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource != "*"]) && keys(aws_iam_role_policy_attachment.this) == ["traces"]
    error_message = "Nothing that it may do is open to every resource, but for traces."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 7 && aws_cloudwatch_log_group.this.kms_key_id == var.logs_kms_key_arn
    error_message = "Its log is kept for 7 days, encrypted."
  }
  assert {
    condition     = aws_lambda_function.this.dead_letter_config[0].target_arn == aws_sqs_queue.failed.arn && aws_sqs_queue.failed.message_retention_seconds == 1209600 && aws_sqs_queue.failed.kms_master_key_id == var.logs_kms_key_arn
    error_message = "What it gives up on waits for 14 days, encrypted."
  }
  assert {
    condition     = length(aws_cloudwatch_event_rule.schedule) == 0
    error_message = "Without a schedule it runs when it is called."
  }
}

run "a_schedule_may_call_it" {
  command = apply
  variables {
    schedule = "rate(1 minute)"
    vpc      = { subnet_ids = ["subnet-1"], security_group_id = "sg-lambda" }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.schedule[0].schedule_expression == "rate(1 minute)" && aws_lambda_permission.schedule[0].source_arn == aws_cloudwatch_event_rule.schedule[0].arn
    error_message = "Its own schedule may call it, and no other."
  }
  assert {
    condition     = aws_lambda_function.this.vpc_config[0].security_group_ids == toset(["sg-lambda"])
    error_message = "Inside the VPC it has the group of functions."
  }
}

run "a_missing_package_is_refused" {
  command         = plan
  expect_failures = [aws_lambda_function.this]
  variables { package = "../../build/lambdas/nothing.zip" }
}

run "an_unknown_schedule_is_refused" {
  command         = plan
  expect_failures = [var.schedule]
  variables { schedule = "every hour" }
}

run "an_hour_is_refused" {
  command         = plan
  expect_failures = [var.seconds]
  variables { seconds = 3600 }
}
