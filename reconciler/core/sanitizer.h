// Whether this is built with ASan or TSan, which need more memory and time than what they watch.
// GCC says so with macros, clang with features.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define MAAND_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define MAAND_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAAND_ASAN 1
#elif __has_feature(thread_sanitizer)
#define MAAND_TSAN 1
#endif
#endif
