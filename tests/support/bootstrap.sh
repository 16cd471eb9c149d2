# shellcheck shell=bash
# For scripts that test the bootstrap as a process: compiles handlers, serves them events, checks what came out.
# Source it from the repository's root; BUILD, CC and EMULATOR as for make. A folder $work is made and removed again:
# $work/root holds the bootstrap, $work/task is the task root.

build=$(realpath "${BUILD:-build/release}")
cc=${CC:-gcc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
mkdir -p "$work/root/lib" "$work/task"
cp "$build/bootstrap" "$work/root/"
# What starts it: itself, or the emulator.
bootstrap=$work/root/bootstrap
if [[ ${EMULATOR:-} ]]; then
    bootstrap=$work/emulated
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$EMULATOR" "$work/root/bootstrap" >"$bootstrap" && chmod +x "$bootstrap"
fi
echo '{"n":1}' >"$work/event.json"

# compile NAME [LINKER-ARGUMENT...] <SOURCE: a handler in the task folder
compile() {
    local name=$1
    shift
    "$cc" -std=gnu17 -O1 -fPIC -shared -fvisibility=hidden -fno-omit-frame-pointer -D_GNU_SOURCE -Iruntime \
        -Wall -Wextra -Werror -x c - -x none -o "$work/task/$name.so" "$@"
}

# serve HANDLER [OPTION...]: out, err and code of one run
serve() {
    local handler=$1
    shift
    out=$(LAMBDA_TASK_ROOT=$work/task ${EMULATOR:+"$EMULATOR"} "$build/tests/tools/runtime_api_server" --bootstrap "$bootstrap" \
        --handler "$handler" "$@" "$work/event.json" 2>"$work/err")
    code=$?
    err=$(<"$work/err")
}

# check FACT CONDITION-COMMAND...
check() {
    local fact=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok $fact"
    else
        failed=$((failed + 1))
        echo "not ok $fact"
        printf '# exit %s\n# out: %s\n# err: %s\n' "$code" "$out" "$err"
    fi
}

answered() { [[ $code == 0 && $out == *"$1"* ]]; }
# failed_with TYPE TEXT: one failure of that type, whose message holds the text
failed_with() { [[ $code == 1 && -z $out && $err == *"event.json: $1: "* && $err == *"$2"* ]]; }

# Ends the script: how many passed and failed, and the exit code.
finish() {
    echo "# $passed passed, $failed failed"
    ((failed == 0))
}

# shellcheck disable=SC2034 # for the scripts
HANDLER='
#include "lambda/handler.h"
static enum ps_err answer(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)inv;
    (void)event;
    ps_buf_put(reply->body, PS_SPAN("fine"));
    return PS_OK;
}
'
