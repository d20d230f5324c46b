/*
 * Accounts, grants and the matrix of permissions over HTTP. The system administrator keeps accounts but grants nothing; the
 * security administrator grants but makes no account; what concerns one of the three administrators' own accounts (password,
 * disabling) is done with the command line on the machine, not by another of them.
 */
#ifndef YH_KIT_ACCOUNTS_HTTP_H
#define YH_KIT_ACCOUNTS_HTTP_H

#include "net/http.h"

extern const struct http_route kit_accounts_routes[];
extern const struct http_route kit_grant_routes[];
extern const struct http_route kit_role_routes[];

/* What the matrix is made of: the program's route tables, set once before the server starts. */
void kit_matrix_routes(const struct http_route *const *tables);

#endif
