variable "name" {
  description = "Name of the table."
  type        = string
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the table."
  type        = string
}

variable "deletion_protection" {
  description = "Refuse to delete the table."
  type        = bool
  default     = true
}

variable "index" {
  description = "A global secondary index: the types of its keys by name (S, N), which of them is which, and what else it holds; null: none."
  type = object({
    name               = string
    keys               = map(string)
    hash_key           = string
    range_key          = string
    non_key_attributes = list(string)
  })
  default = null
}
