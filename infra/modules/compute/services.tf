locals {
  balanced = toset(["frontend", "backend"])

  # Two PgBouncers change one after the other: three at once would take more connections than the database has.
  # A lone one is replaced by a second, which fits.
  rollout = {
    for key, service in var.services : key => (
      key == "pgbouncer" && service.desired > 1 ? { least = 50, most = 100 } : { least = 100, most = 200 }
    )
  }
}

resource "aws_ecs_service" "this" {
  for_each = var.services

  name                               = each.key
  cluster                            = aws_ecs_cluster.this.arn
  task_definition                    = aws_ecs_task_definition.this[each.key].arn
  desired_count                      = each.value.desired
  deployment_minimum_healthy_percent = local.rollout[each.key].least
  deployment_maximum_percent         = local.rollout[each.key].most
  availability_zone_rebalancing      = local.rollout[each.key].most > 100 ? "ENABLED" : "DISABLED"
  health_check_grace_period_seconds  = contains(local.balanced, each.key) ? 60 : null
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  tags                               = merge(var.tags, { Service = each.key })

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = each.value.on_demand
    weight            = each.value.on_demand >= each.value.max ? 1 : 0
  }

  dynamic "capacity_provider_strategy" {
    for_each = each.value.on_demand < each.value.max ? [1] : []
    content {
      capacity_provider = "FARGATE_SPOT"
      weight            = 1
    }
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.private_subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = contains(local.balanced, each.key) ? [1] : []
    content {
      target_group_arn = var.target_group_arns[each.key]
      container_name   = each.key
      container_port   = local.tasks[each.key].port
    }
  }

  dynamic "service_registries" {
    for_each = each.key == "pgbouncer" ? [1] : []
    content {
      registry_arn = aws_service_discovery_service.pgbouncer.arn
    }
  }

  lifecycle {
    # Scaling owns the number of tasks, and a deployment the revision; a plan would take both back.
    ignore_changes = [desired_count, task_definition]

    precondition {
      condition     = local.server_connections <= var.database.max_connections
      error_message = "The pools do not fit the database: ${local.pgbouncers} PgBouncers x ${var.pools.max_db_connections} connections + ${var.pools.kept_free} kept free = ${local.server_connections}, and max_connections is ${var.database.max_connections}. Lower pools.max_db_connections or take a larger instance."
    }
    precondition {
      condition     = local.client_connections <= var.pools.max_client_conn
      error_message = "One PgBouncer must hold every client while the other is away: ${local.clients} processes x ${local.process_connections} connections = ${local.client_connections}, and pools.max_client_conn is ${var.pools.max_client_conn}. Lower pools.process_size or process_overflow, or the services' max."
    }
    precondition {
      condition     = var.services["worker"].memory >= 2 * local.parse_mb
      error_message = "A worker of ${var.services["worker"].memory} MB would be ended by a large document: reading one may take ${local.parse_mb} MB beside the worker itself. Set services.worker.memory to ${2 * local.parse_mb} or more."
    }
    precondition {
      condition     = var.pools.default_pool_size + var.pools.reserve_pool_size <= var.pools.max_db_connections
      error_message = "pools.max_db_connections (${var.pools.max_db_connections}) is below one role's pool and reserve (${var.pools.default_pool_size} + ${var.pools.reserve_pool_size}); raise it or lower the pool."
    }
  }

  # The first tasks need the right to pull and to read their parameters.
  depends_on = [aws_ecs_cluster_capacity_providers.this, aws_iam_role_policy.execution]
}

# docs/decisions/0030-one-pgbouncer-service.md has the sum.
locals {
  pgbouncers          = max(2, var.services["pgbouncer"].max)
  server_connections  = local.pgbouncers * var.pools.max_db_connections + var.pools.kept_free
  clients             = var.services["backend"].max + var.services["worker"].max
  process_connections = var.pools.process_size + var.pools.process_overflow
  client_connections  = local.clients * local.process_connections
}
