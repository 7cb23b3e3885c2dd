// libpqxx 6.4 (Debian 12) does not free the result that libpq makes when a connection ends within a call:
// some 200 bytes for each connection that broke. Leaks of ours are still told.
#include "reconciler/core/sanitizer.h"

#if defined(MAAND_ASAN)
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:PQmakeEmptyPGresult\n"; }
#endif
