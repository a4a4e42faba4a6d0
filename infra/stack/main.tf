# The whole of Assay on AWS. Everything that differs between environments is a variable, and its values are in
# environments/<environment>/terraform.tfvars.

provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]

  default_tags {
    tags = local.tags
  }
}

locals {
  name = "assay-${var.environment}"
  # The cost explorer groups by these; they must be activated once as cost-allocation tags.
  tags = {
    Project     = "assay"
    Environment = var.environment
    ManagedBy   = "terraform"
  }
}

module "secrets" {
  source = "../modules/secrets"

  name                  = local.name
  environment           = var.environment
  tags                  = local.tags
  generation            = var.secrets_generation
  openai_key_generation = var.openai_key_generation
  openai_api_key        = var.openai_api_key
  deletion_window_days  = var.protected ? 30 : 7
}

module "network" {
  source = "../modules/network"

  name                = local.name
  tags                = local.tags
  cidrs               = var.cidrs
  interface_endpoints = var.interface_endpoints
  bastion             = var.bastion
  flow_log_days       = var.log_days
  logs_kms_key_arn    = module.secrets.kms_key_arns["logs"]
}

module "edge" {
  source = "../modules/edge"

  name              = local.name
  tags              = local.tags
  vpc_id            = module.network.vpc_id
  public_subnet_ids = module.network.public_subnet_ids
  security_group_id = module.network.security_group_ids["alb"]
  log_bucket        = var.parts.buckets.logs.id
  assets_bucket     = var.parts.buckets.assets
  domain            = var.domain
  certificate_arn   = var.certificate_arn
  cloudfront        = var.cloudfront
  waf               = var.waf
  failover          = var.failover
  protected         = var.protected
}

module "compute" {
  source = "../modules/compute"

  name               = local.name
  environment        = var.environment
  tags               = local.tags
  vpc_id             = module.network.vpc_id
  private_subnet_ids = module.network.private_subnet_ids
  security_group_id  = module.network.security_group_ids["ecs"]
  target_group_arns  = module.edge.target_group_arns
  images             = var.images
  architecture       = var.architecture
  services           = var.services
  scaling            = var.scaling
  thresholds         = var.thresholds
  peak_hours         = var.peak_hours
  pools              = var.pools
  database           = var.parts.database
  redis              = var.parts.redis
  qdrant_host        = var.parts.qdrant_host
  documents_bucket   = var.parts.buckets.documents
  parameter_prefix   = module.secrets.parameter_prefix
  parameter_arns     = module.secrets.parameter_arns
  kms_key_arns       = module.secrets.kms_key_arns
  log_group_names    = var.parts.log_group_names
  settings           = merge({ TRUSTED_PROXIES = tostring(module.edge.proxies) }, var.settings)
}
