#include "record/secret.h"

#include "base/assert.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* -- bytes --------------------------------------------------------------------------------------------------------- */

enum {
    DIGIT = 1 << 0,
    UPPER = 1 << 1,
    LOWER = 1 << 2,
    HEX = 1 << 3,
    B64 = 1 << 4,        /* + and / */
    URL64 = 1 << 5,      /* - and _ */
    LOCAL = 1 << 6,      /* of a mailbox name, beside letters and digits */
    CREDENTIAL = 1 << 7, /* what a credential may hold after its scheme */
};

enum { ALNUM = DIGIT | UPPER | LOWER };

static const uint8_t BYTES[256] = {
    ['0' ... '9'] = DIGIT | HEX | CREDENTIAL,
    ['A' ... 'F'] = UPPER | HEX | CREDENTIAL,
    ['G' ... 'Z'] = UPPER | CREDENTIAL,
    ['a' ... 'f'] = LOWER | HEX | CREDENTIAL,
    ['g' ... 'z'] = LOWER | CREDENTIAL,
    ['+'] = B64 | LOCAL | CREDENTIAL,
    ['/'] = B64 | CREDENTIAL,
    ['-'] = URL64 | LOCAL | CREDENTIAL,
    ['_'] = URL64 | LOCAL | CREDENTIAL,
    ['.'] = LOCAL | CREDENTIAL,
    ['%'] = LOCAL | CREDENTIAL,
    ['~'] = CREDENTIAL,
    ['='] = CREDENTIAL,
    [':'] = CREDENTIAL,
    ['!'] = CREDENTIAL,
    ['#'] = CREDENTIAL,
    ['$'] = CREDENTIAL,
    ['&'] = CREDENTIAL,
    ['*'] = CREDENTIAL,
    ['?'] = CREDENTIAL,
    ['@'] = CREDENTIAL,
    ['^'] = CREDENTIAL,
    ['|'] = CREDENTIAL,
};

static bool is(char c, unsigned kinds)
{
    return (BYTES[(unsigned char)c] & kinds) != 0;
}

static bool is_at(struct ps_span text, size_t at, unsigned kinds)
{
    return at < text.len && is(text.data[at], kinds);
}

/* How many bytes of kinds stand at `at`, at most most. */
static size_t run_at(struct ps_span text, size_t at, unsigned kinds, size_t most)
{
    size_t end = most < text.len - at ? at + most : text.len;
    size_t i = at;
    while (i < end && is(text.data[i], kinds))
        i++;
    return i - at;
}

/* How many bytes of kinds stand before `at`, at most most. */
static size_t run_before(struct ps_span text, size_t at, unsigned kinds, size_t most)
{
    size_t end = most < at ? at - most : 0;
    size_t i = at;
    while (i > end && is(text.data[i - 1], kinds))
        i--;
    return at - i;
}

static bool has_at(struct ps_span text, size_t at, struct ps_span wanted)
{
    return at <= text.len && ps_span_starts(ps_span_from(text, at), wanted);
}

/* wanted is lower-case letters. */
static bool has_word_at(struct ps_span text, size_t at, struct ps_span wanted)
{
    if (at > text.len || wanted.len > text.len - at) return false;
    for (size_t i = 0; i < wanted.len; i++) {
        if ((text.data[at + i] | 0x20) != wanted.data[i]) return false;
    }
    return true;
}

/* -- AWS key ids and JWTs ------------------------------------------------------------------------------------------ */

enum { KEY_ID_TAIL_BYTES_MIN = 16, KEY_ID_BYTES_MAX = 128 };

/* The identifiers of IAM: access keys first, then users, roles, groups, profiles, policies, certificates. */
static const char KEY_IDS[][5] = { "AKIA", "ASIA", "AROA", "AIDA", "AGPA", "AIPA",
                                   "ANPA", "ANVA", "APKA", "ABIA", "ACCA", "ASCA" };
enum { KEY_IDS_COUNT = sizeof KEY_IDS / sizeof KEY_IDS[0], KEY_IDS_ANYWHERE = 2 };

/* End of the key id that begins at `at`, or 0. Access keys are found wherever they stand; for the rest the run of
 * capitals and digits must begin here and be as long as theirs, because ULIDs and upper-case digests hold such letters
 * by chance. */
static size_t key_id_end(struct ps_span text, size_t at)
{
    if (text.len - at < 4 + KEY_ID_TAIL_BYTES_MIN) return 0;
    size_t which = 0;
    while (which < KEY_IDS_COUNT && memcmp(text.data + at, KEY_IDS[which], 4) != 0)
        which++;
    if (which == KEY_IDS_COUNT) return 0;
    size_t len = run_at(text, at, UPPER | DIGIT, KEY_ID_BYTES_MAX);
    if (len < 4 + KEY_ID_TAIL_BYTES_MIN) return 0;
    if (which < KEY_IDS_ANYWHERE) return at + len;
    return len <= 5 + KEY_ID_TAIL_BYTES_MIN ? at + len : 0;
}

enum {
    JWT_HEADER_BYTES_MIN = 10, /* {"a":1} in base64url */
    JWT_PAYLOAD_BYTES_MIN = 4,
    JWE_FURTHER_PARTS_MAX = 3,
};

/* End of the token whose first part ends with the dot at `dot`, or 0. */
static size_t jwt_end_behind(struct ps_span text, size_t dot)
{
    if (!has_at(text, dot, PS_SPAN("."))) return 0;
    size_t payload = run_at(text, dot + 1, ALNUM | URL64, text.len);
    size_t end = dot + 1 + payload;
    /* Cut off in its payload it still tells everything. */
    if (!has_at(text, end, PS_SPAN("."))) return has_at(text, dot + 1, PS_SPAN("eyJ")) ? end : 0;
    /* Only an encrypted token (JWE) may leave its second part out, and then it has more than dots behind it. */
    size_t next = run_at(text, end + 1, ALNUM | URL64, JWT_PAYLOAD_BYTES_MIN);
    if (payload < JWT_PAYLOAD_BYTES_MIN && (payload > 0 || next < JWT_PAYLOAD_BYTES_MIN)) return 0;
    for (int part = 0; part < JWE_FURTHER_PARTS_MAX && has_at(text, end, PS_SPAN(".")); part++) {
        size_t len = run_at(text, end + 1, ALNUM | URL64, text.len);
        if (len == 0 && part > 0) break;
        end += 1 + len;
    }
    return end;
}

