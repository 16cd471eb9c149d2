#include "record/fingerprint.h"

/* The sign that stands for whatever is variable. */
enum { SIGN = '#' };

enum {
    HEX_DIGITS_MIN = 8,  /* shorter ones are as likely words */
    CODE_DIGITS_MAX = 5, /* of a status or error code */
    UUID_BYTES = 36,
    /* A key in base64: paths are as long, but do not go from letters to digits and back so often. */
    KEY_BYTES_MIN = 40,
    KEY_SWITCHES_MIN = 6,
};

struct maker {
    const char *at;
    const char *begin;
    const char *end;
    char out[PS_FINGERPRINT_BYTES_MAX];
    size_t len;
    bool after_code; /* "status", "code"... stands before, and nothing but punctuation between */
};

/* -- letters ------------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_hex(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

/* Bytes of other alphabets count as letters. */
static bool is_letter(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c);
}

static bool is_space(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* -- what is put --------------------------------------------------------------------------------------------------- */

static bool is_full(const struct maker *maker)
{
    return maker->len == sizeof maker->out;
}

static void put(struct maker *maker, char c)
{
    if (!is_full(maker)) maker->out[maker->len++] = lower(c);
}

/* The n-th last byte put, from 1; NUL when there is none. */
static char last(const struct maker *maker, size_t n)
{
    return n <= maker->len ? maker->out[maker->len - n] : '\0';
}

/* Signs next to each other, or with one joint between them, are one: dates, decimals, addresses, lists, "1e-5". What
 * may be a sign before a number is taken back. */
static void put_sign(struct maker *maker)
{
    char before = last(maker, 2);
    if (is_full(maker) || last(maker, 1) == SIGN) return;
    if (is_one_of(last(maker, 1), "-+") && !is_word(before) && before != SIGN) maker->len--;
    if (last(maker, 2) == SIGN && is_one_of(last(maker, 1), "-+.,:/_")) {
        maker->len--;
        return;
    }
    put(maker, SIGN);
}

/* -- whole tokens: each gives its length at the front of text, or 0 ------------------------------------------------ */

static size_t uuid_length(struct ps_span text)
{
    static const char SHAPE[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.len < UUID_BYTES || (text.len > UUID_BYTES && is_word(text.data[UUID_BYTES]))) return 0;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (SHAPE[i] == '-' ? text.data[i] != '-' : !is_hex(text.data[i])) return 0;
    }
    return UUID_BYTES;
}

/* IPv6 and MAC addresses, times of day: hex digits and colons, two colons and a digit at least. */
static size_t colons_length(struct ps_span text)
{
    size_t len = 0, colons = 0, digits = 0;
    while (len < text.len && (is_hex(text.data[len]) || text.data[len] == ':')) {
        colons += text.data[len] == ':';
        digits += is_digit(text.data[len]);
        len++;
    }
    if (len < text.len && is_letter(text.data[len])) return 0;
    return colons >= 2 && digits > 0 ? len : 0;
}

/* A name, an at sign, and a host with a dot in it. */
static size_t email_length(struct ps_span text)
{
    size_t len = 0;
    while (len < text.len && (is_word(text.data[len]) || is_one_of(text.data[len], "._%+-")))
        len++;
    if (len == 0 || len == text.len || text.data[len] != '@') return 0;
    size_t host = ++len;
    size_t dot = 0;
    for (; len < text.len && (is_word(text.data[len]) || is_one_of(text.data[len], ".-")); len++) {
        if (text.data[len] == '.' && len > host && len + 1 < text.len && is_word(text.data[len + 1])) dot = len;
    }
    while (len > host && !is_word(text.data[len - 1]))
        len--;
    return dot > 0 ? len : 0;
}

static size_t arn_length(struct ps_span text)
{
    size_t len = 0;
    if (!ps_span_starts(text, PS_SPAN("arn:aws"))) return 0;
    while (len < text.len && !is_space(text.data[len]) && !is_one_of(text.data[len], "'\"`()[]{}<>,;"))
        len++;
    return len;
}

/* Base64, in whole or in part (a JWT has three). A dash ends it: names are joined to ids by dashes. */
static size_t key_length(struct ps_span text)
{
    size_t len = 0, switches = 0;
    bool upper = false;
    for (; len < text.len && (is_word(text.data[len]) || is_one_of(text.data[len], "+/_=")); len++) {
        upper = upper || (text.data[len] >= 'A' && text.data[len] <= 'Z');
        switches += len > 0 && is_digit(text.data[len]) != is_digit(text.data[len - 1]);
    }
    return len >= KEY_BYTES_MIN && upper && switches >= KEY_SWITCHES_MIN ? len : 0;
}

