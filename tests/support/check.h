/* Assertions for test programs. A test is a function whose name is the fact it proves; main runs each with RUN and
 * ends with return check_finish(). A failed check prints where and what, fails its test and lets it go on;
 * CHECK_OR_RETURN leaves it. Output: "ok NAME" or "not ok NAME", then "# N passed, N failed" for the runner. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

bool check_true(bool ok, const char *what, const char *file, int line);
bool check_i64(int64_t got, int64_t wanted, const char *what, const char *file, int line);
bool check_span(struct ps_span got, struct ps_span wanted, const char *what, const char *file, int line);
bool check_err(enum ps_err got, enum ps_err wanted, const char *what, const char *file, int line);
void check_run(const char *name, void (*test)(void));
int check_finish(void);

#define CHECK(condition) check_true((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(got, wanted) check_i64((int64_t)(got), (int64_t)(wanted), #got, __FILE__, __LINE__)
#define CHECK_SPAN(got, wanted) check_span((got), (wanted), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, literal) check_span((got), ps_span_of(literal), #got, __FILE__, __LINE__)
#define CHECK_OK(call) check_err((call), PS_OK, #call, __FILE__, __LINE__)
#define CHECK_ERR(call, wanted) check_err((call), (wanted), #call, __FILE__, __LINE__)
#define CHECK_OR_RETURN(condition) \
    do { \
        if (!CHECK(condition)) return; \
    } while (0)
#define RUN(test) check_run(#test, (test))

/* The failure sweep: runs call with the arena's first request failing, then the second, and so on until the call
 * succeeds. Each failure must be NO_MEMORY. The arena is rewound between runs; at least one failing point is expected.
 */
#define PS_EACH_FAILURE(arena, call) \
    do { \
        struct ps_arena_mark sweep_mark_ = ps_arena_mark(arena); \
        enum ps_err sweep_err_ = PS_ERR_NO_MEMORY; \
        size_t sweep_at_ = 1; \
        for (; sweep_err_ != PS_OK && sweep_at_ < 10000; sweep_at_++) { \
            (arena)->fail_countdown = sweep_at_; \
            sweep_err_ = (call); \
            (arena)->fail_countdown = 0; \
            ps_arena_rewind((arena), sweep_mark_); \
            if (sweep_err_ != PS_OK) check_err(sweep_err_, PS_ERR_NO_MEMORY, #call, __FILE__, __LINE__); \
        } \
        check_true(sweep_err_ == PS_OK && sweep_at_ > 2, "the sweep reached success: " #call, __FILE__, __LINE__); \
    } while (0)

/* An arena, or the end of the program; give it back with ps_arena_fini. */
struct ps_arena check_arena(size_t ceiling_bytes);

#endif
