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

variable "log_groups" {
  description = "Log groups whose events go into the stream. They must exist."
  type        = set(string)
}

variable "alarm_mail" {
  description = "Address that alarms are mailed to."
  type        = string
  default     = ""
}
