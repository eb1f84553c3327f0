#include "base/error.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace trainyard {

void throw_errno(const std::string& what) { throw SystemError(what + ": " + std::strerror(errno)); }

void invariant_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "trainyard: broken invariant at %s:%d: %s\n", file, line, expression);
  std::abort();
}

}  // namespace trainyard
