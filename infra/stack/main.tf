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
  # The bill is divided by these and by each module's Part, once activate_cost_tags has made them cost-allocation tags.
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
  tags                  = merge(local.tags, { Part = "secrets" })
  generation            = var.secrets_generation
  openai_key_generation = var.openai_key_generation
  openai_api_key        = var.openai_api_key
  deletion_window_days  = var.protected ? 30 : 7
}

module "network" {
  source = "../modules/network"

  name                = local.name
  tags                = merge(local.tags, { Part = "network" })
  cidrs               = var.cidrs
  interface_endpoints = var.interface_endpoints
  bastion             = var.bastion
  flow_log_days       = var.log_days
  logs_kms_key_arn    = module.secrets.kms_key_arns["logs"]
}

module "edge" {
  source = "../modules/edge"

  name              = local.name
  tags              = merge(local.tags, { Part = "edge" })
  vpc_id            = module.network.vpc_id
  public_subnet_ids = module.network.public_subnet_ids
  security_group_id = module.network.security_group_ids["alb"]
  log_bucket        = module.storage.buckets["logs"].id
  assets_bucket     = module.storage.buckets["assets"]
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
  tags               = merge(local.tags, { Part = "compute" })
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
  database = {
    host             = module.database.endpoint
    owner_secret_arn = module.database.master_secret_arn
    max_connections  = module.database.max_connections
  }
  redis = {
    host            = module.cache.primary_endpoint
    reader_host     = module.cache.reader_endpoint
    token_parameter = module.cache.auth_token_parameter
  }
  qdrant_host      = module.vectors.hosts
  documents_bucket = module.storage.buckets["documents"]
  parameter_prefix = module.secrets.parameter_prefix
  parameter_arns   = module.secrets.parameter_arns
  kms_key_arns     = module.secrets.kms_key_arns
  log_group_names  = module.observability.log_group_names
  settings         = merge({ TRUSTED_PROXIES = tostring(module.edge.proxies) }, var.settings)
}

locals {
  qdrant_key = { name = "${module.secrets.parameter_prefix}/qdrant-api-key", arn = module.secrets.parameter_arns["qdrant-api-key"] }
  functions  = { subnet_ids = module.network.private_subnet_ids, security_group_id = module.network.security_group_ids["lambda"] }
}

module "storage" {
  source = "../modules/storage"

  name         = local.name
  tags         = merge(local.tags, { Part = "storage" })
  kms_key_arns = module.secrets.kms_key_arns
  distribution = { enabled = var.cloudfront.enabled, arn = module.edge.distribution_arn }
  protected    = var.protected
}

module "database" {
  source = "../modules/database"

  name              = local.name
  tags              = merge(local.tags, { Part = "database" })
  subnet_ids        = module.network.database_subnet_ids
  security_group_id = module.network.security_group_ids["rds"]
  kms_key_arns      = module.secrets.kms_key_arns
  instance_class    = var.database.instance_class
  multi_az          = var.database.multi_az
  log_days          = var.log_days
  protected         = var.protected
}

module "cache" {
  source = "../modules/cache"

  name              = local.name
  tags              = merge(local.tags, { Part = "cache" })
  subnet_ids        = module.network.database_subnet_ids
  security_group_id = module.network.security_group_ids["redis"]
  kms_key_arns      = module.secrets.kms_key_arns
  parameter_prefix  = module.secrets.parameter_prefix
  node_type         = var.cache.node_type
  replicas          = var.cache.replicas
  log_days          = var.log_days
}

module "vectors" {
  source = "../modules/vectors"

