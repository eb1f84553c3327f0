#include "http/end_to_end.hpp"

#include "base/text.hpp"

namespace trainyard::http {
namespace {

constexpr const char* kHopByHop[] = {"Connection",          "Keep-Alive", "Proxy-Authenticate",
                                     "Proxy-Authorization", "TE",         "Trailer",
                                     "Transfer-Encoding",   "Upgrade",    "Proxy-Connection"};

}  // namespace

void keep_end_to_end(Headers& headers) {
  for (const std::string& field : headers.all("Connection")) {
    for (const std::string& name : split(field, ',')) headers.remove(trim(name));
  }
  for (const char* name : kHopByHop) headers.remove(name);
}

}  // namespace trainyard::http
