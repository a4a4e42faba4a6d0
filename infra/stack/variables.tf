variable "environment" {
  description = "development, staging or production."
  type        = string

  validation {
    condition     = contains(["development", "staging", "production"], var.environment)
    error_message = "environment is development, staging or production."
  }
}

variable "region" {
  description = "AWS region of everything but CloudFront."
  type        = string
  default     = "us-east-1"
}

variable "account_id" {
  description = "Account that may be changed; a plan with another account's credentials stops."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id has 12 digits."
  }
}

variable "protected" {
  description = "Refuse to delete what holds data or serves people."
  type        = bool
  default     = true
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 7
}

# Network

variable "cidrs" {
  description = "Address ranges; see modules/network."
  type = object({
    vpc      = optional(string, "10.0.0.0/16")
    public   = optional(list(string), ["10.0.1.0/24", "10.0.2.0/24"])
    private  = optional(list(string), ["10.0.10.0/24", "10.0.20.0/24"])
    database = optional(list(string), ["10.0.100.0/24", "10.0.200.0/24"])
  })
  default = {}
}

variable "interface_endpoints" {
  description = "AWS services with an interface endpoint; see modules/network for when one pays."
  type        = set(string)
  default     = []
}

variable "bastion" {
  description = "A host for SSH, where Session Manager is not enough."
  type = object({
    instance_type = optional(string, "t4g.nano")
    ami_id        = string
    key_name      = string
    from_cidrs    = list(string)
  })
  default = null
}

# Edge

variable "domain" {
  description = "Where people reach Assay, and its Route 53 zone."
  type        = object({ name = string, zone_id = optional(string) })
  default     = null
}

variable "certificate_arn" {
  description = "A certificate of your own, where there is no Route 53 zone."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn != null || try(var.domain.zone_id, null) != null
    error_message = "There is no certificate for HTTPS: set domain (name and Route 53 zone_id) to have one made, or certificate_arn to bring one."
  }
}

variable "cloudfront" {
  description = "CloudFront before the load balancer."
  type = object({
    enabled         = optional(bool, true)
    certificate_arn = optional(string)
    price_class     = optional(string, "PriceClass_100")
  })
  default = {}
}

variable "waf" {
  description = "AWS WAF before the load balancer."
  type = object({
    enabled            = optional(bool, false)
    requests_per_5_min = optional(number, 10000)
  })
  default = {}
}

variable "failover" {
  description = "Host that answers while the health check fails."
  type        = object({ host = string })
  default     = null
}

# Secrets

variable "secrets_generation" {
  description = "Raise by one to rotate the generated secrets."
  type        = number
  default     = 1
}

variable "openai_key_generation" {
  description = "0 without a key of the model's API; raise by one with each new openai_api_key."
  type        = number
  default     = 0
}

variable "openai_api_key" {
  description = "Key of the model's API, given as TF_VAR_openai_api_key; it is kept in Parameter Store only."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

# Compute

variable "images" {
  description = "Images with tag or digest, and their repositories."
  type = object({
    backend         = string
    frontend        = string
    pgbouncer       = string
    repository_arns = list(string)
  })
}

variable "architecture" {
  description = "X86_64 or ARM64."
  type        = string
  default     = "X86_64"
}

variable "services" {
  description = "Sizes and numbers of tasks; see modules/compute."
  type = map(object({
    cpu       = number
    memory    = number
    desired   = number
    min       = number
    max       = number
    on_demand = number
  }))
}

variable "scaling" {
  description = "none, limited or full."
  type        = string
}

variable "thresholds" {
  description = "When services grow and shrink; see modules/compute."
  type        = map(number)
  default     = {}
}

variable "peak_hours" {
  description = "Working hours with more backends ready."
  type = object({
    timezone = optional(string, "America/New_York")
    from     = optional(number, 9)
    to       = optional(number, 18)
    min      = optional(number, 4)
  })
  default = {}
}

variable "pools" {
  description = "Connections of processes and of PgBouncer; see modules/compute."
  type        = map(number)
  default     = {}
}

variable "settings" {
  description = "Further settings of the application, by the names in backend/assay/settings.py."
  type        = map(string)
  default     = {}
}

# Parts that hold data

variable "database" {
  description = "PostgreSQL; see modules/database."
  type        = object({ instance_class = optional(string, "db.t3.medium"), multi_az = optional(bool, false) })
  default     = {}
}

variable "cache" {
  description = "Redis; see modules/cache."
  type        = object({ node_type = optional(string, "cache.t3.micro"), replicas = optional(number, 1) })
  default     = {}
}

variable "qdrant_release" {
  description = "Qdrant's release, and the SHA-256 of its archive for the nodes' processor; see modules/vectors."
  type        = object({ version = string, sha256 = string })
}

variable "qdrant" {
  description = "Qdrant's nodes; see modules/vectors."
  type = object({
    instance_type = optional(string, "t3.medium")
    nodes         = optional(number, 1)
    autoscaling   = optional(bool, false)
    elastic_ip    = optional(bool, false)
  })
  default = {}
}

# Watching

variable "alarms" {
  description = "Who hears of alarms, and whether there are dashboards; see modules/observability."
  type = object({
    emails           = optional(set(string), [])
    slack_generation = optional(number, 0)
    dashboards       = optional(bool, true)
  })
  default = {}
}

variable "slack_webhook" {
  description = "Address of a Slack channel's webhook, given as TF_VAR_slack_webhook; it is kept in Parameter Store only."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "budget" {
  description = "USD that a month may cost; null has no budget."
  type        = object({ usd = number })
  default     = { usd = 500 }
}

variable "activate_cost_tags" {
  description = "Divide the bill by the tags Project, Environment, Part and Service. Only the account that pays may, and only a day after the tags were first used."
  type        = bool
  default     = false
}

variable "account_wide" {
  description = "Make GuardDuty and Config, which an account has once: true in one environment of each account."
  type        = bool
  default     = true
}

# Safety

variable "cross_region" {
  description = "Region of the copies of database and files; null has none."
  type        = string
  default     = null
}

# Delivery

variable "delivery" {
  description = "The repository that is delivered; see modules/delivery."
  type = object({
    source_code = object({ repository = string, branch = optional(string, "main"), connection_arn = optional(string) })
    pipeline    = optional(bool, true)
    approval    = optional(bool, false)
  })
}
