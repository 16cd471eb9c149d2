#include "record/match.h"

#include <pcre2.h>

#include "base/assert.h"

enum { JIT_STACK_BYTES_MIN = 32 << 10, JIT_STACK_BYTES_MAX = 512 << 10, REASON_BYTES_MAX = 160 };

/* PCRE2 keeps the address of this for as long as it keeps memory. */
struct memory {
    struct ps_arena *arena;
    bool was_full;
};

struct ps_match {
    struct memory memory;
    pcre2_code *code;
    struct ps_span literal;
    bool prefilter;
};

struct ps_match_scratch {
    struct memory memory;
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    uint32_t group_count; /* of the last find: groups from here on took no part */
};

static void *take(size_t size, void *memory_data)
{
    struct memory *memory = memory_data;
    void *piece = ps_arena_alloc(memory->arena, size, _Alignof(max_align_t));
    if (piece == NULL) memory->was_full = true;
    return piece;
}

/* Memory of an arena is taken back as a whole. */
static void give_back(void *piece, void *memory_data)
{
    (void)piece;
    (void)memory_data;
}

/* -- the required literal --------------------------------------------------------------------------------------- */

/* strchr would find the NUL at the end of words. */
static bool is_one_of(char c, struct ps_span words)
{
    return ps_span_find_byte(words, c) != PS_SPAN_NONE;
}

/* Offset behind the class that opens at `at`. PCRE2 has accepted the pattern, so it closes. */
static size_t skip_class(struct ps_span pattern, size_t at)
{
    size_t i = at + 1;
    if (i < pattern.len && pattern.data[i] == '^') i++;
    if (i < pattern.len && pattern.data[i] == ']') i++;
    for (; i < pattern.len && pattern.data[i] != ']'; i++) {
        if (pattern.data[i] == '\\') i++;
    }
    return i < pattern.len ? i + 1 : pattern.len;
}

/* Offset behind the group that opens at `at`. */
static size_t skip_group(struct ps_span pattern, size_t at)
{
    size_t depth = 0;
    size_t i = at;
    while (i < pattern.len) {
        char c = pattern.data[i];
        if (c == '\\') {
            i += 2;
            continue;
        }
        if (c == '[') {
            i = skip_class(pattern, i);
            continue;
        }
        i++;
        if (c == '(') depth++;
        if (c == ')' && --depth == 0) return i;
    }
    return pattern.len;
}

/* Whether the pattern uses only what the analysis understands. Options inside the pattern may change how the rest
 * is read (x, i), verbs and conditions may change what is required, POSIX names have brackets inside brackets: then
 * there is no literal, which is always right. */
static bool is_plain(struct ps_span pattern)
{
    for (size_t i = 0; i + 1 < pattern.len; i++) {
        char c = pattern.data[i];
        char next = pattern.data[i + 1];
        bool options =
            c == '(' && next == '?' && (i + 2 >= pattern.len || !is_one_of(pattern.data[i + 2], PS_SPAN(":=!<>")));
        bool verb = c == '(' && next == '*';
        bool posix = c == '[' && is_one_of(next, PS_SPAN(":.="));
        bool quoting = c == '\\' && (next == 'Q' || next == 'E');
        if (options || verb || posix || quoting) return false;
        if (c == '\\') i++;
    }
    return true;
}

/* How often the item before `at` must occur: 0 when it may be missing, 1 without a quantifier. *behind: offset
 * behind the quantifier. */
static unsigned quantifier(struct ps_span pattern, size_t at, size_t *behind)
{
    *behind = at;
    if (at >= pattern.len) return 1;
    char c = pattern.data[at];
    unsigned least = 1;
    if (c == '?' || c == '*') {
        least = 0;
        *behind = at + 1;
    } else if (c == '+') {
        least = 2; /* "at least once", but the run of literals ends here */
        *behind = at + 1;
    } else if (c == '{') {
        size_t i = at + 1;
        while (i < pattern.len && is_one_of(pattern.data[i], PS_SPAN("0123456789, ")))
            i++;
        if (i >= pattern.len || pattern.data[i] != '}') return 1; /* a brace, not a quantifier */
        least = 0;                                                /* whatever it says: that only shortens the literal */
        *behind = i + 1;
    }
    while (*behind > at && *behind < pattern.len && (pattern.data[*behind] == '?' || pattern.data[*behind] == '+'))
        (*behind)++;
    return least;
}

/* The literal byte of the item at `at` and the offset behind it; false for whatever is no single literal byte. */
static bool literal_item(struct ps_span pattern, size_t at, char *byte, size_t *behind)
{
    char c = pattern.data[at];
    *behind = at + 1;
    if (c == '(') {
        *behind = skip_group(pattern, at);
        return false;
    }
    if (c == '[') {
        *behind = skip_class(pattern, at);
        return false;
    }
    if (c == '.' || c == '^' || c == '$' || c == ')' || c == '{' || c == '}') return false;
    if (c != '\\') {
        *byte = c;
        return true;
    }
    if (at + 1 >= pattern.len) return false;
    *behind = at + 2;
    char escaped = pattern.data[at + 1];
    *byte = escaped;
    return (escaped >= '!' && escaped <= '/') || (escaped >= ':' && escaped <= '@') ||
           (escaped >= '[' && escaped <= '`') || (escaped >= '{' && escaped <= '~') || escaped == ' ';
}