/* End of the token whose "eyJ" (base64url of {") stands at `at`, or 0. */
static size_t jwt_end(struct ps_span text, size_t at, struct ps_secret_token *known)
{
    if (!has_at(text, at, PS_SPAN("eyJ"))) return 0;
    if (at < known->begin || at >= known->dot) {
        size_t dot = at + run_at(text, at, ALNUM | URL64, text.len);
        *known = (struct ps_secret_token){ at, dot, jwt_end_behind(text, dot) };
    }
    return known->dot - at >= JWT_HEADER_BYTES_MIN ? known->end : 0;
}

/* -- cards ----------------------------------------------------------------------------------------------------------
 */

enum { CARD_DIGITS_MIN = 13, CARD_DIGITS_MAX = 19, GROUPS_MAX = 5, DIGEST_BYTES_MIN = 24 };

#define LENGTHS_16_TO_19 (1U << 16 | 1U << 17 | 1U << 18 | 1U << 19)

/* Prefixes that are given to cards, and the lengths that go with them. Without them one number in ten would pass. */
static const struct {
    uint16_t low;
    uint16_t high;
    uint8_t digits;
    uint32_t lengths;
} BRANDS[] = {
    { 4, 4, 1, 1U << 13 | 1U << 16 | 1U << 19 },  /* Visa */
    { 51, 55, 2, 1U << 16 },                      /* Mastercard */
    { 2221, 2720, 4, 1U << 16 },                  /* Mastercard */
    { 34, 34, 2, 1U << 15 },                      /* American Express */
    { 37, 37, 2, 1U << 15 },                      /* American Express */
    { 300, 305, 3, 1U << 14 | LENGTHS_16_TO_19 }, /* Diners Club */
    { 309, 309, 3, 1U << 14 | LENGTHS_16_TO_19 }, /* Diners Club */
    { 36, 36, 2, 1U << 14 | LENGTHS_16_TO_19 },   /* Diners Club */
    { 38, 39, 2, 1U << 14 | LENGTHS_16_TO_19 },   /* Diners Club */
    { 6011, 6011, 4, LENGTHS_16_TO_19 },          /* Discover */
    { 644, 649, 3, LENGTHS_16_TO_19 },            /* Discover */
    { 65, 65, 2, LENGTHS_16_TO_19 },              /* Discover, RuPay */
    { 3528, 3589, 4, LENGTHS_16_TO_19 },          /* JCB */
    { 62, 62, 2, LENGTHS_16_TO_19 },              /* UnionPay */
    { 2200, 2204, 4, LENGTHS_16_TO_19 },          /* Mir */
    { 5018, 5018, 4, 0x7fU << 13 },               /* Maestro, from here on */
    { 5020, 5020, 4, 0x7fU << 13 },
    { 5038, 5038, 4, 0x7fU << 13 },
    { 5893, 5893, 4, 0x7fU << 13 },
    { 6304, 6304, 4, 0x7fU << 13 },
    { 6759, 6759, 4, 0x7fU << 13 },
    { 6761, 6763, 4, 0x7fU << 13 },
};

static bool is_branded(const char *digits, size_t count)
{
    for (size_t i = 0; i < sizeof BRANDS / sizeof BRANDS[0]; i++) {
        if ((BRANDS[i].lengths >> count & 1) == 0) continue;
        unsigned prefix = 0;
        for (size_t d = 0; d < BRANDS[i].digits; d++)
            prefix = prefix * 10 + (unsigned)(digits[d] - '0');
        if (prefix >= BRANDS[i].low && prefix <= BRANDS[i].high) return true;
    }
    return false;
}

