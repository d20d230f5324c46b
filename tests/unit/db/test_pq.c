/* That db_pq.h says what libpq-fe.h says is checked when this is compiled; that the library is found, when it runs. */
#include <libpq-fe.h>

#include "../check.h"
#include "db/db_pq.h"

/* Word for word; where libpq has an enumeration or its option, ours has an int or its own struct of the same form. */
#define SAME(name)                                                                                           \
    _Static_assert(__builtin_types_compatible_p(typeof(((struct db_pq *)0)->name), typeof(&PQ##name)), #name)
SAME(connectdbParams);
SAME(finish);
SAME(serverVersion);
SAME(socket);
SAME(consumeInput);
SAME(errorMessage);
SAME(parameterStatus);
SAME(setNoticeProcessor);
SAME(freemem);
SAME(exec);
SAME(prepare);
SAME(sendQueryParams);
SAME(sendQueryPrepared);
SAME(setSingleRowMode);
SAME(getResult);
SAME(resultErrorField);
SAME(clear);
SAME(ntuples);
SAME(nfields);
SAME(ftype);
SAME(getvalue);
SAME(getlength);
SAME(getisnull);
SAME(resultMemorySize);
SAME(cmdStatus);
SAME(cmdTuples);

#define EQUAL(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #theirs)
EQUAL(PQ_CONNECTION_OK, CONNECTION_OK);
EQUAL(PQ_CONNECTION_BAD, CONNECTION_BAD);
EQUAL(PQ_EMPTY_QUERY, PGRES_EMPTY_QUERY);
EQUAL(PQ_COMMAND_OK, PGRES_COMMAND_OK);
EQUAL(PQ_TUPLES_OK, PGRES_TUPLES_OK);
EQUAL(PQ_BAD_RESPONSE, PGRES_BAD_RESPONSE);
EQUAL(PQ_FATAL_ERROR, PGRES_FATAL_ERROR);
EQUAL(PQ_SINGLE_TUPLE, PGRES_SINGLE_TUPLE);
EQUAL(PQ_TRANS_IDLE, PQTRANS_IDLE);
EQUAL(PQ_TRANS_ACTIVE, PQTRANS_ACTIVE);
EQUAL(PQ_TRANS_INTRANS, PQTRANS_INTRANS);
EQUAL(PQ_TRANS_INERROR, PQTRANS_INERROR);
EQUAL(PQ_TRANS_UNKNOWN, PQTRANS_UNKNOWN);
EQUAL(sizeof(db_pq_option), sizeof(PQconninfoOption));
EQUAL(offsetof(db_pq_option, keyword), offsetof(PQconninfoOption, keyword));
EQUAL(offsetof(db_pq_option, val), offsetof(PQconninfoOption, val));

static void library_is_found_once(void **state)
{
    (void)state;
    const struct db_pq *first = NULL, *second = NULL;
    check_ok(db_pq_load(&first));
    check_ok(db_pq_load(&second));
    assert_ptr_equal(first, second);
    assert_non_null(first->exec);
}

static void missing_library_says_what_to_install(void **state)
{
    (void)state;
    struct db_pq pq;
    check_err(db_pq_load_from("libno-such-library.so.5", &pq), YH_E_UNSUPPORTED);
    assert_non_null(strstr(yh_cause(), "apt install libpq5"));
    check_err(db_pq_load_from("libc.so.6", &pq), YH_E_UNSUPPORTED);
    assert_non_null(strstr(yh_cause(), "PQconnectdbParams"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_is_found_once),
        cmocka_unit_test(missing_library_says_what_to_install),
    };
    return cmocka_run_group_tests_name("db-pq", tests, NULL, NULL);
}
