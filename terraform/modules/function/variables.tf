variable "name" {
  description = "Name of the function, what its role is named after, and the end of its log group /aws/lambda/NAME."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9-_]{1,64}$", var.name))
    error_message = "name: 1 to 64 letters, digits, hyphens and underscores."
  }
}

variable "description" {
  description = "What the function does, for whoever reads the list of functions."
  type        = string
  default     = ""
}

variable "handler" {
  description = "Which shared object of the package is run: its name without .so."
  type        = string
}

variable "package" {
  description = "Path of the function's zip."
  type        = string

  validation {
    condition     = endswith(var.package, ".zip")
    error_message = "package: the path of a zip file."
  }
}

variable "layers" {
  description = "ARNs of layers: the first is Penstock's runtime, which has the bootstrap."
  type        = list(string)

  validation {
    condition     = length(var.layers) >= 1 && length(var.layers) <= 5
    error_message = "layers: 1 to 5 ARNs; without the runtime layer there is no bootstrap."
  }
}

variable "architecture" {
  description = "x86_64 or arm64: that of package and layers."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture: x86_64 or arm64."
  }
}

variable "memory_size" {
  description = "Memory in MB, and with it the share of a processor."
  type        = number
  default     = 256

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size: 128 to 10240 MB."
  }
}

variable "timeout" {
  description = "Time-out of an invocation in seconds."
  type        = number
  default     = 60

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900 && floor(var.timeout) == var.timeout
    error_message = "timeout: 1 to 900 seconds."
  }
}

variable "environment" {
  description = "The function's settings: environment variables of its README."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "environment: names are of upper case letters, digits and underscores."
  }
}

variable "statements" {
  description = "What the role is allowed, beside what this module adds by itself: dead letters, the failure queue, the key, the own log, network interfaces."
  type = list(object({
    sid        = string
    actions    = list(string)
    resources  = list(string)
    conditions = optional(map(map(list(string))), {})
  }))
  default = []

  validation {
    condition     = alltrue([for s in var.statements : can(regex("^[A-Za-z0-9]+$", s.sid))])
    error_message = "statements: a sid is of letters and digits."
  }

  validation {
    condition     = alltrue(flatten([for s in var.statements : [for a in s.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", a))]]))
    error_message = "statements: actions are service:Action, without *."
  }
}

variable "encryption" {
  description = "The key that the function uses, and through which services only (kms:ViaService): s3, sqs, dynamodb, kinesis, secretsmanager."
  type = object({
    arn      = string
    services = set(string)
  })
  default = null
}

variable "network" {
  description = "Subnets and security groups, when the function shall run in a VPC. The role has rights on network interfaces only then."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.network == null ? true : length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0
    error_message = "network: at least one subnet and one security group."
  }
}

variable "kafka_pollers" {
  description = "The function has a mapping of MSK, or of a Kafka in a VPC, whose pollers make network interfaces with its role."
  type        = bool
  default     = false
}

variable "duration_alarm" {
  description = "Whether an alarm tells that the function comes near its time-out. Not for one that uses all the time it gets."
  type        = bool
  default     = true
}

variable "dead_letter_bucket" {
  description = "The bucket for dead letters: sets DEAD_LETTER_BUCKET, lets the role put below HANDLER/ and adds an alarm on RecordsDead."
  type = object({
    name = string
    arn  = string
  })
  default = null
}

variable "asynchronous" {
  description = "Set where services invoke the function asynchronously: how often and how long Lambda tries again."
  type = object({
    retries   = optional(number, 2)
    max_age_s = optional(number, 21600)
  })
  default = null

  validation {
    condition     = var.asynchronous == null ? true : contains([0, 1, 2], var.asynchronous.retries)
    error_message = "asynchronous.retries: 0 to 2."
  }

  validation {
    condition     = var.asynchronous == null ? true : var.asynchronous.max_age_s >= 60 && var.asynchronous.max_age_s <= 21600
    error_message = "asynchronous.max_age_s: 60 to 21600 seconds."
  }
}

variable "failure_queue_arn" {
  description = "ARN of the queue that gets what failed for good: of asynchronous invocations, and of the function's stream mappings (whose destination is sent with the function's role)."
  type        = string
  default     = null
}

variable "recursive_loop" {
  description = "Allow for a function that sends messages to the queue that invokes it; Lambda would stop it after sixteen."
  type        = string
  default     = "Terminate"

  validation {
    condition     = contains(["Allow", "Terminate"], var.recursive_loop)
    error_message = "recursive_loop: Allow or Terminate."
  }
}

variable "log_retention_days" {
  description = "Days that the function's own log lines are kept."
  type        = number
  default     = 30

  validation {
    condition = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the log group. Its policy must let CloudWatch Logs use it."
  type        = string
  default     = null
}

variable "alarms" {
  description = "Alarms beside errors, throttles, duration, dead and lost, by the end of their name. The function's name is their dimension."
  type = map(object({
    description = string
    namespace   = optional(string, "AWS/Lambda")
    metric      = string
    statistic   = optional(string, "Sum")
    comparison  = optional(string, "GreaterThanThreshold")
    threshold   = optional(number, 0)
    period_s    = optional(number, 300)
    periods     = optional(number, 1)
    missing     = optional(string, "notBreaching")
  }))
  default = {}

  validation {
    condition     = alltrue([for a in values(var.alarms) : contains(["notBreaching", "breaching", "ignore", "missing"], a.missing)])
    error_message = "alarms: missing is notBreaching, breaching, ignore or missing."
  }

  validation {
    condition     = alltrue([for a in values(var.alarms) : a.period_s >= 60 && a.period_s % 60 == 0 && a.periods >= 1])
    error_message = "alarms: period_s is a multiple of 60, periods 1 or more."
  }
}

variable "alarm_actions" {
  description = "ARNs that are told when an alarm begins and ends: topics."
  type        = list(string)
  default     = []
}
