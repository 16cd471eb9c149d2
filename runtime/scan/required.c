#include "scan/required.h"

enum { NESTING_MAX = 12 }; /* of groups; some 2 KB of stack each */

struct text {
    uint8_t len;
    bool caseless;
    char bytes[PS_REQUIRED_BYTES_MAX];
};

struct set {
    size_t count;
    struct text items[PS_REQUIRED_MAX];
};

static const struct set NOTHING = { 0 };
static const struct set EMPTY_TEXT = { .count = 1 };

/* One alternative of a group, as far as it is read. */
struct branch {
    struct set run;    /* what the stretch in hand may read as, all of it */
    bool is_all;       /* the stretch is the whole branch so far */
    struct set begins; /* when it is not: the branch begins with one of these */
    struct set best;   /* one of these is in every match; none: nothing is proven */
};

/* What is true of the branches read so far. */
struct group {
    bool caseless;
    bool is_aside;     /* a look-around: takes no text */
    bool is_exact;     /* they may read as ends, and as nothing else */
    struct set begins; /* they begin with one of these */
    struct set ends;   /* they end with one of these */
    bool is_required;
    struct set required; /* when is_required: one of these is in every match */
    struct branch branch;
};

struct reading {
    struct ps_span regex;
    size_t at;
    struct group groups[NESTING_MAX]; /* groups[0] is the regex as a whole */
    size_t depth;                     /* index of the innermost open one */
};

enum times { ONCE, MAYBE, ANY_TIMES, MANY_TIMES };

/* -- sets ---------------------------------------------------------------------------------------------------------- */

static bool add_text(struct set *set, const struct text *text)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct text *item = &set->items[i];
        if (item->len == text->len && item->caseless == text->caseless &&
            memcmp(item->bytes, text->bytes, text->len) == 0)
            return true;
    }
    if (set->count == PS_REQUIRED_MAX) return false;
    set->items[set->count++] = *text;
    return true;
}

/* False, and into of no use, when there are too many. */
static bool join(struct set *into, const struct set *other)
{
    for (size_t i = 0; i < other->count; i++) {
        if (!add_text(into, &other->items[i])) return false;
    }
    return true;
}

/* Each text of first with each of second behind it; false when they are too many or too long. */
static bool cross(const struct set *first, const struct set *second, struct set *out)
{
    *out = NOTHING;
    for (size_t i = 0; i < first->count; i++) {
        for (size_t j = 0; j < second->count; j++) {
            struct text text = first->items[i];
            const struct text *behind = &second->items[j];
            if (behind->len > PS_REQUIRED_BYTES_MAX - text.len) return false;
            memcpy(text.bytes + text.len, behind->bytes, behind->len);
            text.len = (uint8_t)(text.len + behind->len);
            text.caseless |= behind->caseless;
            if (!add_text(out, &text)) return false;
        }
    }
    return true;
}

static size_t shortest(const struct set *set)
{
    size_t least = set->count == 0 ? 0 : PS_REQUIRED_BYTES_MAX;
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].len < least) least = set->items[i].len;
    }
    return least;
}

/* -- one branch ---------------------------------------------------------------------------------------------------- */

/* Of two sets that are as good the later stays: in logs values stand behind their names, and are rarer. */
static void consider(struct branch *branch, const struct set *set)
{
    size_t len = shortest(set);
    size_t best = shortest(&branch->best);
    if (len > 0 && (len > best || (len == best && set->count <= branch->best.count))) branch->best = *set;
}

/* Behind the stretch stands something that may read as anything. */
static void break_run(struct branch *branch)
{
    consider(branch, &branch->run);
    if (branch->is_all) branch->begins = branch->run;
    branch->run = EMPTY_TEXT;
    branch->is_all = false;
}

static void append(struct branch *branch, const struct set *set)
{
    struct set longer;
    if (cross(&branch->run, set, &longer)) {
        branch->run = longer;
        return;
    }
    break_run(branch);
    branch->run = *set;
}

