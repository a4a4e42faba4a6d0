variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "logs_bucket" {
  description = "Bucket of the trail and of Config's records."
  type        = object({ id = string, arn = string })
}

variable "logs_kms_key_arn" {
  description = "Key of the trail."
  type        = string
}

variable "watched_buckets" {
  description = "Buckets from which nothing is deleted by hand: logs, backups."
  type        = list(string)

  validation {
    condition     = length(var.watched_buckets) > 0
    error_message = "watched_buckets names at least the bucket of the logs."
  }
}

variable "alerts_topic_arn" {
  description = "Topic that hears of deletions."
  type        = string
}

variable "documents_bucket_arn" {
  description = "Bucket whose reads and writes the trail records one by one; null records none. 0.10 USD for 100,000."
  type        = string
  default     = null
}

variable "account_wide" {
  description = "Make what an account and region can have once: GuardDuty, Config. One environment of an account does."
  type        = bool
  default     = true
}

variable "guardduty_features" {
  description = "Protections of GuardDuty beyond its foundation, each of which costs by use."
  type        = set(string)
  default     = ["S3_DATA_EVENTS"]

  validation {
    condition     = length(setsubtract(var.guardduty_features, ["S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS"])) == 0
    error_message = "guardduty_features takes S3_DATA_EVENTS, EBS_MALWARE_PROTECTION, RDS_LOGIN_EVENTS and LAMBDA_NETWORK_LOGS."
  }
}

variable "log_days" {
  description = "How long the trail can be asked by Logs Insights."
  type        = number
  default     = 7
}
