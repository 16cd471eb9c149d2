#include "record/parse_plain.h"

#include "base/time.h"

enum { HEAD_BYTES_MAX = 120, WORDS_MAX = 4, LEVEL_BYTES_MIN = 3, STAMP_BYTES_MIN = 19 };

static bool stamp_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '.' || c == ',' || c == '+' || c == 'T' || c == 'Z';
}

/* Takes a time stamp (in brackets or not) off the head. */
static void take_time(struct ps_record *record, struct ps_span *head)
{
    size_t begin = head->len > 0 && head->data[0] == '[' ? 1 : 0;
    size_t at = begin;
    bool parted = false;
    for (; at < head->len; at++) {
        bool gap = !parted && head->data[at] == ' ' && at - begin == 10;
        parted |= gap;
        if (!gap && !stamp_byte(head->data[at])) break;
    }
    struct ps_span stamp = ps_span_make(head->data + begin, at - begin);
    while (stamp.len > 0 && (stamp.data[stamp.len - 1] == ':' || stamp.data[stamp.len - 1] == ','))
        stamp.len--;
    int64_t ms = 0;
    if (stamp.len < STAMP_BYTES_MIN || stamp.data[4] != '-' || !ps_time_parse_iso(stamp, &ms)) return;
    if (record->time_ms == record->event_time_ms) (void)ps_record_accept_time(record, ms);
    *head = ps_span_from(*head, at);
}

static bool word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/' ||
           c == '.' || c == '-' || c == '#' || c == '$' || c == '=' || (unsigned char)c >= 0x80;
}

static bool all_capitals(struct ps_span word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < 'A' || word.data[i] > 'Z') return false;
    }
    return true;
}

static void take_level(struct ps_record *record, struct ps_span head)
{
    size_t at = 0;
    for (int i = 0; i < WORDS_MAX; i++) {
        while (at < head.len && !word_byte(head.data[at]))
            at++;
        size_t begin = at;
        while (at < head.len && word_byte(head.data[at]))
            at++;
        struct ps_span word = ps_span_make(head.data + begin, at - begin);
        if (word.len < LEVEL_BYTES_MIN) continue;
        bool bracket = begin > 0 && (head.data[begin - 1] == '[' || head.data[begin - 1] == '<');
        bool first = i == 0 && at < head.len && head.data[at] == ':';
        if (!bracket && !first && !all_capitals(word)) continue;
        enum ps_level level = ps_record_level_parse(word);
        if (level == PS_LEVEL_NONE) continue;
        record->level = level;
        return;
    }
}

void ps_parse_plain(struct ps_record *record, struct ps_span text)
{
    bool more = false;
    struct ps_span rest = ps_span_first(text, HEAD_BYTES_MAX);
    struct ps_span head = ps_span_split(&rest, '\n', &more);
    take_time(record, &head);
    if (record->level == PS_LEVEL_NONE) take_level(record, head);
}
