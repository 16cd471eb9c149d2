output "uuid" {
  description = "Id of the mapping, by which it is disabled or asked for."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "statements" {
  description = "What the function's role needs, for the function module's statements (with MSK, or in a VPC, also kafka_pollers = true): Lambda's pollers use the role."
  value = concat(
    [for arn in var.cluster_arn[*] : {
      sid       = "OrLambdaFindsTheCluster"
      actions   = ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"]
      resources = [arn]
    }],
    [for arn in var.secret_arn == null ? var.cluster_arn[*] : [] : {
      sid = "AndLogsInToIt"
      actions = [
        "kafka-cluster:AlterGroup",
        "kafka-cluster:Connect",
        "kafka-cluster:DescribeClusterDynamicConfiguration",
        "kafka-cluster:DescribeGroup",
        "kafka-cluster:DescribeTopic",
        "kafka-cluster:ReadData",
      ]
      resources = [
        arn,
        "${replace(arn, ":cluster/", ":topic/")}/${var.topic}",
        "${replace(arn, ":cluster/", ":group/")}/${var.consumer_group}",
      ]
    }],
    [for arn in var.secret_arn == null ? [] : var.cluster_arn[*] : {
      sid       = "AndAsksWhichThereAre"
      actions   = ["kafka:ListScramSecrets"]
      resources = [arn]
    }],
    [for secret in var.secret_arn[*] : {
      sid       = var.cluster_arn == null ? "LambdaLogsInToKafka" : "OrWithASecret"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [secret]
    }],
    [for secret in var.root_ca_secret_arn[*] : {
      sid       = "AndKnowsItsRoot"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [secret]
    }],
  )
}

output "partial_responses" {
  description = "Whether the mapping takes partial answers: on or off, as PARTIAL_BATCH of the function must say."
  value       = contains(coalesce(aws_lambda_event_source_mapping.this.function_response_types, []), "ReportBatchItemFailures") ? "on" : "off"
}
