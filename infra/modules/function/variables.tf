variable "name" {
  description = "Name of the function, such as assay-production-slack."
  type        = string

  validation {
    condition     = length(var.name) <= 64
    error_message = "Lambda takes names of 64 characters at most; shorten name."
  }
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "description" {
  description = "What the function does."
  type        = string
}

variable "package" {
  description = "Zip file made by lambdas/build."
  type        = string
}

variable "handler" {
  description = "Module and function, such as handler.handler."
  type        = string
}

variable "environment" {
  description = "Environment variables; names of parameters, never secrets."
  type        = map(string)
  default     = {}
}

variable "statements" {
  description = "What the function may do, beyond its own log: statements of an IAM policy, in JSON."
  type        = string

  validation {
    condition     = can([for statement in jsondecode(var.statements) : statement.Action])
    error_message = "statements is a JSON list of IAM statements."
  }
}

variable "vpc" {
  description = "Subnets and group of a function that calls what has no public address."
  type        = object({ subnet_ids = list(string), security_group_id = string })
  default     = null
}

variable "seconds" {
  description = "How long a run may take."
  type        = number
  default     = 30

  validation {
    condition     = var.seconds >= 1 && var.seconds <= 900
    error_message = "A function runs for 1 to 900 seconds."
  }
}

variable "memory_mb" {
  description = "Memory; the processor's share grows with it."
  type        = number
  default     = 128
}

variable "schedule" {
  description = "When it runs by itself: rate(...) or cron(...)."
  type        = string
  default     = null

  validation {
    condition     = var.schedule == null || can(regex("^(rate|cron)\\(.+\\)$", var.schedule))
    error_message = "schedule is rate(...) or cron(...)."
  }
}

variable "log_days" {
  description = "How long its log is kept."
  type        = number
  default     = 7
}

variable "logs_kms_key_arn" {
  description = "Key of its log and environment."
  type        = string
}
