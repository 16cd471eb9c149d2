#include "record/account.h"

#include "support/check.h"

static void what_has_no_verdict_is_handed_back(void)
{
    struct ps_account account = { .in = 7 };
    ps_account_add(&account, PS_VERDICT_STORED, 2);
    ps_account_add(&account, PS_VERDICT_RETURNED, 1);
    CHECK(!ps_account_balances(&account));
    ps_account_return_rest(&account);
    CHECK_EQ(account.verdicts[PS_VERDICT_RETURNED], 5);
    CHECK(ps_account_balances(&account));
}

static void books_that_balance_stay_as_they_are(void)
{
    struct ps_account account = { .in = 2 };
    ps_account_add(&account, PS_VERDICT_DEAD, 2);
    ps_account_return_rest(&account);
    CHECK_EQ(account.verdicts[PS_VERDICT_RETURNED], 0);
    CHECK(ps_account_balances(&account));
}

int main(void)
{
    RUN(what_has_no_verdict_is_handed_back);
    RUN(books_that_balance_stay_as_they_are);
    return check_finish();
}
