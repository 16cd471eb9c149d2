#include <inttypes.h>
#include <stdio.h>

#include "host/clock.h"
#include "support/fake_lambda_priv.h"

enum {
    TIMEOUT_MS_DEFAULT = 60000,
    CHUNK_BYTES_DEFAULT = 4096,
};

static void add_headers(struct fake_text *text, const struct fake_event *event, size_t number)
{
    fake_text_printf(text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n");
    if (event->request_id == NULL)
        fake_text_printf(text, "Lambda-Runtime-Aws-Request-Id: request-%zu\r\n", number);
    else if (event->request_id[0] != '\0')
        fake_text_printf(text, "Lambda-Runtime-Aws-Request-Id: %s\r\n", event->request_id);
    if (event->headers != NULL) {
        fake_text_add(text, ps_span_of(event->headers));
        return;
    }
    uint32_t timeout_ms = event->timeout_ms == 0 ? TIMEOUT_MS_DEFAULT : event->timeout_ms;
    fake_text_printf(text, "Lambda-Runtime-Deadline-Ms: %" PRId64 "\r\n", ps_clock_now_ms() + timeout_ms);
    fake_text_printf(text,
                     "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:fake\r\n"
                     "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419\r\n");
    fake_text_printf(text, "Lambda-Runtime-Invocation-Id: invocation-%zu\r\n", number);
}

static void add_body(struct fake_text *text, const struct fake_event *event)
{
    if (event->framing == FAKE_UNFRAMED) fake_text_add(text, PS_SPAN("\r\n"));
    if (event->framing == FAKE_SIZED) fake_text_printf(text, "Content-Length: %zu\r\n\r\n", event->body.len);
    if (event->framing != FAKE_CHUNKED) {
        fake_text_add(text, event->body);
        return;
    }
    fake_text_add(text, PS_SPAN("Transfer-Encoding: chunked\r\n\r\n"));
    size_t chunk_bytes = event->chunk_bytes == 0 ? CHUNK_BYTES_DEFAULT : event->chunk_bytes;
    for (struct ps_span rest = event->body; rest.len > 0;) {
        struct ps_span chunk = ps_span_first(rest, chunk_bytes);
        fake_text_printf(text, "%zx\r\n", chunk.len);
        fake_text_add(text, chunk);
        fake_text_add(text, PS_SPAN("\r\n"));
        rest = ps_span_from(rest, chunk.len);
    }
    fake_text_add(text, PS_SPAN("0\r\n"));
    if (event->trailers != NULL) fake_text_add(text, ps_span_of(event->trailers));
    fake_text_add(text, PS_SPAN("\r\n"));
}

bool fake_lambda_send_event(const struct fake_wire *wire, const struct fake_event *event, size_t number)
{
    struct fake_text text = { 0 };
    if (event->raw != NULL) {
        fake_text_add(&text, ps_span_of(event->raw));
    } else {
        add_headers(&text, event, number);
        add_body(&text, event);
    }
    bool cut = event->cut_bytes > 0 && event->cut_bytes < text.len;
    struct ps_span bytes = ps_span_first(fake_text_span(&text), cut ? event->cut_bytes : text.len);
    bool sent = fake_wire_send(wire, bytes, event->piece_bytes);
    fake_text_fini(&text);
    return sent && !cut && !event->close_after && event->framing != FAKE_UNFRAMED;
}

/* A status with the type that the real one names for it, in most cases. */
bool fake_lambda_send_status(const struct fake_wire *wire, int status, const char *header)
{
    static const struct {
        int status;
        const char *type;
    } TYPES[] = { { 400, "InvalidRequestID" },
                  { 403, "InvalidStateTransition" },
                  { 410, "InvokeTimeout" },
                  { 413, "RequestEntityTooLarge" } };
    const char *type = "ScriptedError";
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (TYPES[i].status == status) type = TYPES[i].type;
    }
    char body[128];
    if (status < 300)
        snprintf(body, sizeof body, "{\"status\":\"OK\"}");
    else
        snprintf(body, sizeof body, "{\"errorMessage\":\"refused\",\"errorType\":\"%s\"}", type);
    struct fake_text text = { 0 };
    fake_text_printf(&text, "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
                     status, header, strlen(body), body);
    bool sent = fake_wire_send(wire, fake_text_span(&text), 0);
    fake_text_fini(&text);
    return sent;
}
