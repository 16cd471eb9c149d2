variable "name" {
  description = "What the name of the endpoints' security group begins with."
  type        = string
  default     = "penstock"
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "route_table_ids" {
  description = "Route tables of the functions' subnets, for gateways."
  type        = list(string)
  default     = []
}

variable "subnet_ids" {
  description = "Subnets in which interfaces stand: one for each zone that has functions."
  type        = list(string)
  default     = []
}

variable "client_security_group_ids" {
  description = "Security groups that may use the interfaces, by any name: those of the functions."
  type        = map(string)
  default     = {}
}

variable "gateways" {
  description = "Services reached through a gateway, which costs nothing: s3 (dead letters, files), dynamodb (tables)."
  type        = set(string)
  default     = ["s3"]

  validation {
    condition     = length(setsubtract(var.gateways, ["s3", "dynamodb"])) == 0
    error_message = "gateways: s3 and dynamodb; other services have interfaces."
  }
}

variable "interfaces" {
  description = "Services reached through an interface, which bills by the hour: events, sqs, kinesis-streams, secretsmanager, ssm, email, and for Kafka's pollers lambda and sts."
  type        = set(string)
  default     = []

  validation {
    condition = length(setsubtract(var.interfaces,
    ["email", "events", "kinesis-streams", "kinesis-firehose", "lambda", "secretsmanager", "sqs", "ssm", "sts"])) == 0
    error_message = "interfaces: email, events, kinesis-streams, kinesis-firehose, lambda, secretsmanager, sqs, ssm, sts."
  }
}
