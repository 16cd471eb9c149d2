output "uuid" {
  description = "Id of the mapping, by which it is disabled or asked for."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "statements" {
  description = "What the function's role needs, for the function module's statements (with network_interfaces = true): Lambda's pollers use the role."
  value = concat(
    var.cluster_arn == null ? [] : [{
      sid       = "LambdaFindsTheCluster"
      actions   = ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"]
      resources = [var.cluster_arn]
    }],
    var.authentication != "iam" || var.cluster_arn == null ? [] : [{
      sid = "LambdaReadsTheTopic"
      actions = [
        "kafka-cluster:AlterGroup",
        "kafka-cluster:Connect",
        "kafka-cluster:DescribeClusterDynamicConfiguration",
        "kafka-cluster:DescribeGroup",
        "kafka-cluster:DescribeTopic",
        "kafka-cluster:ReadData",
      ]
      resources = [
        var.cluster_arn,
        "${replace(var.cluster_arn, ":cluster/", ":topic/")}/${var.topic}",
        "${replace(var.cluster_arn, ":cluster/", ":group/")}/${coalesce(var.consumer_group, "*")}",
      ]
    }],
    length(local.secrets) == 0 ? [] : [{
      sid       = var.cluster_arn == null ? "LambdaLogsInToKafka" : "LambdaLogsInToTheCluster"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = local.secrets
    }],
  )
}
