/* Targets: ps_gunzip_next, ps_gunzip_point, ps_gunzip_begin_at. From every place where it can begin again it goes on as
 * if it had never stopped, on damaged input too. */
#include "scan/gunzip.h"
#include "scan/restart.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES_MAX = 1 << 20, POINTS_MAX = 16 };

static struct ps_arena process;
static struct ps_arena scratch;
static struct ps_gunzip *gunzip;
static struct ps_gunzip *again;
static char whole[TEXT_BYTES_MAX];
static char rest[TEXT_BYTES_MAX];

static struct place {
    struct ps_restart restart;
    struct ps_span in;
    size_t text_at;
} places[POINTS_MAX];

static bool ready(void)
{
    if (again != NULL) return true;
    return ps_arena_init(&process, 1 << 20) == PS_OK && ps_arena_init(&scratch, PS_RESTART_SCRATCH_BYTES) == PS_OK &&
           ps_gunzip_open(&process, &gunzip) == PS_OK && ps_gunzip_open(&process, &again) == PS_OK;
}

/* Inflates until the input or the room ends; *place_count is not NULL where places are to be noted. */
static enum ps_err inflate_all(struct ps_gunzip *with, struct ps_span in, char *out, size_t cap, size_t *len,
                               size_t *place_count)
{
    size_t made = 0;
    do {
        enum ps_err err = ps_gunzip_next(with, &in, place_count != NULL, out + *len, cap - *len, &made);
        if (err != PS_OK) return err;
        *len += made;
        if (place_count == NULL || *place_count == POINTS_MAX) continue;
        struct place *place = &places[*place_count];
        place->in = in;
        place->text_at = *len;
        if (ps_gunzip_point(with, &place->restart.gzip)) ++*place_count;
    } while ((made > 0 || in.len > 0) && *len < cap);
    return PS_OK;
}

/* Written down and read, as from one invocation to the next. */
static void go_through_text(struct ps_restart *restart)
{
    static char text[PS_DECODE_RESTART_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, text, sizeof text);
    restart->form = PS_DECODE_GZIP;
    ps_restart_put(&scratch, restart, &buf);
    PS_ASSERT(buf.err == PS_OK);
    PS_ASSERT(ps_restart_get(&scratch, ps_buf_span(&buf), restart) == PS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ready()) return 0;
    struct ps_span input = exact_copy(ps_span_make((const char *)data, size));
    size_t len = 0;
    size_t place_count = 0;
    ps_gunzip_begin(gunzip);
    enum ps_err err = inflate_all(gunzip, input, whole, sizeof whole, &len, &place_count);
    for (size_t i = 0; i < place_count; i++) {
        size_t rest_len = 0;
        if (places[i].text_at == sizeof whole) continue;
        go_through_text(&places[i].restart);
        ps_gunzip_begin_at(again, &places[i].restart.gzip);
        enum ps_err rest_err =
            inflate_all(again, places[i].in, rest, sizeof whole - places[i].text_at, &rest_len, NULL);
        PS_ASSERT(rest_len == len - places[i].text_at);
        PS_ASSERT(memcmp(rest, whole + places[i].text_at, rest_len) == 0);
        if (len < sizeof whole) PS_ASSERT(rest_err == err);
        if (len < sizeof whole) PS_ASSERT(ps_gunzip_is_whole(again) == ps_gunzip_is_whole(gunzip));
    }
    exact_free(input);
    return 0;
}