/* The check digit of ISO/IEC 7812-1. */
static bool passes_luhn(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        if (i % 2 == 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}

static bool is_card(const char *digits, size_t count)
{
    return is_branded(digits, count) && passes_luhn(digits, count);
}

/* How cards are printed; 0 ends a form. The longer form comes before the one it begins with. */
static const uint8_t FORMS[][GROUPS_MAX] = {
    { 4, 4, 4, 4, 3 }, { 4, 4, 4, 4, 2 }, { 4, 4, 4, 4, 1 }, { 4, 4, 4, 4 },
    { 4, 6, 5 },       { 4, 6, 4 },       { 4, 3, 3, 3 },    { 6, 13 },
};
enum { FORMS_COUNT = sizeof FORMS / sizeof FORMS[0] };

/* Digits in groups that one and the same separator parts. */
struct groups {
    char digits[GROUPS_MAX * CARD_DIGITS_MAX];
    uint8_t lens[GROUPS_MAX];
    size_t ends[GROUPS_MAX]; /* offsets in the text */
};

static void read_groups(struct ps_span text, size_t at, struct groups *groups)
{
    size_t i = at;
    size_t count = 0;
    for (int group = 0; group < GROUPS_MAX; group++) {
        size_t len = run_at(text, i, DIGIT, CARD_DIGITS_MAX + 1);
        if (len == 0 || len > CARD_DIGITS_MAX) return;
        memcpy(groups->digits + count, text.data + i, len);
        count += len;
        i += len;
        groups->lens[group] = (uint8_t)len;
        groups->ends[group] = i;
        if (i >= text.len || (text.data[i] != ' ' && text.data[i] != '-')) return;
        if (group > 0 && text.data[i] != text.data[groups->ends[0]]) return;
        i++;
    }
}

/* Part of a decimal fraction or of a telephone number. */
static bool is_other_number(struct ps_span text, size_t begin, size_t end)
{
    if (begin > 0 && text.data[begin - 1] == '+') return true;
    if (begin > 1 && text.data[begin - 1] == '.' && is(text.data[begin - 2], DIGIT)) return true;
    return has_at(text, end, PS_SPAN(".")) && is_at(text, end + 1, DIGIT);
}

/* End of the card printed in one of the forms, or 0. */
static size_t printed_card_end(struct ps_span text, size_t at, const struct groups *groups)
{
    for (size_t i = 0; i < FORMS_COUNT; i++) {
        size_t count = 0;
        size_t group = 0;
        while (group < GROUPS_MAX && FORMS[i][group] != 0 && FORMS[i][group] == groups->lens[group])
            count += FORMS[i][group++];
        bool fits = group == GROUPS_MAX || FORMS[i][group] == 0;
        if (!fits || !is_card(groups->digits, count)) continue;
        size_t end = groups->ends[group - 1];
        if (!is_other_number(text, at, end)) return end;
    }
    return 0;
}

/* Part of a digest or an object id: hexadecimal around it. */
static bool is_in_digest(struct ps_span text, size_t begin, size_t end)
{
    size_t before = run_before(text, begin, HEX, DIGEST_BYTES_MIN);
    size_t behind = run_at(text, end, HEX, DIGEST_BYTES_MIN);
    return before + behind > 0 && before + behind + (end - begin) >= DIGEST_BYTES_MIN;
}

/* End of the card whose first digit stands at `at` (no digit before it), or 0. Not lenient, it looks at what stands
 * around it, too. */
static size_t card_end(struct ps_span text, size_t at, bool lenient)
{
    /* Every prefix begins with 2 to 6. Epoch milliseconds don't, until 2033. */
    if (text.data[at] < '2' || text.data[at] > '6') return 0;
    size_t run = run_at(text, at, DIGIT, CARD_DIGITS_MAX + 1);
    if (run == 4 || run == 6) {
        struct groups groups = { 0 };
        read_groups(text, at, &groups);
        return printed_card_end(text, at, &groups);
    }
    if (run < CARD_DIGITS_MIN || run > CARD_DIGITS_MAX || !is_card(text.data + at, run)) return 0;
    size_t end = at + run;
    if (is_other_number(text, at, end)) return 0;
    return lenient || !is_in_digest(text, at, end) ? end : 0;
}

/* -- names that announce a secret -----------------------------------------------------------------------------------
 */

enum {
    GAP_BYTES_MAX = 48,      /* between a name and its value: quotes, colons, a short word */
    GAP_WORD_BYTES_MAX = 15, /* a longer word is a value of another kind */
    SECRET_KEY_BYTES = 40,
    SESSION_TOKEN_BYTES_MIN = 40,
    SESSION_TOKEN_BYTES_MAX = 64 << 10,
    CREDENTIAL_GAP_BYTES_MAX = 16,
    CREDENTIAL_BYTES_MAX = 64 << 10,
    CREDENTIAL_BYTES_MIN = 4,  /* base64 of u:p is dTpw */
    BARE_BEARER_BYTES_MIN = 8, /* shorter words after "bearer" are prose */
    BARE_BEARER_LETTERS_MIN = 32,
};

static size_t skip_joint(struct ps_span text, size_t at)
{
    return at < text.len && ps_span_find_byte(PS_SPAN("-_. "), text.data[at]) != PS_SPAN_NONE ? at + 1 : at;
}

/* secret [access] key; session token, security token; authorization; bearer. In any case, joined by nothing, a
 * hyphen, an underscore, a dot or a space. *end: behind the name. */
static enum ps_secret_name name_at(struct ps_span text, size_t at, size_t *end)
{
    if (has_word_at(text, at, PS_SPAN("secret"))) {
        size_t next = skip_joint(text, at + 6);
        if (has_word_at(text, next, PS_SPAN("access"))) next = skip_joint(text, next + 6);
        *end = next + 3;
        return has_word_at(text, next, PS_SPAN("key")) ? PS_SECRET_NAME_KEY : PS_SECRET_NAME_NONE;
    }
    size_t owner = has_word_at(text, at, PS_SPAN("session")) ? 7 : has_word_at(text, at, PS_SPAN("security")) ? 8 : 0;
    if (owner > 0) {
        size_t next = skip_joint(text, at + owner);
        *end = next + 5;
        return has_word_at(text, next, PS_SPAN("token")) ? PS_SECRET_NAME_TOKEN : PS_SECRET_NAME_NONE;
    }
    if (has_word_at(text, at, PS_SPAN("authorization"))) {
        *end = at + 13;
        return PS_SECRET_NAME_AUTHORIZATION;
    }
    if (has_word_at(text, at, PS_SPAN("bearer"))) {
        *end = at + 6;
        return PS_SECRET_NAME_BEARER;
    }
    return PS_SECRET_NAME_NONE;
}

static unsigned class_of_name(enum ps_secret_name name)
{
    if (name == PS_SECRET_NAME_NONE) return 0;
    bool is_aws = name == PS_SECRET_NAME_KEY || name == PS_SECRET_NAME_TOKEN;
    return is_aws ? PS_SECRET_BIT(PS_SECRET_AWS_KEYS) : PS_SECRET_BIT(PS_SECRET_BEARER);
}

/* Length of one base64 character at `at`: itself, "\/" inside a string that is quoted once more, or %2F in a query. */
static size_t base64_char(struct ps_span text, size_t at, unsigned kinds)
{
    if (is_at(text, at, kinds)) return 1;
    if (has_at(text, at, PS_SPAN("\\/"))) return 2;
    return has_at(text, at, PS_SPAN("%")) && is_at(text, at + 1, HEX) && is_at(text, at + 2, HEX) ? 3 : 0;
}

/* Counts the base64 characters at `at` (at most most) and gives the offset behind them. */
static size_t base64_run(struct ps_span text, size_t at, size_t most, size_t *end)
{
    size_t count = 0;
    size_t i = at;
    for (; count < most; count++) {
        size_t len = base64_char(text, i, ALNUM | B64);
        if (len == 0) break;
        i += len;
    }
    *end = i;
    return count;
}

/* The first word after the name that is long enough to be a value must be one. */
static bool find_aws_value(struct ps_span text, size_t at, bool is_token, struct ps_secret *out)
{
    size_t limit = text.len - at < GAP_BYTES_MAX ? text.len : at + GAP_BYTES_MAX;
    for (size_t i = at; i < limit;) {
        if (has_at(text, i, PS_SPAN(PS_SECRET_MARKER))) return false;
        size_t end = i;
        size_t count = base64_run(text, i, is_token ? SESSION_TOKEN_BYTES_MAX : SECRET_KEY_BYTES + 1, &end);
        if (is_token ? count >= SESSION_TOKEN_BYTES_MIN : count == SECRET_KEY_BYTES) {
            while (is_token && end < text.len && text.data[end] == '=')
                end++;
            *out = (struct ps_secret){ i, end, PS_SECRET_AWS_KEYS };
            return true;
        }
        if (count > GAP_WORD_BYTES_MAX) return false;
        i = end == i ? i + 1 : end;
    }
    return false;
}

static size_t credential_end(struct ps_span text, size_t at)
{
    size_t end = at;
    while (end - at < CREDENTIAL_BYTES_MAX) {
        size_t len = is_at(text, end, CREDENTIAL) ? 1 : has_at(text, end, PS_SPAN("\\/")) ? 2 : 0;
        if (len == 0) break;
        end += len;
    }
    return end;
}

/* What parts a name from its value: not a letter, not a digit, not the bracket of a marker. */
static size_t skip_gap(struct ps_span text, size_t at, struct ps_span gap)
{
    size_t i = at;
    while (i < text.len && i - at < CREDENTIAL_GAP_BYTES_MAX && ps_span_find_byte(gap, text.data[i]) != PS_SPAN_NONE)
        i++;
    return i;
}

/* Behind the scheme word and the space after it, or 0. */
static size_t scheme_end(struct ps_span text, size_t at)
{
    static const struct ps_span SCHEMES[] = {
        PS_SPAN_INIT("bearer"), PS_SPAN_INIT("basic"),     PS_SPAN_INIT("token"),
        PS_SPAN_INIT("apikey"), PS_SPAN_INIT("negotiate"),
    };
    for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
        if (!has_word_at(text, at, SCHEMES[i])) continue;
        size_t behind = at + SCHEMES[i].len;
        size_t end = skip_gap(text, behind, PS_SPAN(" \t"));
        if (end > behind) return end;
    }
    return 0;
}

