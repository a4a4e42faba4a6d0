mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name              = "assay-production"
  subnet_ids        = ["subnet-1", "subnet-2"]
  security_group_id = "sg-rds"
  kms_key_arns      = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
}

run "the_instance_is_as_the_design_says" {
  command = plan

  assert {
    condition     = aws_db_instance.this.engine == "postgres" && aws_db_instance.this.engine_version == "15"
    error_message = "The database is PostgreSQL 15."
  }
  assert {
    condition     = aws_db_instance.this.instance_class == "db.t3.medium"
    error_message = "The instance is a db.t3.medium."
  }
  assert {
    condition     = aws_db_instance.this.allocated_storage == 100 && aws_db_instance.this.storage_type == "gp3"
    error_message = "It has 100 GB of gp3."
  }
  assert {
    condition     = !aws_db_instance.this.multi_az
    error_message = "It stands in one zone unless asked otherwise."
  }
  assert {
    condition     = aws_db_instance.this.backup_retention_period == 7
    error_message = "It can be restored to any second of 7 days."
  }
  assert {
    condition     = aws_db_instance.this.maintenance_window == "sun:03:00-sun:04:00"
    error_message = "Maintenance is on Sundays from 03:00 to 04:00 UTC."
  }
  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arns["data"]
    error_message = "It is encrypted with the key for data."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.vpc_security_group_ids == toset(["sg-rds"])
    error_message = "Only its own security group leads to it."
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "Its password is made by AWS and never in the state."
  }
  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "It is protected from deletion, and leaves a last snapshot."
  }
  assert {
    condition     = aws_db_instance.this.enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade"])
    error_message = "Its query log goes to CloudWatch."
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 7 && group.kms_key_id == var.kms_key_arns["logs"]])
    error_message = "Its logs are kept for 7 days, encrypted."
  }
}

run "the_parameters_are_the_designs" {
  command = plan

  assert {
    condition     = aws_db_parameter_group.this.family == "postgres15"
    error_message = "The parameters are those of PostgreSQL 15."
  }
  assert {
    condition = {
      for parameter in aws_db_parameter_group.this.parameter : parameter.name => parameter.value
      if contains(["shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem", "max_connections", "random_page_cost", "effective_io_concurrency"], parameter.name)
      } == {
      shared_buffers           = "131072" # pages of 8 kB: 1 GB
      effective_cache_size     = "393216" # pages of 8 kB: 3 GB
      work_mem                 = "16384"  # kB: 16 MB
      maintenance_work_mem     = "262144" # kB: 256 MB
      max_connections          = "100"
      random_page_cost         = "1.1"
      effective_io_concurrency = "200"
    }
    error_message = "PostgreSQL has 1 GB shared buffers, 3 GB effective cache, 16 MB work memory, 256 MB maintenance memory, 100 connections, page cost 1.1 and I/O concurrency 200."
  }
  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "Connections without TLS are refused."
  }
  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "log_min_duration_statement=500")
    error_message = "Statements above 500 ms are logged."
  }
  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "log_parameter_max_length=0")
    error_message = "Values of statements, which hold tenants' text, are not logged."
  }
}

run "a_small_instance_gets_small_memory" {
  command = plan
  variables { instance_class = "db.t3.micro" }

  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "shared_buffers=32768")
    error_message = "A db.t3.micro has 256 MB of shared buffers: 1 GB would be all it has."
  }
}

run "one_variable_adds_a_standby" {
  command = plan
  variables { multi_az = true }

  assert {
    condition     = aws_db_instance.this.multi_az
    error_message = "multi_az puts a standby into the other zone."
  }
}

run "development_can_be_deleted" {
  command = plan
  variables { protected = false }

  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot
    error_message = "Without protection destroy leaves nothing."
  }
}

run "an_unknown_class_is_refused" {
  command         = plan
  expect_failures = [var.instance_class]
  variables { instance_class = "db.t3.enormous" }
}

run "no_backups_are_refused" {
  command         = plan
  expect_failures = [var.backup_days]
  variables { backup_days = 0 }
}

run "another_major_version_is_refused" {
  command         = plan
  expect_failures = [var.engine_version]
  variables { engine_version = "16" }
}

run "one_zone_is_refused" {
  command         = plan
  expect_failures = [var.subnet_ids]
  variables { subnet_ids = ["subnet-1"] }
}
