variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "The VPC of the target groups."
  type        = string
}

variable "public_subnet_ids" {
  description = "Subnets of the load balancer, one a zone."
  type        = list(string)

  validation {
    condition     = length(var.public_subnet_ids) >= 2
    error_message = "public_subnet_ids needs subnets in two zones: a load balancer refuses one."
  }
}

variable "security_group_id" {
  description = "Group of the load balancer."
  type        = string
}

variable "log_bucket" {
  description = "Bucket of the access logs."
  type        = string
}

variable "assets_bucket" {
  description = "Bucket of the static assets."
  type        = object({ id = string, arn = string, domain_name = string })
}

variable "domain" {
  description = "Where people reach Assay, and the Route 53 zone in which the name and its certificate are made. Without a zone you bring certificates and set the names (also origin.<name>, to the load balancer) yourself."
  type        = object({ name = string, zone_id = optional(string) })
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "domain.name must be a host name such as assay.example.com."
  }
}

variable "certificate_arn" {
  description = "An issued certificate in this region, where there is no Route 53 zone to make one in."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in ACM."
  }
}

variable "cloudfront" {
  description = "CloudFront before the load balancer: assets from the bucket, everything else from the origin. Its certificate must lie in us-east-1; in that region it is the load balancer's by default."
  type = object({
    enabled         = optional(bool, true)
    certificate_arn = optional(string)
    price_class     = optional(string, "PriceClass_100")
  })
  default = {}

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.cloudfront.price_class)
    error_message = "cloudfront.price_class is PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "stickiness_seconds" {
  description = "How long a person stays on the task that served them first."
  type        = number
  default     = 3600
}

variable "health" {
  description = "When a target is served and when not."
  type = object({
    interval  = optional(number, 30)
    timeout   = optional(number, 5)
    healthy   = optional(number, 2)
    unhealthy = optional(number, 3)
  })
  default = {}

  validation {
    condition     = var.health.timeout < var.health.interval
    error_message = "health.timeout must be below health.interval."
  }
}

variable "idle_timeout_seconds" {
  description = "How long the load balancer keeps an idle connection. The application keeps its side 75 s: the other way round people see 502s."
  type        = number
  default     = 60

  validation {
    condition     = var.idle_timeout_seconds < 75
    error_message = "idle_timeout_seconds must stay below the 75 s for which the application keeps connections."
  }
}

variable "waf" {
  description = "AWS WAF before the load balancer: managed rules and a limit a address in five minutes. 5 USD a month, 1 a rule and 0.60 a million requests."
  type = object({
    enabled            = optional(bool, false)
    requests_per_5_min = optional(number, 10000)
  })
  default = {}
}

variable "failover" {
  description = "Host of a stand-in (a second region, a status page) that answers while the health check fails."
  type        = object({ host = string })
  default     = null
}

variable "protected" {
  description = "Refuse to delete the load balancer."
  type        = bool
  default     = true
}