static bool find_authorization(struct ps_span text, size_t at, struct ps_secret *out)
{
    size_t begin = scheme_end(text, skip_gap(text, at, PS_SPAN(" \t\r\n\"'\\:=>,([{")));
    if (begin == 0) return false;
    size_t end = credential_end(text, begin);
    *out = (struct ps_secret){ begin, end, PS_SECRET_BEARER };
    return end - begin >= CREDENTIAL_BYTES_MIN;
}

/* Prose has "bearer" too ("bearer authentication failed"): a token has a digit, changes case inside, or is long. */
static bool looks_random(struct ps_span token)
{
    bool had_lower = false;
    for (size_t i = 0; i < token.len; i++) {
        if (is(token.data[i], DIGIT) || (had_lower && is(token.data[i], UPPER))) return true;
        had_lower = is(token.data[i], LOWER);
    }
    return token.len >= BARE_BEARER_LETTERS_MIN;
}

static bool find_bearer(struct ps_span text, size_t at, struct ps_secret *out)
{
    size_t begin = has_at(text, at, PS_SPAN("%20")) ? at + 3 : skip_gap(text, at, PS_SPAN(" \t:=\"'\\"));
    if (begin == at) return false;
    size_t end = credential_end(text, begin);
    *out = (struct ps_secret){ begin, end, PS_SECRET_BEARER };
    return end - begin >= BARE_BEARER_BYTES_MIN && looks_random(ps_span_make(text.data + begin, end - begin));
}

/* The secret that a name announces, whose end is `at`. */
static bool find_value(struct ps_span text, size_t at, enum ps_secret_name name, struct ps_secret *out)
{
    switch (name) {
    case PS_SECRET_NAME_NONE:
        return false;
    case PS_SECRET_NAME_KEY:
        return find_aws_value(text, at, false, out);
    case PS_SECRET_NAME_TOKEN:
        return find_aws_value(text, at, true, out);
    case PS_SECRET_NAME_AUTHORIZATION:
        return find_authorization(text, at, out);
    case PS_SECRET_NAME_BEARER:
        return find_bearer(text, at, out);
    }
    return false;
}

enum ps_secret_name ps_secret_name_of(struct ps_span member)
{
    /* The longest name is "authorization". */
    size_t from = member.len > 24 ? member.len - 24 : 0;
    for (size_t i = from; i < member.len; i++) {
        size_t end = 0;
        enum ps_secret_name name = name_at(member, i, &end);
        if (name != PS_SECRET_NAME_NONE && end == member.len) return name;
    }
    return PS_SECRET_NAME_NONE;
}

/* -- addresses ------------------------------------------------------------------------------------------------------
 */

enum { LOCAL_PART_BYTES_MAX = 64, DOMAIN_BYTES_MAX = 253, TOP_LABEL_BYTES_MIN = 2, IP_GROUPS = 8 };

/* End of the mail domain at `at`, or 0: labels parted by dots, the last one of letters. */
static size_t domain_end(struct ps_span text, size_t at)
{
    size_t good = 0;
    size_t i = at;
    for (int labels = 0; i - at < DOMAIN_BYTES_MAX; labels++) {
        size_t len = 0;
        bool letters = true;
        for (; len < LOCAL_PART_BYTES_MAX && i + len < text.len; len++) {
            char c = text.data[i + len];
            if (!is(c, ALNUM) && c != '-') break;
            letters = letters && is(c, UPPER | LOWER);
        }
        if (len == 0) break;
        i += len;
        if (labels > 0 && letters && len >= TOP_LABEL_BYTES_MIN) good = i;
        if (!has_at(text, i, PS_SPAN("."))) break;
        i++;
    }
    return good;
}

/* The mail address around the @ at `at`, beginning at floor or later. */
static bool find_email(struct ps_span text, size_t at, size_t floor, struct ps_secret *out)
{
    size_t most = at - floor < LOCAL_PART_BYTES_MAX ? at - floor : LOCAL_PART_BYTES_MAX;
    size_t begin = at - run_before(text, at, ALNUM | LOCAL, most);
    while (begin < at && !is(text.data[begin], ALNUM | URL64))
        begin++;
    size_t end = domain_end(text, at + 1);
    *out = (struct ps_secret){ begin, end, PS_SECRET_EMAIL };
    return begin < at && end > at;
}

/* End of four numbers up to 255 parted by dots, or 0. */
static size_t ipv4_end(struct ps_span text, size_t at)
{
    size_t i = at;
    for (int part = 0; part < 4; part++) {
        if (part > 0 && !has_at(text, i++, PS_SPAN("."))) return 0;
        if (i >= text.len) return 0;
        size_t len = run_at(text, i, DIGIT, 4);
        unsigned value = 0;
        for (size_t d = 0; d < len; d++)
            value = value * 10 + (unsigned)(text.data[i + d] - '0');
        if (len == 0 || len > 3 || value > 255) return 0;
        i += len;
    }
    bool goes_on = has_at(text, i, PS_SPAN(".")) && is_at(text, i + 1, DIGIT);
    return goes_on ? 0 : i;
}

