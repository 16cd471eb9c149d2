variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "packages" {
  description = "Folder with the zips of a release, from here."
  type        = string
  default     = "../../../dist/x86_64"
}

variable "master_role_arn" {
  description = "ARN of the role that administers the domain: it runs penstock apply and maps the function's role."
  type        = string
}

variable "log_groups" {
  description = "Log groups that are subscribed. They must exist."
  type        = set(string)
}

variable "environment" {
  description = "Environment of log records that do not name one."
  type        = string
  default     = "prod"
}

variable "alarm_mail" {
  description = "Address that alarms are mailed to."
  type        = string
  default     = ""
}

variable "cidr" {
  description = "Addresses of the VPC."
  type        = string
  default     = "10.80.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.cidr, 8, 1))
    error_message = "cidr: a block with room for two subnets, such as 10.80.0.0/16."
  }
}

variable "interfaces" {
  description = "Services that functions call through interfaces, which bill by the hour. Log search needs none; the module's README says which other lanes do."
  type        = set(string)
  default     = []
}
