#include "cloudwatch-decoder/settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "support/check.h"

static struct ps_arena arena;

static enum ps_err read_with(const char *const *pairs, struct settings *settings)
{
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++)
        unsetenv(item->name);
    for (; *pairs != NULL; pairs += 2)
        setenv(pairs[0], pairs[1], 1);
    return ps_config_read(SETTINGS_ITEMS, settings_check, &arena, settings, NULL);
}

#define READ(settings, ...) read_with((const char *const[]){ __VA_ARGS__, NULL }, settings)

static void nothing_need_be_set_and_nothing_is_redacted_then(void)
{
    struct settings settings;
    CHECK_OK(READ(&settings, NULL));
    CHECK_EQ(settings.output, OUTPUT_NONE);
    CHECK_TEXT(settings.redact, "off");
}

static void an_output_needs_its_target(void)
{
    struct settings settings;
    CHECK_OK(READ(&settings, "OUTPUT", "kinesis", "OUTPUT_STREAM", "decoded"));
    CHECK_EQ(settings.output, OUTPUT_KINESIS);
    CHECK_OK(READ(&settings, "OUTPUT", "firehose", "OUTPUT_STREAM", "decoded"));
    CHECK_OK(READ(&settings, "OUTPUT", "sqs", "QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/decoded"));
    CHECK_ERR(READ(&settings, "OUTPUT", "kinesis"), PS_ERR_BAD_CONFIG);
    CHECK(ps_span_find(ps_span_of(ps_err_note()->text), PS_SPAN("OUTPUT_STREAM: ")) != PS_SPAN_NONE);
    CHECK_ERR(READ(&settings, "OUTPUT", "sqs", "OUTPUT_STREAM", "decoded"), PS_ERR_BAD_CONFIG);
    CHECK(ps_span_find(ps_span_of(ps_err_note()->text), PS_SPAN("QUEUE_URL: ")) != PS_SPAN_NONE);
    CHECK_ERR(READ(&settings, "OUTPUT", "s3"), PS_ERR_BAD_CONFIG);
}

static void wrong_redaction_and_dead_letter_settings_are_refused(void)
{
    struct settings settings;
    CHECK_OK(READ(&settings, "REDACT", "default,email"));
    CHECK_ERR(READ(&settings, "REDACT", "everything"), PS_ERR_BAD_CONFIG);
    CHECK(ps_span_find(ps_span_of(ps_err_note()->text), PS_SPAN("REDACT: unknown class")) != PS_SPAN_NONE);
    CHECK_ERR(READ(&settings, "REDACT_PATTERNS", "a=("), PS_ERR_BAD_CONFIG);
    CHECK(ps_span_find(ps_span_of(ps_err_note()->text), PS_SPAN("REDACT_PATTERNS: a: ")) != PS_SPAN_NONE);
    CHECK_ERR(READ(&settings, "DEAD_LETTER_DIR", "/tmp"), PS_ERR_BAD_CONFIG);
    CHECK_ERR(READ(&settings, "DEAD_LETTER_BUCKET", "No_Bucket"), PS_ERR_BAD_CONFIG);
}

static void the_page_has_the_table_of_the_settings(void)
{
    static char page[64 << 10], table[16 << 10];
    FILE *file = fopen("functions/cloudwatch-decoder/README.md", "re");
    CHECK_OR_RETURN(file != NULL);
    size_t len = fread(page, 1, sizeof page, file);
    CHECK_EQ(fclose(file), 0);
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, table, sizeof table);
    ps_buf_put(&buf, PS_SPAN("<!-- settings -->\n"));
    ps_config_document(SETTINGS_ITEMS, &buf);
    ps_buf_put(&buf, PS_SPAN("<!-- /settings -->\n"));
    CHECK_OK(buf.err);
    CHECK(ps_span_find(ps_span_make(page, len), ps_buf_span(&buf)) != PS_SPAN_NONE);
}

int main(void)
{
    arena = check_arena(64 << 20);
    RUN(nothing_need_be_set_and_nothing_is_redacted_then);
    RUN(an_output_needs_its_target);
    RUN(wrong_redaction_and_dead_letter_settings_are_refused);
    RUN(the_page_has_the_table_of_the_settings);
    ps_arena_fini(&arena);
    return check_finish();
}