/* End of an IPv6 address (RFC 4291, 2.2), or 0. What could be a C++ scope ("dead::beef") is none. */
static size_t ipv6_end(struct ps_span text, size_t at)
{
    size_t i = at;
    size_t end = 0;
    int groups = 0;
    bool has_gap = has_at(text, i, PS_SPAN("::"));
    bool has_digit = false;
    if (has_gap) i += 2;
    while (groups < IP_GROUPS && i < text.len) {
        size_t len = run_at(text, i, HEX, 5);
        if (len > 4) return 0;
        if (len == 0) break;
        if (has_at(text, i + len, PS_SPAN(".")) && groups <= IP_GROUPS - 2 && ipv4_end(text, i) != 0) {
            groups += 2;
            has_digit = true;
            end = ipv4_end(text, i);
            break;
        }
        has_digit = has_digit || run_at(text, i, DIGIT, len) > 0 || run_before(text, i + len, DIGIT, len) > 0;
        groups++;
        i += len;
        end = i;
        if (groups == IP_GROUPS || !has_at(text, i, PS_SPAN(":"))) break;
        if (has_at(text, i, PS_SPAN("::"))) {
            if (has_gap) break;
            has_gap = true;
            i += 2;
            end = i;
        } else {
            i++;
        }
    }
    bool valid = has_gap ? groups >= 1 && groups < IP_GROUPS : groups == IP_GROUPS;
    return valid && (has_digit || groups >= 3) ? end : 0;
}

/* Neither the middle of a word nor of a longer thing of this kind. A literal "\n" in front is no word. */
static bool is_bounded(struct ps_span text, size_t begin, size_t end, char joint)
{
    if (is_at(text, end, ALNUM)) return false;
    if (has_at(text, end, PS_SPAN(":")) && joint == ':' &&
        (is_at(text, end + 1, HEX) || has_at(text, end + 1, PS_SPAN(":"))))
        return false;
    if (begin == 0) return true;
    char before = text.data[begin - 1];
    if (before == joint || before == '.') return false;
    return !is(before, ALNUM) || (begin > 1 && text.data[begin - 2] == '\\' && strchr("nrt", before) != NULL);
}

static size_t ip_end(struct ps_span text, size_t at)
{
    size_t end = is(text.data[at], DIGIT) ? ipv4_end(text, at) : 0;
    if (end != 0 && is_bounded(text, at, end, '.')) return end;
    end = ipv6_end(text, at);
    return end != 0 && is_bounded(text, at, end, ':') ? end : 0;
}

/* -- the exact scan -------------------------------------------------------------------------------------------------
 */

enum { MAY_ID = 1, MAY_JWT = 2, MAY_NAME = 4, MAY_CARD = 8, MAY_IP = 16, MAY_EMAIL = 32 };

static const uint8_t STARTS[256] = {
    ['0' ... '9'] = MAY_CARD | MAY_IP,
    ['A'] = MAY_ID | MAY_NAME | MAY_IP,
    ['B'] = MAY_NAME | MAY_IP,
    ['C' ... 'F'] = MAY_IP,
    ['S'] = MAY_NAME,
    ['a'] = MAY_NAME | MAY_IP,
    ['b'] = MAY_NAME | MAY_IP,
    ['c' ... 'd'] = MAY_IP,
    ['e'] = MAY_JWT | MAY_IP,
    ['f'] = MAY_IP,
    ['s'] = MAY_NAME,
    [':'] = MAY_IP,
    ['@'] = MAY_EMAIL,
};

static unsigned detectors_of(unsigned classes)
{
    unsigned detectors = 0;
    if ((classes & PS_SECRET_BIT(PS_SECRET_AWS_KEYS)) != 0) detectors |= MAY_ID | MAY_NAME;
    if ((classes & PS_SECRET_BIT(PS_SECRET_JWT)) != 0) detectors |= MAY_JWT;
    if ((classes & PS_SECRET_BIT(PS_SECRET_BEARER)) != 0) detectors |= MAY_NAME;
    if ((classes & PS_SECRET_BIT(PS_SECRET_CARD)) != 0) detectors |= MAY_CARD;
    if ((classes & PS_SECRET_BIT(PS_SECRET_EMAIL)) != 0) detectors |= MAY_EMAIL;
    if ((classes & PS_SECRET_BIT(PS_SECRET_IP)) != 0) detectors |= MAY_IP;
    return detectors;
}

void ps_secret_scan_begin(struct ps_secret_scan *scan, struct ps_span text, unsigned classes, enum ps_secret_name name)
{
    *scan = (struct ps_secret_scan){ .text = text, .classes = classes };
    scan->is_announced = (class_of_name(name) & classes) != 0 && find_value(text, 0, name, &scan->announced);
}

/* Remembers the value that the name at `at` announces, unless an earlier one is still ahead. */
static void note_name(struct ps_secret_scan *scan, size_t at)
{
    size_t end = 0;
    struct ps_secret secret;
    enum ps_secret_name name = name_at(scan->text, at, &end);
    if ((class_of_name(name) & scan->classes) == 0) return;
    /* Session tokens are long: one at a time, or a text of names alone would be read once for each. */
    if (name == PS_SECRET_NAME_TOKEN && scan->is_announced) return;
    if (!find_value(scan->text, end, name, &secret)) return;
    if (scan->is_announced && scan->announced.begin <= secret.begin) return;
    scan->announced = secret;
    scan->is_announced = true;
}

/* A secret access key is 40 random characters: a digest in hexadecimal has letters of one case only. */
static bool changes_case(struct ps_span token)
{
    unsigned seen = 0;
    for (size_t i = 0; i < token.len; i++)
        seen |= is(token.data[i], UPPER) ? UPPER : is(token.data[i], LOWER) ? LOWER : 0;
    return seen == (UPPER | LOWER);
}

/* Keys are pasted in pairs ("AKIA... / wJalr..."): an access key id announces the secret key behind it, as a name does.
 */
static void note_pair(struct ps_secret_scan *scan, const struct ps_secret *id)
{
    struct ps_span text = scan->text;
    struct ps_secret secret;
    if (id->class != PS_SECRET_AWS_KEYS || scan->is_announced) return;
    if (!find_aws_value(text, id->end, false, &secret)) return;
    if (!changes_case(ps_span_make(text.data + secret.begin, secret.end - secret.begin))) return;
    scan->announced = secret;
    scan->is_announced = true;
}

