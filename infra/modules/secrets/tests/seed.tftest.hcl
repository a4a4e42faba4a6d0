mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name           = "assay-production"
  environment    = "production"
  openai_api_key = ""
}

run "keys_rotate" {
  command = plan

  assert {
    condition     = toset(keys(aws_kms_key.this)) == toset(["data", "logs", "secrets"])
    error_message = "Data, logs and secrets have keys of their own."
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "Every key rotates, and takes 30 days to delete."
  }
  assert {
    condition = alltrue(flatten([
      for key in aws_kms_key.this : [
        for statement in jsondecode(key.policy).Statement : try(statement.Principal.AWS, "") != "*" && (statement.Sid == "AccountAdministers" || can(statement.Condition))
      ]
    ]))
    error_message = "No key is open to everybody, and services use keys for this account only."
  }
}

run "secrets_are_encrypted_and_not_in_the_state" {
  command = apply

  assert {
    condition = toset([for parameter in aws_ssm_parameter.generated : parameter.name]) == toset([
      "/assay/production/secret-key", "/assay/production/postgres-app-password",
      "/assay/production/postgres-worker-password", "/assay/production/qdrant-api-key",
    ])
    error_message = "Each secret has its parameter under the environment's path."
  }
  assert {
    condition     = alltrue([for parameter in aws_ssm_parameter.generated : parameter.type == "SecureString" && parameter.key_id == aws_kms_key.this["secrets"].arn])
    error_message = "Secrets are encrypted with the key for secrets."
  }
  assert {
    condition     = alltrue([for parameter in aws_ssm_parameter.generated : parameter.value_wo_version == 1])
    error_message = "Secrets are written by write-only arguments."
  }
  assert {
    condition     = length(aws_ssm_parameter.openai) == 0
    error_message = "Without a key of the model's API there is no parameter for it."
  }
}

run "a_new_generation_rotates" {
  command = plan

  variables {
    generation            = 2
    openai_key_generation = 1
    openai_api_key        = "sk-test"
  }

  assert {
    condition     = alltrue([for parameter in aws_ssm_parameter.generated : parameter.value_wo_version == 2])
    error_message = "A new generation writes new values."
  }
  assert {
    condition     = aws_ssm_parameter.openai[0].type == "SecureString"
    error_message = "The key of the model's API is a secret."
  }
}

run "an_unknown_environment_is_refused" {
  command         = plan
  expect_failures = [var.environment]
  variables { environment = "qa" }
}

run "a_generation_of_zero_is_refused" {
  command         = plan
  expect_failures = [var.generation]
  variables { generation = 0 }
}
