#include "record/schema.h"

#include "support/check.h"

static const struct ps_schema *schema_at(int kind)
{
    return ps_schema_of((enum ps_schema_kind)kind);
}

static void every_schema_has_a_word(void)
{
    for (int kind = 0; kind < PS_SCHEMA_KIND_COUNT; kind++)
        CHECK(PS_SCHEMA_WORDS[kind] != NULL);
    CHECK(PS_SCHEMA_WORDS[PS_SCHEMA_KIND_COUNT] == NULL);
    CHECK_TEXT(ps_span_of(PS_SCHEMA_WORDS[PS_SCHEMA_FLAT]), "flat");
    CHECK_TEXT(ps_span_of(PS_SCHEMA_WORDS[PS_SCHEMA_ECS]), "ecs");
}

/* A member left out of a table would be lost; one that stands twice would be refused by OpenSearch. */
static void every_member_stands_in_every_schema_once(void)
{
    for (int kind = 0; kind < PS_SCHEMA_KIND_COUNT; kind++) {
        unsigned count[PS_SCHEMA_CONSTANT + 1] = { 0 };
        const struct ps_schema *schema = schema_at(kind);
        for (size_t i = 0; i < schema->row_count; i++)
            count[schema->rows[i].member]++;
        count[PS_SCHEMA_DURATION_MS] += count[PS_SCHEMA_DURATION_NS]; /* one or the other */
        count[PS_SCHEMA_DURATION_NS] = 1;
        for (size_t member = 0; member < PS_SCHEMA_CONSTANT; member++)
            CHECK_EQ(count[member], 1);
    }
}

/* Else an object would be opened twice, which is a repeated name. */
static void rows_of_a_group_stand_together(void)
{
    for (int kind = 0; kind < PS_SCHEMA_KIND_COUNT; kind++) {
        const struct ps_schema *schema = schema_at(kind);
        bool left[32] = { false };
        for (size_t i = 0; i < schema->row_count; i++) {
            uint8_t group = schema->rows[i].group;
            CHECK(!left[group]);
            if (i == 0) continue;
            for (uint8_t before = schema->rows[i - 1].group; before != 0; before = schema->groups[before].parent) {
                bool inside = false;
                for (uint8_t now = group; now != 0; now = schema->groups[now].parent)
                    inside = inside || now == before;
                left[before] = left[before] || !inside;
            }
        }
    }
}

static void names_are_unique_within_their_group(void)
{
    for (int kind = 0; kind < PS_SCHEMA_KIND_COUNT; kind++) {
        const struct ps_schema *schema = schema_at(kind);
        for (size_t i = 0; i < schema->row_count; i++) {
            for (size_t j = 0; j < i; j++) {
                if (schema->rows[i].group != schema->rows[j].group) continue;
                CHECK(!ps_span_eq(schema->rows[i].text, schema->rows[j].text));
            }
        }
    }
}

int main(void)
{
    RUN(every_schema_has_a_word);
    RUN(every_member_stands_in_every_schema_once);
    RUN(rows_of_a_group_stand_together);
    RUN(names_are_unique_within_their_group);
    return check_finish();
}