  name              = local.name
  environment       = var.environment
  tags              = merge(local.tags, { Part = "vectors" })
  vpc_id            = module.network.vpc_id
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = module.network.security_group_ids["qdrant"]
  kms_key_arns      = module.secrets.kms_key_arns
  api_key_parameter = local.qdrant_key
  backup_plan       = module.backup.plan
  qdrant            = var.qdrant_release
  instance_type     = var.qdrant.instance_type
  nodes             = var.qdrant.nodes
  autoscaling       = var.qdrant.autoscaling
  elastic_ip        = var.qdrant.elastic_ip ? { subnet_id = module.network.public_subnet_ids[0] } : null
  alarm_actions     = [module.observability.alerts_topic_arn]
  log_days          = var.log_days
  protected         = var.protected
}

module "observability" {
  source = "../modules/observability"

  name               = local.name
  environment        = var.environment
  tags               = merge(local.tags, { Part = "observability" })
  kms_key_arns       = module.secrets.kms_key_arns
  parameter_prefix   = module.secrets.parameter_prefix
  log_days           = var.log_days
  emails             = var.alarms.emails
  slack_generation   = var.alarms.slack_generation
  slack_webhook      = var.slack_webhook
  budget             = var.budget
  activate_cost_tags = var.activate_cost_tags
  dashboards         = var.alarms.dashboards
  database = {
    instance_id     = module.database.instance_id
    max_connections = module.database.max_connections
    log_group_name  = module.database.log_group_names["postgresql"]
  }
  cache_node_ids = module.cache.node_ids
  load_balancer  = { arn_suffix = module.edge.alb_arn_suffix, target_group_arn_suffixes = module.edge.target_group_arn_suffixes }
  cluster_name   = local.name
  qdrant         = { urls = module.vectors.urls, instance_ids = module.vectors.instance_ids, api_key_parameter = local.qdrant_key }
  vpc            = local.functions
}

module "audit" {
  source = "../modules/audit"

  name             = local.name
  tags             = merge(local.tags, { Part = "audit" })
  logs_bucket      = module.storage.buckets["logs"]
  logs_kms_key_arn = module.secrets.kms_key_arns["logs"]
  watched_buckets  = [for key in ["logs", "backups"] : module.storage.buckets[key].id]
  alerts_topic_arn = module.observability.alerts_topic_arn
  account_wide     = var.account_wide
}

module "copies" {
  source    = "../modules/copies"
  count     = var.cross_region == null ? 0 : 1
  providers = { aws = aws.copies }

  name         = local.name
  tags         = merge(local.tags, { Part = "copies" })
  database_arn = module.database.arn
  protected    = var.protected
}

provider "aws" {
  alias  = "copies"
  region = coalesce(var.cross_region, var.region)

  default_tags {
    tags = local.tags
  }
}

module "backup" {
  source = "../modules/backup"

  name             = local.name
  tags             = merge(local.tags, { Part = "backup" })
  kms_key_arns     = module.secrets.kms_key_arns
  database_arn     = module.database.arn
  buckets          = { for key in ["documents", "backups"] : key => module.storage.buckets[key] }
  qdrant           = { urls = module.vectors.urls, api_key_parameter = local.qdrant_key }
  vpc              = local.functions
  alerts_topic_arn = module.observability.alerts_topic_arn
  cross_region     = var.cross_region != null
  copies           = one(module.copies[*].copies)
  log_days         = var.log_days
  protected        = var.protected
}

module "delivery" {
  source = "../modules/delivery"

  name             = local.name
  tags             = merge(local.tags, { Part = "delivery" })
  kms_key_arns     = module.secrets.kms_key_arns
  source_code      = var.delivery.source_code
  pipeline         = var.delivery.pipeline
  approval         = var.delivery.approval
  architecture     = var.architecture
  buckets          = { for key in ["artifacts", "assets"] : key => module.storage.buckets[key] }
  cluster_name     = module.compute.cluster_name
  task_role_arns   = concat(values(module.compute.task_role_arns), values(module.compute.execution_role_arns))
  migration        = { subnet_ids = module.network.private_subnet_ids, security_group_id = module.network.security_group_ids["ecs"] }
  url              = module.edge.url
  alerts_topic_arn = module.observability.alerts_topic_arn
  log_days         = var.log_days
  protected        = var.protected
}
