variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "subnet_ids" {
  description = "Database subnets, one a zone."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids needs subnets in two zones, or the database could never fail over."
  }
}

variable "security_group_id" {
  description = "Group that lets the tasks in."
  type        = string
}

variable "kms_key_arns" {
  description = "Keys: data, logs, secrets."
  type        = map(string)
}

variable "engine_version" {
  description = "PostgreSQL: the major version, whose minor ones come by themselves in the maintenance window."
  type        = string
  default     = "15"

  validation {
    condition     = can(regex("^15(\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version is 15 or a minor version of it: the parameters below are 15's."
  }
}

variable "instance_class" {
  description = "Class of the instance; the memory settings follow from it."
  type        = string
  default     = "db.t3.medium"

  validation {
    condition = contains(keys({
      "db.t3.micro"  = 1, "db.t3.small" = 2, "db.t3.medium" = 4, "db.t3.large" = 8
      "db.t4g.micro" = 1, "db.t4g.small" = 2, "db.t4g.medium" = 4, "db.t4g.large" = 8
      "db.m6g.large" = 8, "db.m7g.large" = 8, "db.r6g.large" = 16, "db.r7g.large" = 16
    }), var.instance_class)
    error_message = "The memory of this instance_class is not known here; add it to local.memory_gib in main.tf and to this list."
  }
}

variable "storage_gb" {
  description = "Disk, and what it may grow to by itself."
  type        = object({ size = optional(number, 100), most = optional(number, 200) })
  default     = {}

  validation {
    condition     = var.storage_gb.size >= 20 && var.storage_gb.most > var.storage_gb.size
    error_message = "storage_gb.size is 20 or more, and most is above it."
  }
}

variable "max_connections" {
  description = "Connections that PostgreSQL admits; the pools of the compute module are held against it."
  type        = number
  default     = 100

  validation {
    condition     = var.max_connections >= 20 && var.max_connections <= 1000
    error_message = "max_connections lies between 20 and 1000."
  }
}

variable "multi_az" {
  description = "A standby in the other zone: see docs/decisions/0031 for what it promises and costs."
  type        = bool
  default     = false
}

variable "backup_days" {
  description = "How far back the database can be restored, to the second."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "backup_days lies between 1 and 35; 0 would turn backups off."
  }
}

variable "slow_query_ms" {
  description = "Statements that take longer are logged."
  type        = number
  default     = 500
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 7
}

variable "protected" {
  description = "Refuse to delete the database; keep a last snapshot when it is deleted."
  type        = bool
  default     = true
}
