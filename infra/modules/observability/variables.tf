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

variable "kms_key_arns" {
  description = "Keys: data, logs, secrets."
  type        = map(string)
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 7

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731 days."
  }
}

variable "emails" {
  description = "Who is told of alarms; each address must confirm the mail that it gets."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "emails holds addresses such as ops@example.com."
  }
}

variable "parameter_prefix" {
  description = "Path of the environment's parameters."
  type        = string
}

variable "slack_generation" {
  description = "0 has no Slack. Otherwise raise it by one with each new slack_webhook."
  type        = number
  default     = 0
}

variable "slack_webhook" {
  description = "Address of the channel's incoming webhook. Goes to Parameter Store and stays out of the state and plan."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = var.slack_webhook == null || startswith(coalesce(var.slack_webhook, "-"), "https://hooks.slack.com/")
    error_message = "slack_webhook begins with https://hooks.slack.com/."
  }
}

variable "database" {
  description = "PostgreSQL: its name in metrics, the connections that it admits, and its log."
  type        = object({ instance_id = string, max_connections = number, log_group_name = string })
}

variable "cache_node_ids" {
  description = "Nodes of Redis by their names in metrics."
  type        = list(string)
}

variable "load_balancer" {
  description = "The load balancer and its target groups by their names in metrics."
  type        = object({ arn_suffix = string, target_group_arn_suffixes = map(string) })
}

variable "cluster_name" {
  description = "The ECS cluster."
  type        = string
}

variable "qdrant" {
  description = "Qdrant: REST addresses, instances by node, and the parameter of its key."
  type = object({
    urls              = list(string)
    instance_ids      = map(string)
    api_key_parameter = object({ name = string, arn = string })
  })
}

variable "vpc" {
  description = "Subnets and group of functions that call Qdrant."
  type        = object({ subnet_ids = list(string), security_group_id = string })
}

variable "thresholds" {
  description = "When alarms are raised: percent, milliseconds, bytes, seconds or a number of events."
  type = object({
    database_cpu         = optional(number, 80)
    unhealthy_targets    = optional(number, 50)
    server_errors        = optional(number, 5)
    database_connections = optional(number, 70)
    redis_memory         = optional(number, 80)
    task_cpu             = optional(number, 70)
    # People wait for an answer's first words; a call is given up after 60 s.
    model_ms           = optional(number, 10000)
    database_free_gb   = optional(number, 10)
    qdrant_disk        = optional(number, 80)
    oldest_job_seconds = optional(number, 900)
    invalid_tokens     = optional(number, 500)
  })
  default = {}

  validation {
    condition = alltrue([
      for percent in [
        var.thresholds.database_cpu, var.thresholds.unhealthy_targets, var.thresholds.server_errors, var.thresholds.database_connections,
        var.thresholds.redis_memory, var.thresholds.task_cpu, var.thresholds.qdrant_disk,
      ] : percent > 0 && percent < 100
    ])
    error_message = "Percentages in thresholds lie above 0 and below 100; such an alarm would be raised always or never."
  }
}

variable "dashboards" {
  description = "Make the dashboards: three are free in an account, each further one costs 3 USD a month."
  type        = bool
  default     = true
}

variable "budget" {
  description = "USD that a month may cost; null has no budget."
  type        = object({ usd = number })
  default     = { usd = 500 }

  validation {
    condition     = var.budget == null || try(var.budget.usd > 0, false)
    error_message = "budget.usd is above 0; set budget = null for none."
  }
}

variable "activate_cost_tags" {
  description = "Make the tags ones that bills are divided by. Only the account that pays may, and only once it has seen them."
  type        = bool
  default     = false
}
