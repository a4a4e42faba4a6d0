# A quarter of the memory for the cache, three quarters for what the planner may expect of it and the system's together; of
# db.t3.medium's 4 GB these are 1 and 3 GB. Smaller instances would not start with the same figures.
locals {
  mib = local.memory_gib * 1024

  at_once = {
    work_mem                   = tostring(local.mib * 1024 / 256)       # kB: 16 MB of 4 GB
    maintenance_work_mem       = tostring(local.mib * 1024 / 16)        # kB: 256 MB
    effective_cache_size       = tostring(local.mib * 1024 * 3 / 4 / 8) # pages of 8 kB
    random_page_cost           = "1.1"
    effective_io_concurrency   = "200"
    log_min_duration_statement = tostring(var.slow_query_ms)
    log_lock_waits             = "1"
    log_statement              = "ddl"
    log_connections            = "1"
    log_disconnections         = "1"
    # Values of parameters hold text of tenants.
    log_parameter_max_length          = "0"
    log_parameter_max_length_on_error = "0"
    "rds.force_ssl"                   = "1"
  }
  # These wait for a restart.
  at_start = {
    shared_buffers           = tostring(local.mib * 1024 / 4 / 8) # pages of 8 kB
    max_connections          = tostring(var.max_connections)
    shared_preload_libraries = "pg_stat_statements"
  }
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres15"
  description = "PostgreSQL of ${var.name}"
  tags        = var.tags

  dynamic "parameter" {
    for_each = local.at_once
    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "immediate"
    }
  }

  dynamic "parameter" {
    for_each = local.at_start
    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = "pending-reboot"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