/* Escapes with an argument (\x41, \p{L}, \g{1}, \123) are beyond the analysis: what follows them is not literal. */
static bool has_argument_escape(struct ps_span pattern)
{
    for (size_t i = 0; i + 1 < pattern.len; i++) {
        if (pattern.data[i] != '\\') continue;
        if (is_one_of(pattern.data[i + 1], PS_SPAN("xopPNgkuUc0123456789"))) return true;
        i++;
    }
    return false;
}

/* Writes the longest run of required literals to buf (pattern.len bytes) and returns its length. */
static size_t find_literal(struct ps_span pattern, bool utf, char *buf)
{
    if (!is_plain(pattern) || has_argument_escape(pattern)) return 0;
    size_t best_at = 0;
    size_t best_len = 0;
    size_t run_at = 0;
    size_t run_len = 0;
    size_t at = 0;
    while (at < pattern.len) {
        if (pattern.data[at] == '|') return 0; /* at the top level: nothing is required */
        char byte = 0;
        size_t behind = 0;
        bool is_literal = literal_item(pattern, at, &byte, &behind);
        /* A quantifier behind it is for the whole character, not for its last byte. */
        if (utf && (byte & 0x80) != 0) is_literal = false;
        unsigned least = quantifier(pattern, behind, &at);
        if (is_literal && least > 0) buf[run_at + run_len++] = byte;
        if (run_len > best_len) {
            best_at = run_at;
            best_len = run_len;
        }
        if (!is_literal || least != 1) {
            run_at += run_len;
            run_len = 0;
        }
    }
    memmove(buf, buf + best_at, best_len);
    return best_len;
}

/* -- compiling --------------------------------------------------------------------------------------------------- */

static enum ps_err fail_to_compile(const struct memory *memory, int code, size_t offset)
{
    if (memory->was_full) PS_FAIL(PS_ERR_NO_MEMORY, "no memory to compile a pattern");
    PCRE2_UCHAR reason[REASON_BYTES_MAX] = { 0 };
    (void)pcre2_get_error_message(code, reason, sizeof reason);
    PS_FAIL(PS_ERR_BAD_CONFIG, "pattern: offset %zu: %s", offset, (const char *)reason);
}

static enum ps_err compile_code(struct ps_match *match, struct ps_span pattern, unsigned flags)
{
    pcre2_general_context *general = pcre2_general_context_create(take, give_back, &match->memory);
    pcre2_compile_context *context = general == NULL ? NULL : pcre2_compile_context_create(general);
    if (context == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory to compile a pattern");
    uint32_t options = PCRE2_NEVER_BACKSLASH_C;
    if ((flags & PS_MATCH_CASELESS) != 0) options |= PCRE2_CASELESS;
    options |= (flags & PS_MATCH_UTF) != 0 ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : PCRE2_NEVER_UTF;
    int code = 0;
    size_t offset = 0;
    match->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len, options, &code, &offset, context);
    if (match->code == NULL) return fail_to_compile(&match->memory, code, offset);
    /* Without JIT (a kernel that maps nothing executable) the interpreter serves, within the same limits. */
    (void)pcre2_jit_compile(match->code, PCRE2_JIT_COMPLETE);
    if (!match->memory.was_full) return PS_OK;
    ps_match_close(match);
    PS_FAIL(PS_ERR_NO_MEMORY, "no memory to compile a pattern");
}

/* (?C...) would call a function that nobody registers. */
static bool has_callout(struct ps_span pattern)
{
    return ps_span_find(pattern, PS_SPAN("(?C")) != PS_SPAN_NONE;
}