/* What begins (or, for a mail address, has its @) at `at`. */
static bool find_at(struct ps_secret_scan *scan, size_t at, unsigned detectors, struct ps_secret *out)
{
    struct ps_span text = scan->text;
    size_t end = 0;
    if ((detectors & MAY_ID) != 0 && (end = key_id_end(text, at)) != 0) {
        bool anywhere = has_at(text, at, PS_SPAN("AKIA")) || has_at(text, at, PS_SPAN("ASIA"));
        *out = (struct ps_secret){ at, end, PS_SECRET_AWS_KEYS };
        if (anywhere || at == 0 || !is(text.data[at - 1], UPPER | DIGIT)) return true;
    }
    if ((detectors & MAY_JWT) != 0 && (end = jwt_end(text, at, &scan->token)) != 0) {
        *out = (struct ps_secret){ at, end, PS_SECRET_JWT };
        return true;
    }
    bool is_first_digit = at == 0 || !is(text.data[at - 1], DIGIT);
    if ((detectors & MAY_CARD) != 0 && is_first_digit && (end = card_end(text, at, false)) != 0) {
        *out = (struct ps_secret){ at, end, PS_SECRET_CARD };
        return true;
    }
    if ((detectors & MAY_IP) != 0 && (end = ip_end(text, at)) != 0) {
        *out = (struct ps_secret){ at, end, PS_SECRET_IP };
        return true;
    }
    return (detectors & MAY_EMAIL) != 0 && find_email(text, at, scan->done, out);
}

/* Secrets that overlap are hidden as one: an announced value in the way of another, and whatever begins inside and
 * goes on behind ("2222 3111 4111 1111 1111 1111" holds two cards). */
static void take_overlapping(struct ps_secret_scan *scan, unsigned enabled, struct ps_secret *found)
{
    for (size_t at = found->begin + 1; at < found->end; at++) {
        if (scan->is_announced && scan->announced.begin == at) {
            if (scan->announced.end > found->end) found->end = scan->announced.end;
            scan->is_announced = false;
        }
        unsigned detectors = STARTS[(unsigned char)scan->text.data[at]] & enabled;
        struct ps_secret inside;
        if (detectors != 0 && find_at(scan, at, detectors, &inside) && inside.end > found->end) found->end = inside.end;
    }
}

/* The secret that begins at `at`, if any. Where a name and a detector agree, the name's class counts. */
static bool take_at(struct ps_secret_scan *scan, size_t at, unsigned enabled, struct ps_secret *out)
{
    unsigned detectors = STARTS[(unsigned char)scan->text.data[at]] & enabled;
    if ((detectors & MAY_NAME) != 0) note_name(scan, at);
    struct ps_secret found;
    bool is_found = detectors != 0 && find_at(scan, at, detectors, &found);
    if (scan->is_announced && scan->announced.begin == at) {
        *out = scan->announced;
        if (is_found && found.end > out->end) out->end = found.end;
        scan->is_announced = false;
        return true;
    }
    if (!is_found) return false;
    note_pair(scan, &found);
    *out = found;
    return true;
}

bool ps_secret_scan_next(struct ps_secret_scan *scan, struct ps_secret *out)
{
    unsigned enabled = detectors_of(scan->classes);
    for (size_t at = scan->at; at < scan->text.len; at++) {
        bool is_due = scan->is_announced && scan->announced.begin == at;
        if (!is_due && (STARTS[(unsigned char)scan->text.data[at]] & enabled) == 0) continue;
        struct ps_secret found;
        if (!take_at(scan, at, enabled, &found)) continue;
        take_overlapping(scan, enabled, &found);
        scan->at = found.end;
        scan->done = found.end;
        *out = found;
        return true;
    }
    scan->at = scan->text.len;
    return false;
}

/* -- the fast scan --------------------------------------------------------------------------------------------------
 */

typedef uint8_t lane __attribute__((vector_size(16)));

enum { LANE_BYTES = sizeof(lane), BLOCK_BYTES = 4 * LANE_BYTES, LOOK_AHEAD_BYTES = 3 };

