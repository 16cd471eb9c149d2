variable "bucket" {
  description = "Name of the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket: 3 to 63 lower case letters, digits and hyphens."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts what is put without a key of its own."
  type        = string
}

variable "expiration_days" {
  description = "Days after which objects are deleted."
  type        = number
  default     = 90

  validation {
    condition     = var.expiration_days >= 1 && floor(var.expiration_days) == var.expiration_days
    error_message = "expiration_days: 1 or more."
  }
}

variable "force_destroy" {
  description = "Let terraform destroy delete the bucket with what is in it."
  type        = bool
  default     = false
}
