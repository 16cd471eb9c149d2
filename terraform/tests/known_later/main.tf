# A root that makes what it names to Penstock: ARNs and ids are not known before the apply.

variable "packages" {
  type = string
}

resource "aws_subnet" "this" {
  vpc_id = "vpc-0a"
}

resource "aws_security_group" "this" {
}

resource "aws_kms_key" "secrets" {
}

resource "aws_secretsmanager_secret" "this" {
  for_each = toset(["slack", "msk", "kafka", "kafka-ca"])

  name       = each.value
  kms_key_id = aws_kms_key.secrets.arn
}

resource "aws_sns_topic" "monitors" {
}

resource "aws_s3_bucket" "logs" {
  bucket = "old-logs"
}

resource "aws_msk_serverless_cluster" "this" {
  cluster_name = "logs"

  vpc_config {
    subnet_ids = aws_subnet.this[*].id
  }

  client_authentication {
    sasl {
      iam {
        enabled = true
      }
    }
  }
}

module "penstock" {
  source = "../.."

  packages        = var.packages
  secrets_key_arn = aws_kms_key.secrets.arn

  network = {
    subnet_ids         = aws_subnet.this[*].id
    security_group_ids = [aws_security_group.this.id]
  }

  stream_store = {
    msk = {
      cluster_arn = aws_msk_serverless_cluster.this.arn
      secret_arn  = aws_secretsmanager_secret.this["msk"].arn
    }
    kafka = {
      bootstrap_servers  = ["kafka.example.com:9096"]
      secret_arn         = aws_secretsmanager_secret.this["kafka"].arn
      root_ca_secret_arn = aws_secretsmanager_secret.this["kafka-ca"].arn
    }
  }

  alerting = {
    slack_webhook_secret_arn = aws_secretsmanager_secret.this["slack"].arn
    monitor_topic_arns       = [aws_sns_topic.monitors.arn]
  }

  file_scan = { existing_bucket = aws_s3_bucket.logs.bucket }
}