static inline lane load(const char *at)
{
    lane bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/* One bit for each byte of four lanes of 0x00 or 0xff; bit n is byte n. */
static inline uint64_t mask_of(const lane found[4])
{
#if defined(__SSE2__)
    /* Written out: gcc leaves a loop over them a loop at -O2. */
    uint64_t low = (unsigned)_mm_movemask_epi8((__m128i)found[0]) | (unsigned)_mm_movemask_epi8((__m128i)found[1])
                                                                        << 16;
    uint64_t high = (unsigned)_mm_movemask_epi8((__m128i)found[2]) | (unsigned)_mm_movemask_epi8((__m128i)found[3])
                                                                         << 16;
    return low | high << 32;
#else
    uint64_t mask = 0;
    for (unsigned i = 0; i < BLOCK_BYTES / 8; i++) {
        uint64_t word;
        memcpy(&word, (const char *)found + 8 * (size_t)i, sizeof word);
        mask |= ((word & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080)) >> 56 << (8 * i);
    }
    return mask;
#endif
}

#define EQ(bytes, c) ((lane)((bytes) == (lane){ 0 } + (uint8_t)(c)))

/* Which of the 16 bytes at `at` begin one of the letter groups; 3 more bytes are read. The groups are the rarest
 * letters of what we look for: eyJ, A..A, b[eare]r, authori[za]tion, s[ecr]et, to[ken], and the escapes \u, \b, \f.
 * Where folding case costs nothing it is done for more than is needed: comparisons are shared. */
static inline lane letter_groups(const char *at)
{
    const uint8_t fold = 0x20;
    lane first = load(at);
    lane second = load(at + 1);
    lane fourth = load(at + 3);
    lane low_second = second | fold;
    lane low_third = load(at + 2) | fold;
    lane is_a = EQ(first | fold, 'a');
    lane is_e = EQ(first | fold, 'e');
    lane third_is_e = EQ(low_third, 'e');
    lane second_is_r = EQ(low_second, 'r');
    lane found = is_e & EQ(low_second, 'y') & EQ(low_third, 'j');
    found |= is_a & (EQ(fourth, 'A') | (second_is_r & third_is_e & EQ(fourth | fold, 'r')));
    found |= is_e & EQ(low_second, 'c') & EQ(low_third, 'r');
    found |= EQ(first | fold, 'z') & EQ(low_second, 'a');
    found |= EQ(first | fold, 'k') & EQ(low_second, 'e') & EQ(low_third, 'n');
    /* b and f differ in one bit. */
    found |= EQ(first, '\\') & (EQ(second, 'u') | EQ(second | (uint8_t)('b' ^ 'f'), 'f'));
    return found;
}

/* What a block of 64 bytes holds; bit n is byte n. */
struct masks {
    lane groups[4]; /* a letter group begins here; rarely one does, so these become bits only then */
    uint64_t digits;
    uint64_t separators; /* a space or hyphen */
};

/* Of the first lanes of it; nothing behind them is read but the look-ahead. */
static inline void find_masks(const char *at, size_t lanes, struct masks *masks)
{
    lane digits[4] = { 0 };
    lane separators[4] = { 0 };
    for (size_t i = 0; i < 4; i++)
        masks->groups[i] = (lane){ 0 };
    for (size_t i = 0; i < lanes; i++) {
        lane bytes = load(at + i * LANE_BYTES);
        masks->groups[i] = letter_groups(at + i * LANE_BYTES);
        digits[i] = (lane)(bytes - (uint8_t)'0' < (lane){ 0 } + (uint8_t)10);
        separators[i] = EQ(bytes, ' ') | EQ(bytes, '-');
    }
    masks->digits = mask_of(digits);
    masks->separators = mask_of(separators);
}

static inline bool has_group(const struct masks *masks)
{
    lane any = masks->groups[0] | masks->groups[1] | masks->groups[2] | masks->groups[3];
    uint64_t words[2];
    memcpy(words, &any, sizeof words);
    return (words[0] | words[1]) != 0;
}

/* Runs of digits that end at each bit, with what the block before has left of them. */
struct runs {
    uint64_t separators;
    uint64_t of_1;
    uint64_t of_2;
    uint64_t of_4;
    uint64_t of_8;
    uint64_t of_13;
};

/* mask moved up by n bytes, the last n of the block before moved in. */
static inline uint64_t moved(uint64_t mask, uint64_t before, unsigned n)
{
    return mask << n | before >> (BLOCK_BYTES - n);
}

static inline struct runs runs_of(const struct masks *masks, const struct runs *before)
{
    struct runs runs = { .separators = masks->separators, .of_1 = masks->digits };
    runs.of_2 = runs.of_1 & moved(runs.of_1, before->of_1, 1);
    runs.of_4 = runs.of_2 & moved(runs.of_2, before->of_2, 2);
    runs.of_8 = runs.of_4 & moved(runs.of_4, before->of_4, 4);
    runs.of_13 = runs.of_8 & moved(runs.of_8, before->of_8, 5);
    return runs;
}

/* Where the thirteenth digit of a run stands. */
static inline uint64_t long_numbers(const struct runs *runs, const struct runs *before)
{
    return runs->of_13 & ~moved(runs->of_13, before->of_13, 1);
}

/* Where four digits, no digit before them, then a separator, then three digits end: all printed forms of cards but the
 * one with thirteen digits together begin so. */
static inline uint64_t printed_numbers(const struct runs *runs, const struct runs *before)
{
    uint64_t three = runs->of_2 & moved(runs->of_1, before->of_1, 2);
    uint64_t parted = three & moved(runs->separators, before->separators, 3);
    return parted & moved(runs->of_4, before->of_4, 4) & ~moved(runs->of_1, before->of_1, 8);
}

/* Bytes that what we look for is made of (and the backslash, for strings quoted twice). */
static bool is_telling(unsigned c)
{
    return c < 0x80 &&
           (is((char)c, ALNUM | URL64 | B64) || ps_span_find_byte(PS_SPAN(" .:@%=\\"), (char)c) != PS_SPAN_NONE);
}

static unsigned hex_value(char c)
{
    return is(c, DIGIT) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/* Beginnings of terminal sequences, which record/clean.h removes with all that belongs to them. */
static bool is_introducer(unsigned c)
{
    return c == 0x1b || (c >= 0x80 && c < 0xa0);
}

/* Characters that record/clean.h removes from decoded strings, so that what stood around them meets. */
static bool is_removed(unsigned c)
{
    bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    return control || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

static bool is_inside(char c, unsigned classes)
{
    if (c == ':') return (classes & PS_SECRET_BIT(PS_SECRET_IP)) != 0;
    if (c == '@') return (classes & PS_SECRET_BIT(PS_SECRET_EMAIL)) != 0;
    return c == ' ' || is(c, ALNUM | URL64 | LOCAL);
}

/* Whether the bytes before begin and at end could be inside one secret. The last byte of another escape could, too. */
static bool could_meet(struct ps_span text, size_t begin, size_t end, unsigned classes)
{
    size_t before = begin;
    while (before > 0 && text.data[before - 1] == '\\')
        before--;
    return before > 0 && end < text.len && is_inside(text.data[before - 1], classes) &&
           is_inside(text.data[end], classes);
}

/* Whether undoing the escape at `at` (and cleaning what comes out) could make or lengthen something we look for. Most
 * escapes are of line feeds, quotes, angle brackets or other scripts. */
static bool escape_hides(struct ps_span text, size_t at, unsigned classes)
{
    if (has_at(text, at, PS_SPAN("\\b")) || has_at(text, at, PS_SPAN("\\f")))
        return could_meet(text, at, at + 2, classes);
    if (!has_at(text, at, PS_SPAN("\\u")) || run_at(text, at + 2, HEX, 4) != 4) return false;
    unsigned c = 0;
    for (size_t i = 0; i < 4; i++)
        c = c << 4 | hex_value(text.data[at + 2 + i]);
    if (is_telling(c) || is_introducer(c)) return true;
    size_t behind = at + 6;
    if (is_removed(c) && could_meet(text, at, behind, classes)) return true;
    /* The escape's own digits must not be taken for the beginning of what follows. */
    unsigned joins = (classes & PS_SECRET_BIT(PS_SECRET_IP)) != 0 ? HEX : DIGIT;
    if (is_at(text, behind, joins) || has_at(text, behind, PS_SPAN("."))) return true;
    return joins == HEX && has_at(text, behind, PS_SPAN(":"));
}

static bool has_name(struct ps_span text, size_t at, size_t back, unsigned classes)
{
    size_t end = 0;
    return back <= at && (class_of_name(name_at(text, at - back, &end)) & classes) != 0;
}

/* Whether the letter group at `at` is what it looks like. */
static bool confirm_group(struct ps_span text, size_t at, unsigned classes, struct ps_secret_token *token)
{
    switch (text.data[at]) {
    case '\\':
        return escape_hides(text, at, classes);
    case 'A':
        if ((classes & PS_SECRET_BIT(PS_SECRET_AWS_KEYS)) != 0 && key_id_end(text, at) != 0) return true;
        return has_name(text, at, 2, classes);
    case 'a':
        return has_name(text, at, 2, classes);
    case 'e':
        if ((classes & PS_SECRET_BIT(PS_SECRET_JWT)) != 0 && jwt_end(text, at, token) != 0) return true;
        return has_name(text, at, 1, classes);
    case 'E':
        return has_name(text, at, 1, classes);
    case 'z':
    case 'Z':
        return has_name(text, at, 7, classes);
    case 'k':
    case 'K':
        /* session or security, perhaps a joint, then "to" */
        return has_name(text, at, 9, classes) || has_name(text, at, 10, classes) || has_name(text, at, 11, classes);
    default:
        return false;
    }
}

/* What a fast scan has in hand. */
struct look {
    struct ps_span text;
    unsigned classes;
    struct runs before; /* of the last block */
    struct ps_secret_token token;
};

static bool confirm_groups(struct look *look, const struct masks *masks, size_t begin)
{
    for (uint64_t seen = mask_of(masks->groups); seen != 0; seen &= seen - 1) {
        if (confirm_group(look->text, begin + (size_t)__builtin_ctzll(seen), look->classes, &look->token)) return true;
    }
    return false;
}

/* Whether one of the numbers, each seen at `back` bytes behind its first, is a card. */
static bool confirm_cards(struct ps_span text, size_t begin, uint64_t seen, size_t back)
{
    for (; seen != 0; seen &= seen - 1) {
        size_t at = begin + (size_t)__builtin_ctzll(seen);
        if (back <= at && card_end(text, at - back, true) != 0) return true;
    }
    return false;
}

/* From the byte seen back to the first digit of a card; a long number may be its second group, behind six digits. */
enum { LONG_NUMBER_BACK = 12, LONG_GROUP_BACK = LONG_NUMBER_BACK + 7, PRINTED_NUMBER_BACK = 7 };

/* One block, which stands at begin: bytes are its own, because the last ones are copied. */
static inline bool suspects_block(struct look *look, const char *bytes, size_t lanes, size_t begin)
{
    struct masks masks;
    find_masks(bytes, lanes, &masks);
    struct runs runs = runs_of(&masks, &look->before);
    uint64_t longs = long_numbers(&runs, &look->before);
    uint64_t printed = printed_numbers(&runs, &look->before);
    look->before = runs;
    if (PS_UNLIKELY(has_group(&masks)) && confirm_groups(look, &masks, begin)) return true;
    if (PS_LIKELY((longs | printed) == 0) || (look->classes & PS_SECRET_BIT(PS_SECRET_CARD)) == 0) return false;
    return confirm_cards(look->text, begin, longs, LONG_NUMBER_BACK) ||
           confirm_cards(look->text, begin, longs, LONG_GROUP_BACK) ||
           confirm_cards(look->text, begin, printed, PRINTED_NUMBER_BACK);
}

static bool suspects_tokens(struct ps_span text, unsigned classes)
{
    struct look look = { .text = text, .classes = classes };
    size_t at = 0;
    for (; text.len - at >= BLOCK_BYTES + LOOK_AHEAD_BYTES; at += BLOCK_BYTES) {
        if (suspects_block(&look, text.data + at, 4, at)) return true;
    }
    /* The last bytes, with zeros behind them, by lanes. */
    char tail[2 * BLOCK_BYTES] = { 0 };
    size_t left = text.len - at;
    memcpy(tail, text.data + at, left);
    size_t lanes = (left + LANE_BYTES - 1) / LANE_BYTES;
    if (suspects_block(&look, tail, lanes < 4 ? lanes : 4, at)) return true;
    return lanes > 4 && suspects_block(&look, tail + BLOCK_BYTES, lanes - 4, at + BLOCK_BYTES);
}

/* Whether the byte at `at`, a dot, is the first of an IPv4 address. */
static bool suspects_ipv4(struct ps_span text, size_t at)
{
    size_t before = run_before(text, at, DIGIT, 3);
    return before > 0 && ipv4_end(text, at - before) != 0;
}

/* Whether the byte at `at`, a colon, is the first of an IPv6 address. In the raw text an escape's last letter may
 * stand right before it, so every length of its first group is tried. */
static bool suspects_ipv6(struct ps_span text, size_t at)
{
    size_t before = run_before(text, at, HEX, 4);
    for (size_t len = 0; len <= before; len++) {
        if (ipv6_end(text, at - len) != 0) return true;
    }
    return false;
}

static bool suspects_address(struct ps_span text, unsigned classes)
{
    bool email = (classes & PS_SECRET_BIT(PS_SECRET_EMAIL)) != 0;
    bool ip = (classes & PS_SECRET_BIT(PS_SECRET_IP)) != 0;
    struct ps_secret found;
    for (size_t at = 0; at < text.len; at++) {
        char c = text.data[at];
        if (c == '.' && ip && suspects_ipv4(text, at)) return true;
        if (c == ':' && ip && suspects_ipv6(text, at)) return true;
        if (c == '@' && email && find_email(text, at, 0, &found)) return true;
    }
    return false;
}

bool ps_secret_suspects(struct ps_span text, unsigned classes)
{
    if (text.len == 0 || classes == 0) return false;
    /* Escapes are looked for whatever the classes are. */
    if (suspects_tokens(text, classes)) return true;
    unsigned addresses = PS_SECRET_BIT(PS_SECRET_EMAIL) | PS_SECRET_BIT(PS_SECRET_IP);
    return (classes & addresses) != 0 && suspects_address(text, classes);
}

struct ps_span ps_secret_class_name(enum ps_secret_class class)
{
    static const struct ps_span NAMES[PS_SECRET_CLASS_COUNT] = {
        [PS_SECRET_AWS_KEYS] = PS_SPAN_INIT("aws_keys"), [PS_SECRET_JWT] = PS_SPAN_INIT("jwt"),
        [PS_SECRET_BEARER] = PS_SPAN_INIT("bearer"),     [PS_SECRET_CARD] = PS_SPAN_INIT("card"),
        [PS_SECRET_EMAIL] = PS_SPAN_INIT("email"),       [PS_SECRET_IP] = PS_SPAN_INIT("ip"),
    };
    PS_ASSERT(class < PS_SECRET_CLASS_COUNT);
    return NAMES[class];
}
