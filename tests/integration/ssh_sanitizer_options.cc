// libssh2 1.10 loses a number of 56 bytes whenever it parses an ECDSA key in
// OpenSSH's own format. Told to LeakSanitizer for this executable and that call
// alone; finding the call needs whole stacks.
#include "reconciler/core/sanitizer.h"

#if defined(MAAND_ASAN)
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libssh2_userauth_publickey_frommemory\n";
}
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "fast_unwind_on_malloc=0"; }
#endif
