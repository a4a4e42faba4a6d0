locals {
  parse_mb       = 1024 # what reading one document may take, in a process of its own
  pgbouncer_name = "pgbouncer.${aws_service_discovery_private_dns_namespace.this.name}"

  configuration = merge({
    ASSAY_MODE          = "services"
    ENVIRONMENT         = var.environment
    METRICS_EMF         = "true"
    AWS_REGION          = data.aws_region.current.name
    HOST                = "0.0.0.0"
    PORT                = "8000"
    POSTGRES_HOST       = local.pgbouncer_name
    POSTGRES_PORT       = "6432"
    POSTGRES_DB         = var.database.name
    DB_POOL_SIZE        = tostring(var.pools.process_size)
    DB_MAX_OVERFLOW     = tostring(var.pools.process_overflow)
    DB_POOL_TIMEOUT     = tostring(var.pools.timeout)
    DB_POOL_RECYCLE     = tostring(var.pools.recycle)
    JOBS_LISTEN         = "false" # LISTEN does not pass PgBouncer's transaction mode
    REDIS_HOST          = var.redis.host
    REDIS_READER_HOST   = var.redis.reader_host
    REDIS_PORT          = tostring(var.redis.port)
    REDIS_TLS           = "true"
    QDRANT_HOST         = var.qdrant_host
    QDRANT_KEY_IN_CLEAR = "true" # inside the private subnets
    S3_BUCKET           = var.documents_bucket.id
    API_PROCESSES       = tostring(var.services["backend"].desired)
    SHUTDOWN_SECONDS    = "60"
  }, var.settings)

  configured = { for name, parameter in aws_ssm_parameter.configuration : name => parameter.arn }
  # The values lie outside the task definition, so a change of one must make a new revision.
  revision = { CONFIGURATION_REVISION = substr(sha256(jsonencode(local.configuration)), 0, 12) }

  application_secrets = merge(
    local.configured,
    {
      ASSAY_SECRET_KEY = var.parameter_arns["secret-key"]
      REDIS_PASSWORD   = var.redis.token_parameter
      QDRANT_API_KEY   = var.parameter_arns["qdrant-api-key"]
    },
    contains(keys(var.parameter_arns), "openai-api-key") ? { OPENAI_API_KEY = var.parameter_arns["openai-api-key"] } : {},
  )
  role_passwords = {
    POSTGRES_APP_PASSWORD    = var.parameter_arns["postgres-app-password"]
    POSTGRES_WORKER_PASSWORD = var.parameter_arns["postgres-worker-password"]
  }

  python_health = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"

  tasks = {
    frontend = {
      image   = var.images.frontend
      command = null
      port    = 3000
      health  = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/health"]
      stop    = 30
      values  = {}
      secrets = {}
    }
    backend = {
      image   = var.images.backend
      command = ["serve"]
      port    = 8000
      health  = ["CMD", "python", "-c", local.python_health]
      stop    = 90
      values  = merge(local.revision, { POSTGRES_USER = "assay_app" })
      secrets = merge(local.application_secrets, { POSTGRES_PASSWORD = var.parameter_arns["postgres-app-password"] })
    }
    worker = {
      image   = var.images.backend
      command = ["worker"]
      port    = null
      health  = null
      stop    = 120
      values  = merge(local.revision, { POSTGRES_USER = "assay_worker", PARSE_MEMORY = tostring(local.parse_mb * 1024 * 1024) })
      secrets = merge(local.application_secrets, { POSTGRES_PASSWORD = var.parameter_arns["postgres-worker-password"] })
    }
    pgbouncer = {
      image   = var.images.pgbouncer
      command = null
      port    = 6432
      health  = ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/6432"]
      stop    = 120
      values = {
        POSTGRES_HOST       = var.database.host
        POSTGRES_PORT       = tostring(var.database.port)
        POSTGRES_DB         = var.database.name
        SERVER_TLS_SSLMODE  = "require"
        MAX_CLIENT_CONN     = tostring(var.pools.max_client_conn)
        DEFAULT_POOL_SIZE   = tostring(var.pools.default_pool_size)
        RESERVE_POOL_SIZE   = tostring(var.pools.reserve_pool_size)
        MAX_DB_CONNECTIONS  = tostring(var.pools.max_db_connections)
        QUERY_WAIT_TIMEOUT  = tostring(var.pools.query_wait_timeout)
        SERVER_IDLE_TIMEOUT = tostring(var.pools.server_idle_timeout)
      }
      secrets = local.role_passwords
    }
    # Run once a deployment, straight at the database, before the services change.
    migrate = {
      image   = var.images.backend
      command = ["migrate"]
      port    = null
      health  = null
      stop    = 120
      values = merge(local.revision, {
        POSTGRES_HOST       = var.database.host
        POSTGRES_PORT       = tostring(var.database.port)
        POSTGRES_OWNER_USER = var.database.owner
      })
      secrets = merge(
        { for name, arn in local.configured : name => arn if !contains(["POSTGRES_HOST", "POSTGRES_PORT"], name) },
        local.role_passwords,
        { POSTGRES_OWNER_PASSWORD = "${var.database.owner_secret_arn}:password::" },
      )
    }
  }
  sizes = merge(var.services, { migrate = var.services["backend"] })
}

# Hosts and sizes are no secrets, but who may read the one kind under a path asks for the other.
resource "aws_ssm_parameter" "configuration" {
  for_each = local.configuration

  name   = "${var.parameter_prefix}/configuration/${each.key}"
  type   = "SecureString"
  key_id = var.kms_key_arns["secrets"]
  value  = each.value
  tags   = var.tags
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.tasks

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = local.sizes[each.key].cpu
  memory                   = local.sizes[each.key].memory
  execution_role_arn       = aws_iam_role.execution[each.key].arn
  task_role_arn            = aws_iam_role.task[each.key].arn
  skip_destroy             = false
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([{
    for key, value in {
      name                   = each.key
      image                  = each.value.image
      essential              = true
      command                = each.value.command
      readonlyRootFilesystem = true
      stopTimeout            = each.value.stop
      linuxParameters        = { initProcessEnabled = true }
      mountPoints            = [{ sourceVolume = "scratch", containerPath = "/tmp", readOnly = false }]
      portMappings           = each.value.port == null ? [] : [{ containerPort = each.value.port, hostPort = each.value.port, protocol = "tcp" }]
      healthCheck            = each.value.health == null ? null : { command = each.value.health, interval = 15, timeout = 5, retries = 3, startPeriod = 60 }
      environment            = [for name, text in each.value.values : { name = name, value = text }]
      secrets                = [for name, arn in each.value.secrets : { name = name, valueFrom = arn }]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = var.log_group_names[each.key]
          awslogs-region        = data.aws_region.current.name
          awslogs-stream-prefix = each.key
          mode                  = "non-blocking"
          max-buffer-size       = "4m"
        }
      }
    } : key => value if value != null
  }])
}
