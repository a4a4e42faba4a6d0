# What is yours alone, as an example: values that every plan of the tests has beside an environment's.
domain = { name = "assay.example.com", zone_id = "Z0123456789EXAMPLE" }
images = {
  backend         = "123456789012.dkr.ecr.us-east-1.amazonaws.com/assay-production/backend:1"
  frontend        = "123456789012.dkr.ecr.us-east-1.amazonaws.com/assay-production/frontend:1"
  pgbouncer       = "123456789012.dkr.ecr.us-east-1.amazonaws.com/assay-production/pgbouncer:1"
  repository_arns = ["arn:aws:ecr:us-east-1:123456789012:repository/assay-production/*"]
}
qdrant_release        = { version = "1.19.0", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
delivery              = { source_code = { repository = "example/assay" } }
alarms                = { emails = ["operations@example.com"], slack_generation = 1 }
slack_webhook         = "https://hooks.slack.com/services/example"
openai_key_generation = 1
openai_api_key        = "example"
