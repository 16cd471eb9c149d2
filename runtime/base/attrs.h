/* Compiler attributes under one name each; differences between gcc and clang end here. */
#ifndef PS_ATTRS_H
#define PS_ATTRS_H

/* Part of the handler ABI: exported by the object that defines it (see runtime/penstock.list). */
#define PS_API __attribute__((visibility("default")))
#define PS_MUST_USE __attribute__((warn_unused_result))
#define PS_PRINTF(format_at, first_arg_at) __attribute__((format(printf, format_at, first_arg_at)))
#define PS_NORETURN __attribute__((noreturn))
#define PS_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define PS_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