/* An item that reads as one of set, and nothing else. */
static void append_times(struct branch *branch, const struct set *set, enum times times)
{
    struct set maybe = EMPTY_TEXT;
    if (times == ANY_TIMES || (times == MAYBE && !join(&maybe, set))) {
        break_run(branch);
        return;
    }
    append(branch, times == MAYBE ? &maybe : set);
    if (times == MANY_TIMES) break_run(branch);
}

/* -- groups -------------------------------------------------------------------------------------------------------- */

static void begin_branch(struct group *group)
{
    group->branch = (struct branch){ .run = EMPTY_TEXT, .is_all = true };
}

static void end_branch(struct group *group)
{
    struct branch *branch = &group->branch;
    consider(branch, &branch->run);
    if (!join(&group->begins, branch->is_all ? &branch->run : &branch->begins)) group->begins = EMPTY_TEXT;
    bool all_ends = join(&group->ends, &branch->run);
    if (!all_ends) group->ends = EMPTY_TEXT;
    group->is_exact = group->is_exact && branch->is_all && all_ends;
    group->is_required = group->is_required && branch->best.count > 0 && join(&group->required, &branch->best);
}

static bool open_group(struct reading *reading, bool caseless, bool is_aside)
{
    if (reading->depth + 1 == NESTING_MAX) return false;
    struct group *group = &reading->groups[++reading->depth];
    *group = (struct group){ .caseless = caseless, .is_aside = is_aside, .is_exact = true, .is_required = true };
    begin_branch(group);
    return true;
}

static void append_group(struct branch *branch, const struct group *group, enum times times)
{
    if (group->is_aside) return;
    if (group->is_exact) {
        append_times(branch, &group->ends, times);
        return;
    }
    bool is_there = times == ONCE || times == MANY_TIMES;
    if (is_there) append(branch, &group->begins);
    break_run(branch);
    if (!is_there) return;
    if (group->is_required) consider(branch, &group->required);
    branch->run = group->ends;
}

/* -- reading: each returns false for what is not understood -------------------------------------------------------- */

/* The byte n places on; a NUL behind the end, which nothing here asks for. */
static char peek(const struct reading *reading, size_t n)
{
    return reading->at + n < reading->regex.len ? reading->regex.data[reading->at + n] : '\0';
}

