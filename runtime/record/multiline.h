/* Joins the lines of a stack trace that arrived as events of their own: Java (causes, suppressed ones), Python
 * (chains, groups), Node and browser JavaScript, Go panics, .NET.
 *
 * The caller feeds the cleaned texts of one stream of one envelope, in order, and asks whether each continues the
 * record in hand. Envelopes are never joined: a retry or replay must join the same lines. The joiner keeps a copy of
 * how the record in hand begins, so that texts need not outlive a call; it allocates nothing. A text that can't be
 * a continuation is refused by its first bytes. Rules: docs/wire/multiline.md. */
#ifndef PS_MULTILINE_H
#define PS_MULTILINE_H

#include "base/span.h"

enum {
    PS_MULTILINE_LINES_MAX = 500,       /* events in one record */
    PS_MULTILINE_BYTES_MAX = 256 << 10, /* of one record, line feeds between the texts included */
    PS_MULTILINE_LOOK_BYTES_MAX = 512,  /* of a record's first text: its head says there whether it is a trace */
};

struct ps_multiline {
    size_t bytes;   /* of the record in hand */
    uint32_t lines; /* 0: no record in hand */
    uint8_t kind;   /* private to multiline.c, like all below */
    uint8_t start;
    uint8_t block_depth;
    uint16_t look_len;
    char look[PS_MULTILINE_LOOK_BYTES_MAX];
};

/* Before the first text of a stream in an envelope. */
void ps_multiline_begin(struct ps_multiline *state);

/* Whether text belongs to the record in hand (the caller puts a line feed and text behind it). If not, text begins
 * the next record. */
bool ps_multiline_continues(struct ps_multiline *state, struct ps_span text);

#endif
