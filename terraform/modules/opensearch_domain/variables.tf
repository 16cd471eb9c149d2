variable "name" {
  description = "Name of the domain."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,27}$", var.name))
    error_message = "name: 3 to 28 lower case letters, digits and hyphens, a letter first."
  }
}

variable "engine_version" {
  description = "Version of OpenSearch. Penstock is tested with 2.19; its index template needs 2.7 (flat_object)."
  type        = string
  default     = "OpenSearch_2.19"

  validation {
    condition     = can(regex("^OpenSearch_[0-9]+[.][0-9]+$", var.engine_version))
    error_message = "engine_version: OpenSearch_ and a version."
  }
}

variable "instance_type" {
  description = "Type of the data nodes, and of dedicated masters."
  type        = string
  default     = "r7g.large.search"

  validation {
    condition     = endswith(var.instance_type, ".search")
    error_message = "instance_type: a type of OpenSearch, which ends in .search."
  }
}

variable "instance_count" {
  description = "Data nodes: 1, or a multiple of 3 (spread over three zones) or of 2 (over two)."
  type        = number
  default     = 2

  validation {
    condition     = var.instance_count >= 1 && var.instance_count <= 80 && floor(var.instance_count) == var.instance_count
    error_message = "instance_count: 1 to 80."
  }

  validation {
    condition     = var.instance_count == 1 || var.instance_count % 2 == 0 || var.instance_count % 3 == 0
    error_message = "instance_count: 1, or a multiple of 2 or 3, so that each zone has the same number of nodes."
  }
}

variable "dedicated_masters" {
  description = "Dedicated master nodes: 0, 3 or 5."
  type        = number
  default     = 0

  validation {
    condition     = contains([0, 3, 5], var.dedicated_masters)
    error_message = "dedicated_masters: 0, 3 or 5."
  }
}

variable "volume_gb" {
  description = "Disk of each data node in GB."
  type        = number
  default     = 100

  validation {
    condition     = var.volume_gb >= 10 && var.volume_gb <= 24576 && floor(var.volume_gb) == var.volume_gb
    error_message = "volume_gb: 10 to 24576."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key of data at rest; null: the service's own."
  type        = string
  default     = null
}

variable "master_role_arn" {
  description = "The role that administers the domain: it maps the functions' roles and runs penstock apply."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/", var.master_role_arn))
    error_message = "master_role_arn: the ARN of a role or user of IAM."
  }
}

variable "writer_role_arns" {
  description = "Roles of functions that store: they may send _bulk requests, and nothing else."
  type        = list(string)
  default     = []
}

variable "reader_role_arns" {
  description = "Roles of people who search. What they see is for the domain's own roles to say."
  type        = list(string)
  default     = []
}

variable "network" {
  description = "Subnets (one for each zone) and security groups of a private domain; null: an endpoint on the Internet, for signed requests of the roles above."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "logs" {
  description = "What the domain writes to CloudWatch Logs."
  type        = set(string)
  default     = ["ES_APPLICATION_LOGS", "AUDIT_LOGS"]

  validation {
    condition     = length(setsubtract(var.logs, ["ES_APPLICATION_LOGS", "AUDIT_LOGS", "INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS"])) == 0
    error_message = "logs: ES_APPLICATION_LOGS, AUDIT_LOGS, INDEX_SLOW_LOGS, SEARCH_SLOW_LOGS."
  }
}

variable "log_retention_days" {
  description = "Days that the domain's log lines are kept."
  type        = number
  default     = 30

  validation {
    condition = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the domain's log groups. Its policy must let CloudWatch Logs use it."
  type        = string
  default     = null
}

variable "alarm_actions" {
  description = "ARNs that are told when an alarm begins and ends: topics."
  type        = list(string)
  default     = []
}
