#include "record/account.h"

#include "base/assert.h"

static uint64_t sum_of_verdicts(const struct ps_account *account)
{
    uint64_t sum = 0;
    for (int verdict = 0; verdict < PS_VERDICT_COUNT; verdict++)
        sum += account->verdicts[verdict];
    return sum;
}

void ps_account_return_rest(struct ps_account *account)
{
    ps_account_add(account, PS_VERDICT_RETURNED, account->in - sum_of_verdicts(account));
}

bool ps_account_balances(const struct ps_account *account)
{
    return sum_of_verdicts(account) == account->in;
}

const char *ps_account_verdict_name(enum ps_verdict verdict)
{
    static const char *const NAMES[PS_VERDICT_COUNT] = {
        [PS_VERDICT_STORED] = "stored", [PS_VERDICT_DUPLICATE] = "duplicate", [PS_VERDICT_FILTERED] = "filtered",
        [PS_VERDICT_JOINED] = "joined", [PS_VERDICT_DEAD] = "dead",           [PS_VERDICT_RETURNED] = "returned",
    };
    PS_ASSERT(verdict < PS_VERDICT_COUNT);
    return NAMES[verdict];
}
