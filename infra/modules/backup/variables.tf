variable "name" {
  description = "Prefix of every name, such as assay-production."
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

variable "database_arn" {
  description = "PostgreSQL."
  type        = string
}

variable "buckets" {
  description = "Buckets: documents, and backups, which takes Qdrant's snapshots."
  type        = map(object({ id = string, arn = string }))
}

variable "qdrant" {
  description = "Qdrant: REST addresses of its nodes, and the parameter of its key."
  type = object({
    urls              = list(string)
    api_key_parameter = object({ name = string, arn = string })
  })
}

variable "vpc" {
  description = "Subnets and group of functions that call Qdrant."
  type        = object({ subnet_ids = list(string), security_group_id = string })
}

variable "alerts_topic_arn" {
  description = "Topic that hears of backups that failed."
  type        = string
}

variable "weekly" {
  description = "Snapshots of the database beside its own backups: when (UTC), and for how many days."
  type = object({
    schedule = optional(string, "cron(0 5 ? * SUN *)")
    days     = optional(number, 30)
  })
  default = {}

  validation {
    condition     = var.weekly.days >= 1
    error_message = "weekly.days is one day or more."
  }
}

variable "qdrant_hours" {
  description = "Hours between two snapshots of Qdrant. What a disaster may cost is 4 hours, of which a run takes its part."
  type        = number
  default     = 3

  validation {
    condition     = contains([1, 2, 3, 4], var.qdrant_hours)
    error_message = "qdrant_hours is 1, 2, 3 or 4: with fewer snapshots more than 4 hours could be lost."
  }
}

variable "cross_region" {
  description = "Copy the database's backups and the documents to another region."
  type        = bool
  default     = false
}

variable "copies" {
  description = "Where the copies go: output of the module copies, null without them."
  type = object({
    region      = string
    vault_arn   = string
    kms_key_arn = string
    bucket_arns = map(string)
  })
  default = null

  validation {
    condition     = !var.cross_region || var.copies != null
    error_message = "cross_region needs a place for the copies: give the module copies a provider of another region and its output to copies, or set cross_region = false."
  }
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 7
}

variable "protected" {
  description = "Refuse to delete a vault or a bucket that holds anything."
  type        = bool
  default     = true
}