/* Within one line, and not the apostrophe of "don't". A quoted text before a colon is a name, as in JSON, and stays. */
static size_t quoted_length(struct ps_span text)
{
    char quote = text.data[0];
    for (size_t len = 1; len < text.len && text.data[len] != '\n'; len++) {
        if (text.data[len] == '\\')
            len++;
        else if (text.data[len] == quote && (len + 1 == text.len || !is_word(text.data[len + 1])))
            return len + 1 < text.len && text.data[len + 1] == ':' ? 0 : len + 1;
    }
    return 0;
}

/* -- words --------------------------------------------------------------------------------------------------------- */

struct word {
    struct ps_span text;
    size_t digits, hex, name; /* name: letters before the first digit */
    bool digit_then_letter;
};

static struct word measure(struct ps_span text)
{
    struct word word = { .text = { text.data, 0 } };
    for (; word.text.len < text.len && is_word(text.data[word.text.len]); word.text.len++) {
        char c = text.data[word.text.len];
        if (is_letter(c) && word.digits > 0) word.digit_then_letter = true;
        if (is_letter(c) && word.digits == 0) word.name++;
        word.digits += is_digit(c);
        word.hex += is_hex(c);
    }
    return word;
}

static bool is_id(const struct word *word)
{
    if (word->digits == 0) return false;
    return word->digit_then_letter || (word->text.len >= HEX_DIGITS_MIN && word->hex == word->text.len);
}

static bool names_a_code(struct ps_span word)
{
    static const struct ps_span NAMES[] = { PS_SPAN_INIT("status"), PS_SPAN_INIT("statuscode"), PS_SPAN_INIT("code"),
                                            PS_SPAN_INIT("errno"), PS_SPAN_INIT("http") };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (ps_span_eq_nocase(word, NAMES[i])) return true;
    }
    return false;
}

static void put_word(struct maker *maker)
{
    struct word word = measure(ps_span_between(maker->at, maker->end));
    bool code = maker->after_code && word.digits == word.text.len && word.digits <= CODE_DIGITS_MAX;
    bool id = !code && is_id(&word);
    size_t kept = code ? word.text.len : id ? 0 : word.name;
    for (size_t i = 0; i < kept; i++)
        put(maker, word.text.data[i]);
    if (!code && word.digits + id > 0) put_sign(maker);
    maker->after_code = names_a_code(word.text);
    maker->at += word.text.len;
}

/* -- the message --------------------------------------------------------------------------------------------------- */

/* The length of the token at the front that is variable as a whole. Each looks ahead only where a token can begin, so
 * that no byte is looked at again and again. */
static size_t variable_length(const struct maker *maker)
{
    struct ps_span text = ps_span_between(maker->at, maker->end);
    char before = maker->at == maker->begin ? ' ' : maker->at[-1];
    char c = text.data[0];
    if (is_one_of(c, "'\"`")) return is_word(before) ? 0 : quoted_length(text);
    if (is_word(before)) return 0;
    size_t len = 0;
    if (is_hex(c)) len = uuid_length(text);
    if (len == 0 && (is_hex(c) || c == ':') && before != ':') len = colons_length(text);
    if (len == 0 && is_word(c) && !is_one_of(before, "._%+-@")) len = email_length(text);
    if (len == 0 && is_word(c) && !is_one_of(before, "+/_=")) len = key_length(text);
    if (len == 0 && c == 'a') len = arn_length(text);
    return len;
}

static void put_other(struct maker *maker)
{
    char c = *maker->at++;
    if (c == SIGN) {
        put_sign(maker);
    } else if (!is_space(c)) {
        put(maker, c);
    } else if (last(maker, 1) != ' ' && maker->len > 0) {
        put(maker, ' ');
    }
    maker->after_code = maker->after_code && is_one_of(c, " :=-\"'");
}

void ps_fingerprint_put(struct ps_buf *buf, struct ps_span message)
{
    if (message.len == 0) return;
    struct ps_span text = ps_span_first(message, PS_FINGERPRINT_MESSAGE_BYTES_MAX);
    struct maker maker = { .at = text.data, .begin = text.data, .end = text.data + text.len };
    while (maker.at < maker.end && !is_full(&maker)) {
        size_t variable = variable_length(&maker);
        if (variable > 0) {
            maker.at += variable;
            maker.after_code = false;
            put_sign(&maker);
        } else if (is_word(*maker.at)) {
            put_word(&maker);
        } else {
            put_other(&maker);
        }
    }
    if (last(&maker, 1) == ' ') maker.len--;
    ps_buf_put(buf, ps_span_make(maker.out, maker.len));
}
