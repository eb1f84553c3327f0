#include "server/console/raw.hpp"

#include "base/text.hpp"
#include "http/amend.hpp"
#include "server/console/gate.hpp"
#include "server/console/replies.hpp"
#include "server/pipeline.hpp"

namespace trainyard::server::console {
namespace {

void disarm(http::Response& response, bool attached) {
  http::Headers& headers = response.headers;
  keep_from_other_pages(headers);
  headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  // Whatever the object was stored with: after the session nothing of it is left.
  headers.set("Cache-Control", "private, no-cache");
  const std::string stored = headers.get("Content-Disposition");
  if (attached && !to_lower(stored).starts_with("attachment")) {
    headers.set("Content-Disposition", "attachment");
  }
}

}  // namespace

http::Response pass_raw(Pipeline& pipeline, const Caller& caller, std::string_view service,
                        std::string_view target, http::Request& request) {
  request.target = std::string(target);  // of which it may be a part
  for (const char* own : {"Cookie", "Authorization", kHeader}) request.headers.remove(own);
  const bool attached = service == "s3" && request.only_reads();
  return http::amended(pipeline.handle_as(caller, service, request),
                       [attached](http::Response& response) { disarm(response, attached); });
}

}  // namespace trainyard::server::console