static bool is_one_of(char c, struct ps_span words)
{
    return ps_span_find_byte(words, c) != PS_SPAN_NONE;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* "{2}", "{2,}" or "{2,5}" at the reader; other braces are not understood. */
static bool read_braces(struct reading *reading, enum times *times)
{
    struct ps_span rest = ps_span_from(reading->regex, reading->at + 1);
    ptrdiff_t len = ps_span_find_byte(rest, '}');
    if (len == PS_SPAN_NONE) return false;
    struct ps_span most = ps_span_first(rest, (size_t)len);
    bool comma = false;
    struct ps_span least = ps_span_split(&most, ',', &comma);
    uint64_t count = 0;
    uint64_t ignored = 0;
    if (!ps_span_to_u64(least, &count)) return false;
    if (comma && most.len > 0 && !ps_span_to_u64(most, &ignored)) return false;
    *times = count == 0 ? ANY_TIMES : MANY_TIMES;
    reading->at += (size_t)len + 2;
    return true;
}

static bool read_times(struct reading *reading, enum times *times)
{
    *times = ONCE;
    char c = peek(reading, 0);
    if (!is_one_of(c, PS_SPAN("?*+{"))) return true;
    if (c == '{') {
        if (!read_braces(reading, times)) return false;
    } else {
        *times = c == '?' ? MAYBE : c == '*' ? ANY_TIMES : MANY_TIMES;
        reading->at++;
    }
    if (is_one_of(peek(reading, 0), PS_SPAN("?+"))) reading->at++; /* lazy, possessive */
    return !is_one_of(peek(reading, 0), PS_SPAN("?*+{"));
}

static void add_byte(struct set *set, char c, bool caseless, bool *is_full)
{
    struct text text = { .len = 1, .caseless = caseless && (c | 0x20) >= 'a' && (c | 0x20) <= 'z', .bytes = { c } };
    if (!add_text(set, &text)) *is_full = true;
}

/* An item of one byte behind which the reader stands: one of set, or any byte when is_any. */
static bool append_item(struct reading *reading, const struct set *set, bool is_any)
{
    enum times times;
    if (!read_times(reading, &times)) return false;
    struct branch *branch = &reading->groups[reading->depth].branch;
    if (is_any)
        break_run(branch);
    else
        append_times(branch, set, times);
    return true;
}

static bool append_byte(struct reading *reading, char c)
{
    struct set set = NOTHING;
    bool is_full = false;
    add_byte(&set, c, reading->groups[reading->depth].caseless, &is_full);
    return append_item(reading, &set, false);
}

/* Behind a backslash: what it stands for when that is a byte that needs no argument. */
static bool escaped_byte(char c, char *byte)
{
    static const char CONTROLS[][2] = { { 't', '\t' }, { 'n', '\n' },   { 'r', '\r' },
                                        { 'f', '\f' }, { 'a', '\x07' }, { 'e', '\x1b' } };
    for (size_t i = 0; i < sizeof CONTROLS / sizeof CONTROLS[0]; i++) {
        if (CONTROLS[i][0] != c) continue;
        *byte = CONTROLS[i][1];
        return true;
    }
    *byte = c;
    return c > ' ' && c < 0x7f && !is_alnum(c);
}

static bool read_escape(struct reading *reading)
{
    char c = peek(reading, 1);
    reading->at += 2;
    char byte;
    if (escaped_byte(c, &byte)) return append_byte(reading, byte);
    if (is_one_of(c, PS_SPAN("dDwWsShHvVRX"))) return append_item(reading, &NOTHING, true);
    if (!is_one_of(c, PS_SPAN("bBAzZGK"))) return false;
    enum times times;
    return read_times(reading, &times); /* takes no text */
}

/* A class of a few single bytes reads as one of them; ranges, negation and \d as anything. */
static bool read_class(struct reading *reading)
{
    struct set set = NOTHING;
    bool caseless = reading->groups[reading->depth].caseless;
    reading->at++;
    bool is_any = peek(reading, 0) == '^';
    if (is_any) reading->at++;
    for (size_t begin = reading->at; reading->at == begin || peek(reading, 0) != ']'; reading->at++) {
        if (reading->at >= reading->regex.len) return false;
        char c = peek(reading, 0);
        if (c == '[' && is_one_of(peek(reading, 1), PS_SPAN(":.="))) return false;
        if (c == '-' && reading->at != begin && peek(reading, 1) != ']') is_any = true;
        if (c == '\\') {
            reading->at++;
            char escaped = peek(reading, 0);
            if (!escaped_byte(escaped, &c)) {
                if (!is_one_of(escaped, PS_SPAN("dDwWsShHvVb"))) return false;
                is_any = true;
            }
        }
        add_byte(&set, c, caseless, &is_any);
    }
    reading->at++;
    return append_item(reading, &set, is_any);
}

/* "(?i)", "(?i-s:" and their like; the reader is at the first option. */
static bool read_options(struct reading *reading)
{
    struct group *group = &reading->groups[reading->depth];
    bool caseless = group->caseless;
    bool on = true;
    for (; is_one_of(peek(reading, 0), PS_SPAN("ims-")); reading->at++) {
        if (peek(reading, 0) == '-') on = false;
        if (peek(reading, 0) == 'i') caseless = on;
    }
    char end = peek(reading, 0);
    reading->at++;
    if (end == ':') return open_group(reading, caseless, false);
    group->caseless = caseless; /* to the end of the group, in its later branches too */
    return end == ')';
}

/* At a name, which ends with end. */
static bool open_named(struct reading *reading, char end)
{
    ptrdiff_t len = ps_span_find_byte(ps_span_from(reading->regex, reading->at), end);
    if (len == PS_SPAN_NONE) return false;
    reading->at += (size_t)len + 1;
    return open_group(reading, reading->groups[reading->depth].caseless, false);
}

/* Behind "(?". */
static bool read_special_group(struct reading *reading)
{
    bool caseless = reading->groups[reading->depth].caseless;
    char c = peek(reading, 0);
    char next = peek(reading, 1);
    bool is_behind = c == '<' && is_one_of(next, PS_SPAN("=!"));
    if (is_behind || is_one_of(c, PS_SPAN("=!:>|"))) {
        reading->at += is_behind ? 2 : 1;
        return open_group(reading, caseless, is_behind || c == '=' || c == '!');
    }
    size_t name_at = c == 'P' && next == '<' ? 2 : c == '<' || c == '\'' ? 1 : 0;
    if (name_at == 0) return read_options(reading);
    if (!is_alnum(peek(reading, name_at)) && peek(reading, name_at) != '_') return false;
    reading->at += name_at;
    return open_named(reading, c == '\'' ? '\'' : '>');
}

static bool read_open(struct reading *reading)
{
    reading->at++;
    char c = peek(reading, 0);
    if (c == '*') return false;
    if (c != '?') return open_group(reading, reading->groups[reading->depth].caseless, false);
    reading->at++;
    return read_special_group(reading);
}

static bool read_close(struct reading *reading)
{
    reading->at++;
    enum times times;
    if (reading->depth == 0 || !read_times(reading, &times)) return false;
    struct group *group = &reading->groups[reading->depth--];
    end_branch(group);
    append_group(&reading->groups[reading->depth].branch, group, times);
    return true;
}

static bool read_item(struct reading *reading)
{
    char c = peek(reading, 0);
    struct group *group = &reading->groups[reading->depth];
    switch (c) {
    case '\\':
        return read_escape(reading);
    case '[':
        return read_class(reading);
    case '(':
        return read_open(reading);
    case ')':
        return read_close(reading);
    case '|':
        reading->at++;
        end_branch(group);
        begin_branch(group);
        return true;
    case '?':
    case '*':
    case '+':
    case '{':
        return false;
    default:
        reading->at++;
    }
    if (c == '.') return append_item(reading, &NOTHING, true);
    enum times times;
    if (c == '^' || c == '$') return read_times(reading, &times);
    return append_byte(reading, c);
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

static bool read_regex(struct reading *reading)
{
    struct group *whole = &reading->groups[0];
    *whole = (struct group){ .is_exact = true, .is_required = true };
    begin_branch(whole);
    while (reading->at < reading->regex.len) {
        if (!read_item(reading)) return false;
    }
    end_branch(whole);
    return reading->depth == 0 && whole->is_required && shortest(&whole->required) >= PS_REQUIRED_BYTES_MIN;
}

static enum ps_err copy_set(struct ps_arena *arena, const struct set *set, const struct ps_literal **out)
{
    struct ps_literal *literals = PS_ARENA_ARRAY(arena, struct ps_literal, set->count);
    if (literals == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory for the literals of a pattern");
    for (size_t i = 0; i < set->count; i++) {
        const struct text *text = &set->items[i];
        char *bytes = ps_arena_bytes(arena, text->len);
        if (bytes == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory for the literals of a pattern");
        memcpy(bytes, text->bytes, text->len);
        literals[i] = (struct ps_literal){ .text = ps_span_make(bytes, text->len), .caseless = text->caseless };
    }
    *out = literals;
    return PS_OK;
}

enum ps_err ps_required_find(struct ps_arena *arena, struct ps_span regex, const struct ps_literal **literals,
                             size_t *count)
{
    struct reading reading;
    reading.regex = regex;
    reading.at = 0;
    reading.depth = 0;
    const struct set *found = read_regex(&reading) ? &reading.groups[0].required : &NOTHING;
    if (found->count > 0) PS_TRY(copy_set(arena, found, literals));
    *count = found->count;
    return PS_OK;
}
