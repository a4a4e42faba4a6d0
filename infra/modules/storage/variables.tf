variable "name" {
  description = "Prefix of every name, such as assay-production. The account's id follows, as names of buckets are the world's."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,38}$", var.name))
    error_message = "name must be 3 to 39 lower-case letters, digits or hyphens: names of buckets have 63 characters at most."
  }
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

variable "distribution" {
  description = "The CloudFront distribution that serves the assets: enabled, so that its ARN may be unknown before it is made."
  type        = object({ enabled = bool, arn = optional(string) })
  default     = { enabled = false }
}

variable "days" {
  description = "How long is kept: old versions of files, backups of Qdrant, access logs, the audit trail, artifacts of builds."
  type = object({
    old_versions = optional(number, 30)
    backups      = optional(number, 30)
    access_logs  = optional(number, 30)
    audit        = optional(number, 365)
    artifacts    = optional(number, 30)
  })
  default = {}

  validation {
    condition     = alltrue([for days in values(var.days) : days >= 1])
    error_message = "Every period in days is one day or more."
  }
}

variable "protected" {
  description = "Refuse to delete buckets that hold anything."
  type        = bool
  default     = true
}
