output "kms_key_arns" {
  description = "Keys by what they protect: data, logs, secrets."
  value       = { for key, resource in aws_kms_key.this : key => resource.arn }
}

output "parameter_prefix" {
  description = "Path under which every parameter of the environment lies."
  value       = local.prefix
}

output "parameter_arns" {
  description = "Parameters with secrets by the last part of their names."
  value = merge(
    { for key, parameter in aws_ssm_parameter.generated : key => parameter.arn },
    { for parameter in aws_ssm_parameter.openai : "openai-api-key" => parameter.arn },
  )
}
