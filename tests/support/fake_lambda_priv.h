/* What the files of fake_lambda share: its state, and who does what with it. fake_lambda.c has the test's side and the
 * threads, fake_lambda_serve.c the calls of one connection, fake_lambda_reply.c the bytes of replies. */
#ifndef FAKE_LAMBDA_PRIV_H
#define FAKE_LAMBDA_PRIV_H

#include <pthread.h>

#include "support/fake_lambda.h"
#include "support/fake_wire.h"

enum task_state {
    TASK_WAITING,
    TASK_TAKEN,
    TASK_ANSWERING, /* a POST for it is being read */
    TASK_ANSWERED,
    TASK_ENDED, /* its connection has asked for the next one */
};

/* An event and what became of it. */
struct task {
    struct fake_event event;
    enum task_state state;
    unsigned next_turn, answer_turn;
    size_t arrived; /* bytes of the POST that is being read */
    uint64_t sent_us;
};

struct turns {
    int list[FAKE_TURNS_MAX];
    unsigned count, at;
};

struct connection {
    struct fake_lambda *fake;
    struct connection *next;
    pthread_t thread;
    size_t number, in_hand; /* the task taken here, or FAKE_NO_EVENT */
    bool done;              /* the thread is about to end; the socket is closed */
    struct fake_wire wire;
};

struct fake_lambda {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int listener;
    char address[32];
    bool stopping, keep_no_posts, restored, initialised; /* initialised: /next has been asked for */
    struct connection *connections;
    struct task *tasks;
    size_t tasks_count, tasks_cap, taken; /* tasks[taken] is the next to be sent */
    struct fake_post **posts, *registration;
    size_t posts_count, posts_cap, posts_kept, connections_count;
    size_t counts[FAKE_KINDS];
    struct turns turns[FAKE_KINDS];
    uint64_t first_next_us, sent_us, answered_us;
};

/* fake_lambda.c */
_Noreturn void fake_lambda_die(const char *what);
void *fake_lambda_must(void *memory);
void fake_lambda_free_post(struct fake_post *post);

/* The newest event sent with this id, or FAKE_NO_EVENT. Under the lock. */
size_t fake_lambda_find_task(const struct fake_lambda *fake, struct ps_span id);

/* A thread's function: serves a struct connection until it ends, and closes it. */
void *fake_lambda_serve(void *argument);

/* Whether the connection can go on. The number counts events from 1; header is a line more with its CRLF, or "". */
bool fake_lambda_send_event(const struct fake_wire *wire, const struct fake_event *event, size_t number);
bool fake_lambda_send_status(const struct fake_wire *wire, int status, const char *header);

#endif
