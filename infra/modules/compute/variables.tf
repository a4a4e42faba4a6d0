variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string
}

variable "environment" {
  description = "development, staging or production: a dimension of the application's metrics."
  type        = string
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "The VPC of the private names."
  type        = string
}

variable "private_subnet_ids" {
  description = "Subnets of the tasks, one a zone."
  type        = list(string)
}

variable "security_group_id" {
  description = "Group of every task."
  type        = string
}

variable "target_group_arns" {
  description = "Target groups of the load balancer: frontend, backend."
  type        = map(string)
}

variable "images" {
  description = "Images with tag or digest, and the repositories that they come from."
  type = object({
    backend         = string
    frontend        = string
    pgbouncer       = string
    repository_arns = list(string)
  })

  validation {
    condition     = alltrue([for image in [var.images.backend, var.images.frontend, var.images.pgbouncer] : can(regex("(:[\\w.-]+|@sha256:[0-9a-f]{64})$", image)) && !endswith(image, ":latest")])
    error_message = "Every image in images needs a tag or digest of its own; latest would deploy whatever was pushed last."
  }
}

variable "architecture" {
  description = "Processor of the tasks: X86_64 or ARM64. ARM costs a fifth less; the images are built for both."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "architecture is X86_64 or ARM64."
  }
}

variable "services" {
  description = "Size of a task in CPU units and MB, how many run (desired, and min to max where they scale), and how many of these are on demand; the rest is on Spot."
  type = map(object({
    cpu       = number
    memory    = number
    desired   = number
    min       = number
    max       = number
    on_demand = number
  }))
  default = {
    frontend  = { cpu = 256, memory = 512, desired = 2, min = 2, max = 4, on_demand = 1 }
    backend   = { cpu = 512, memory = 1024, desired = 3, min = 3, max = 6, on_demand = 2 }
    worker    = { cpu = 512, memory = 2048, desired = 1, min = 1, max = 2, on_demand = 0 }
    pgbouncer = { cpu = 256, memory = 512, desired = 2, min = 2, max = 2, on_demand = 2 }
  }

  validation {
    condition     = toset(keys(var.services)) == toset(["backend", "frontend", "pgbouncer", "worker"])
    error_message = "services needs frontend, backend, worker and pgbouncer, and nothing else."
  }

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
  validation {
    condition = alltrue([
      for service in var.services : contains(lookup({
        "256"  = [512, 1024, 2048]
        "512"  = range(1024, 4096 + 1, 1024)
        "1024" = range(2048, 8192 + 1, 1024)
        "2048" = range(4096, 16384 + 1, 1024)
        "4096" = range(8192, 30720 + 1, 1024)
      }, tostring(service.cpu), []), service.memory)
    ])
    error_message = "Fargate has no task of such a size. CPU 256 takes 512, 1024 or 2048 MB; 512 takes 1024 to 4096; 1024 takes 2048 to 8192; 2048 takes 4096 to 16384; 4096 takes 8192 to 30720, in steps of 1024."
  }

  validation {
    condition     = alltrue([for service in var.services : service.min >= 1 && service.min <= service.desired && service.desired <= service.max && service.on_demand <= service.max])
    error_message = "Each service needs 1 <= min <= desired <= max, and no more tasks on demand than max."
  }
}

variable "scaling" {
  description = "none keeps the desired number; limited follows processor and memory; full follows connections, response time and the clock too."
  type        = string
  default     = "full"

  validation {
    condition     = contains(["none", "limited", "full"], var.scaling)
    error_message = "scaling is none, limited or full."
  }
}

variable "thresholds" {
  description = "When services grow and shrink. Percent of CPU and memory; open connections of one task; milliseconds that 95 of 100 requests stay below; seconds between two steps."
  type = object({
    frontend_cpu       = optional(number, 70)
    backend_cpu        = optional(number, 60)
    backend_memory     = optional(number, 70)
    active_connections = optional(number, 80)
    response_ms        = optional(number, 200)
    out_cpu            = optional(number, 70)
    out_memory         = optional(number, 80)
    in_cpu             = optional(number, 30)
    in_memory          = optional(number, 50)
    cooldown           = optional(number, 300)
    minutes_before_in  = optional(number, 10)
    minutes_before_out = optional(number, 3)
  })
  default = {}

  validation {
    condition     = var.thresholds.in_cpu < var.thresholds.backend_cpu && var.thresholds.in_cpu < var.thresholds.out_cpu && var.thresholds.in_memory < var.thresholds.out_memory
    error_message = "thresholds.in_cpu and in_memory must lie below the values that add tasks, or services would grow and shrink in turn."
  }
}

variable "peak_hours" {
  description = "Working hours, Monday to Friday, in which the backend keeps more tasks ready."
  type = object({
    timezone = optional(string, "America/New_York")
    from     = optional(number, 9)
    to       = optional(number, 18)
    min      = optional(number, 4)
  })
  default = {}

  validation {
    condition     = var.peak_hours.from >= 0 && var.peak_hours.from < var.peak_hours.to && var.peak_hours.to <= 23
    error_message = "peak_hours.from and to are hours of one day, from before to."
  }
}

variable "database" {
  description = "PostgreSQL: host, port, name, owner, its secret (JSON with password, in Secrets Manager) and max_connections of the parameter group."
  type = object({
    host             = string
    port             = optional(number, 5432)
    name             = optional(string, "assay")
    owner            = optional(string, "assay_owner")
    owner_secret_arn = string
    max_connections  = optional(number, 100)
  })
}

variable "pools" {
  description = "Connections: of each process of the application, of each PgBouncer, and those kept free for the database's own, migrations and people."
  type = object({
    process_size        = optional(number, 10)
    process_overflow    = optional(number, 15)
    max_client_conn     = optional(number, 200)
    default_pool_size   = optional(number, 20)
    reserve_pool_size   = optional(number, 5)
    max_db_connections  = optional(number, 40)
    kept_free           = optional(number, 10)
    timeout             = optional(number, 30)
    recycle             = optional(number, 1800)
    query_wait_timeout  = optional(number, 30)
    server_idle_timeout = optional(number, 600)
  })
  default = {}
}

variable "redis" {
  description = "Redis: primary endpoint, the endpoint for reads that may be stale, port and the parameter that holds its AUTH token."
  type = object({
    host            = string
    reader_host     = string
    port            = optional(number, 6379)
    token_parameter = string
  })
}

variable "qdrant_host" {
  description = "Private name of Qdrant."
  type        = string
}

variable "documents_bucket" {
  description = "Bucket of the uploaded files."
  type        = object({ id = string, arn = string })
}

variable "parameter_prefix" {
  description = "Path of the environment's parameters."
  type        = string
}

variable "parameter_arns" {
  description = "Parameters with secrets: secret-key, postgres-app-password, postgres-worker-password, qdrant-api-key and, with a model, openai-api-key."
  type        = map(string)
}

variable "kms_key_arns" {
  description = "Keys: data, logs, secrets."
  type        = map(string)
}

variable "log_group_names" {
  description = "Log groups: frontend, backend, worker, pgbouncer, migrate."
  type        = map(string)
}

variable "settings" {
  description = "Further settings of the application, by the names in backend/assay/settings.py."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : !can(regex("PASSWORD|API_KEY|SECRET", name))])
    error_message = "settings is written in the clear; passwords and keys belong into Parameter Store, by the secrets module."
  }
}