enum ps_err ps_match_compile(struct ps_arena *process, struct ps_span pattern, unsigned flags, struct ps_match **out)
{
    if (pattern.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "pattern: empty");
    if (pattern.len > PS_MATCH_PATTERN_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "pattern: %zu bytes, over %d", pattern.len, PS_MATCH_PATTERN_BYTES_MAX);
    if (has_callout(pattern)) PS_FAIL(PS_ERR_BAD_CONFIG, "pattern: callouts are not supported");
    struct ps_match *match = PS_ARENA_NEW(process, struct ps_match);
    char *literal = ps_arena_bytes(process, pattern.len);
    if (match == NULL || literal == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory to compile a pattern");
    match->memory.arena = process;
    PS_TRY(compile_code(match, pattern, flags));
    size_t literal_len =
        (flags & PS_MATCH_CASELESS) != 0 ? 0 : find_literal(pattern, (flags & PS_MATCH_UTF) != 0, literal);
    match->literal = ps_span_make(literal, literal_len);
    match->prefilter = literal_len > 0 && (flags & PS_MATCH_NO_PREFILTER) == 0;
    *out = match;
    return PS_OK;
}

void ps_match_close(struct ps_match *match)
{
    if (match == NULL || match->code == NULL) return;
    pcre2_code_free(match->code);
    match->code = NULL;
}

enum ps_err ps_match_scratch_open(struct ps_arena *process, struct ps_match_scratch **out)
{
    struct ps_match_scratch *scratch = PS_ARENA_NEW(process, struct ps_match_scratch);
    if (scratch == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory to match patterns");
    scratch->memory.arena = process;
    pcre2_general_context *general = pcre2_general_context_create(take, give_back, &scratch->memory);
    if (general != NULL) {
        scratch->data = pcre2_match_data_create(PS_MATCH_GROUPS_MAX + 1, general);
        scratch->context = pcre2_match_context_create(general);
        scratch->stack = pcre2_jit_stack_create(JIT_STACK_BYTES_MIN, JIT_STACK_BYTES_MAX, general);
    }
    if (scratch->memory.was_full || scratch->data == NULL || scratch->context == NULL) {
        ps_match_scratch_close(scratch);
        PS_FAIL(PS_ERR_NO_MEMORY, "no memory to match patterns");
    }
    (void)pcre2_set_match_limit(scratch->context, PS_MATCH_STEPS_MAX);
    (void)pcre2_set_depth_limit(scratch->context, PS_MATCH_DEPTH_MAX);
    (void)pcre2_set_heap_limit(scratch->context, PS_MATCH_HEAP_KB_MAX);
    /* Without a stack of its own JIT code uses 32 kB of the machine's. */
    if (scratch->stack != NULL) pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    *out = scratch;
    return PS_OK;
}

void ps_match_scratch_close(struct ps_match_scratch *scratch)
{
    if (scratch == NULL || scratch->stack == NULL) return;
    pcre2_jit_stack_free(scratch->stack);
    scratch->stack = NULL;
}

/* -- finding ----------------------------------------------------------------------------------------------------- */

enum ps_match_result ps_match_find(const struct ps_match *match, struct ps_match_scratch *scratch, struct ps_span text,
                                   size_t from, size_t *begin, size_t *end)
{
    PS_ASSERT(from <= text.len);
    scratch->group_count = 0;
    if (match->prefilter && ps_span_find(ps_span_from(text, from), match->literal) == PS_SPAN_NONE)
        return PS_MATCH_NOT_FOUND;
    PCRE2_SPTR subject = text.len == 0 ? (PCRE2_SPTR) "" : (PCRE2_SPTR)text.data;
    int count = pcre2_match(match->code, subject, text.len, from, 0, scratch->data, scratch->context);
    if (count == PCRE2_ERROR_NOMATCH) return PS_MATCH_NOT_FOUND;
    /* Every other failure means that PCRE2 gave up: a limit, or no memory within the limits. */
    if (count < 0) return PS_MATCH_LIMIT;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(scratch->data);
    /* PCRE2 refuses \K in a look-around, the only way to end before the begin. */
    PS_ASSERT(ends[0] <= ends[1] && ends[1] <= text.len);
    *begin = ends[0];
    *end = ends[1];
    /* 0: there are more than we keep. */
    scratch->group_count = count == 0 ? PS_MATCH_GROUPS_MAX + 1 : (uint32_t)count;
    return PS_MATCH_FOUND;
}

/* PCRE2's table of names: two bytes of number, then the name and a NUL. */
size_t ps_match_groups(const struct ps_match *match, struct ps_match_group *groups, size_t max)
{
    uint32_t count = 0;
    uint32_t entry_bytes = 0;
    PCRE2_SPTR table = NULL;
    (void)pcre2_pattern_info(match->code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(match->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
    (void)pcre2_pattern_info(match->code, PCRE2_INFO_NAMETABLE, &table);
    for (size_t i = 0; i < count && i < max; i++) {
        const uint8_t *entry = table + i * entry_bytes;
        groups[i] = (struct ps_match_group){
            .name = ps_span_of((const char *)entry + 2),
            .number = (uint32_t)entry[0] << 8 | entry[1],
        };
    }
    return count;
}

bool ps_match_group(const struct ps_match_scratch *scratch, struct ps_span text, uint32_t number, struct ps_span *out)
{
    if (number >= scratch->group_count) return false;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(scratch->data) + (size_t)2 * number;
    if (ends[0] == PCRE2_UNSET) return false;
    PS_ASSERT(ends[0] <= ends[1] && ends[1] <= text.len);
    *out = ps_span_make(text.data + ends[0], ends[1] - ends[0]);
    return true;
}

struct ps_span ps_match_literal(const struct ps_match *match)
{
    return match->literal;
}
