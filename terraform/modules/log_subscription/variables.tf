variable "log_group_name" {
  description = "Name of the log group whose lines go to the function. It must exist, in this account and region."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_/.#-]{1,512}$", var.log_group_name))
    error_message = "log_group_name: 1 to 512 letters, digits and _ / . # -."
  }
}

variable "function_name" {
  description = "Name of the function that is invoked."
  type        = string
}

variable "function_arn" {
  description = "ARN of the function that is invoked."
  type        = string
}

variable "filter_name" {
  description = "Name of the subscription filter; a log group can have two."
  type        = string

  validation {
    condition     = can(regex("^[^:*]{1,512}$", var.filter_name))
    error_message = "filter_name: 1 to 512 characters, without : and *."
  }
}

variable "filter_pattern" {
  description = "CloudWatch's filter pattern; empty: every line."
  type        = string
  default     = ""

  validation {
    condition     = length(var.filter_pattern) <= 1024
    error_message = "filter_pattern: 1024 characters at most."
  }
}
