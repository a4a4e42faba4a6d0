locals {
  prefix = "/assay/${var.environment}"

  generated = {
    secret-key               = "Signs access tokens"
    postgres-app-password    = "Role of the API"
    postgres-worker-password = "Role of the worker"
    qdrant-api-key           = "Key of Qdrant"
  }
}

# Written, never read back: the values are neither in the plan nor in the state. uuid() draws from the
# system's random source at each apply; only a new generation makes the provider write what it drew.
resource "aws_ssm_parameter" "generated" {
  for_each = local.generated

  name             = "${local.prefix}/${each.key}"
  description      = each.value
  type             = "SecureString"
  key_id           = aws_kms_key.this["secrets"].arn
  value_wo         = sha256("${uuid()}${uuid()}")
  value_wo_version = var.generation
  tags             = var.tags
}

resource "aws_ssm_parameter" "openai" {
  count = var.openai_key_generation > 0 ? 1 : 0

  name             = "${local.prefix}/openai-api-key"
  description      = "Key of the model's API"
  type             = "SecureString"
  key_id           = aws_kms_key.this["secrets"].arn
  value_wo         = var.openai_api_key
  value_wo_version = var.openai_key_generation
  tags             = var.tags
}
