variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.name))
    error_message = "name must be 3 to 24 lower-case letters, digits or hyphens and begin with a letter: load balancers allow 32 characters with our suffixes."
  }
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "cidrs" {
  description = "Address ranges: the VPC, and for each tier one subnet per zone."
  type = object({
    vpc      = optional(string, "10.0.0.0/16")
    public   = optional(list(string), ["10.0.1.0/24", "10.0.2.0/24"])
    private  = optional(list(string), ["10.0.10.0/24", "10.0.20.0/24"])
    database = optional(list(string), ["10.0.100.0/24", "10.0.200.0/24"])
  })
  default = {}

  validation {
    condition = alltrue([
      for cidr in concat([var.cidrs.vpc], var.cidrs.public, var.cidrs.private, var.cidrs.database) :
      can(cidrhost(cidr, 0)) && try(cidrhost(cidr, 0) == split("/", cidr)[0], false)
    ])
    error_message = "Every entry of cidrs must be an IPv4 network such as 10.0.1.0/24, with no host bits set."
  }

  validation {
    condition     = alltrue([for tier in [var.cidrs.public, var.cidrs.private, var.cidrs.database] : length(tier) == 2])
    error_message = "cidrs.public, cidrs.private and cidrs.database need exactly two subnets each, one per zone."
  }

  validation {
    condition = alltrue([
      for cidr in concat(var.cidrs.public, var.cidrs.private, var.cidrs.database) : try(
        tonumber(split("/", cidr)[1]) >= tonumber(split("/", var.cidrs.vpc)[1])
        && cidrhost("${split("/", cidr)[0]}/${split("/", var.cidrs.vpc)[1]}", 0) == cidrhost(var.cidrs.vpc, 0),
      false)
    ])
    error_message = "Every subnet must lie inside cidrs.vpc; move the subnet or widen the VPC."
  }

  # Two networks overlap exactly if, cut to the shorter prefix of the two, they are the same network.
  validation {
    condition = try(alltrue(flatten([
      for i, a in concat(var.cidrs.public, var.cidrs.private, var.cidrs.database) : [
        for j, b in concat(var.cidrs.public, var.cidrs.private, var.cidrs.database) :
        cidrhost("${split("/", a)[0]}/${min(split("/", a)[1], split("/", b)[1])}", 0)
        != cidrhost("${split("/", b)[0]}/${min(split("/", a)[1], split("/", b)[1])}", 0)
        if i < j
      ]
    ])), false)
    error_message = "Two subnets in cidrs overlap; give each a range of its own."
  }
}

variable "zone_letters" {
  description = "The two zones by their letters; some accounts lack one in some regions."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(distinct(var.zone_letters)) == 2
    error_message = "zone_letters needs two different letters."
  }
}

variable "interface_endpoints" {
  description = <<-TEXT
    AWS services reached inside the VPC rather than through the NAT gateway. An endpoint costs 7.30 USD a month in each
    zone and saves 0.035 USD a GB, so it pays for itself above 209 GB a month and zone. At the expected load none does (logs: 15
    to 60 GB), and the model's API needs the NAT gateway anyway; S3, which carries image layers and files, has a free gateway endpoint.
  TEXT
  type        = set(string)
  default     = []

  validation {
    condition = length(setsubtract(var.interface_endpoints, [
      "ecr.api", "ecr.dkr", "ecs", "kms", "logs", "monitoring", "sns", "ssm", "ssmmessages", "ec2messages", "secretsmanager", "sts"
    ])) == 0
    error_message = "interface_endpoints takes ecr.api, ecr.dkr, ecs, kms, logs, monitoring, sns, ssm, ssmmessages, ec2messages, secretsmanager and sts."
  }
}

variable "flow_log_days" {
  description = "How long the flow log is kept."
  type        = number
  default     = 7
}

variable "logs_kms_key_arn" {
  description = "Key that encrypts the flow log; its policy must admit CloudWatch Logs."
  type        = string
}

variable "alb_from_cloudfront_only" {
  description = "Let only the addresses of CloudFront reach the load balancer; otherwise who comes past CloudFront is redirected to it."
  type        = bool
  default     = false
}

variable "bastion" {
  description = "A host for SSH to Qdrant, from these networks only. Session Manager reaches the same machine without it."
  type = object({
    instance_type = optional(string, "t4g.nano")
    ami_id        = string
    key_name      = string
    from_cidrs    = list(string)
  })
  default = null

  validation {
    condition     = var.bastion == null || try(length(var.bastion.from_cidrs) > 0 && !contains(var.bastion.from_cidrs, "0.0.0.0/0"), false)
    error_message = "bastion.from_cidrs must name the networks of your people; 0.0.0.0/0 is refused."
  }
}
