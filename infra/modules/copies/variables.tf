variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "database_arn" {
  description = "PostgreSQL, in its own region."
  type        = string
}

variable "database_days" {
  description = "How far back the copied backups of the database reach."
  type        = number
  default     = 7

  validation {
    condition     = var.database_days >= 1 && var.database_days <= 35
    error_message = "database_days lies between 1 and 35."
  }
}

variable "buckets" {
  description = "Buckets that take copies, and after how many days these end; null keeps them."
  type        = map(object({ expire_days = optional(number) }))
  default     = { documents = {}, backups = { expire_days = 30 } }
}

variable "protected" {
  description = "Refuse to delete a vault or a bucket that holds anything."
  type        = bool
  default     = true
}
