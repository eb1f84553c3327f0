// Addresses of objects that open without a session: for a browser's own download, and to hand on.
#pragma once

#include <chrono>

#include "base/json.hpp"
#include "http/message.hpp"
#include "server/parts.hpp"

namespace trainyard::server::console {

/// Seven days, as for S3's own (Amazon S3 User Guide, "Sharing objects with presigned URLs").
inline constexpr std::chrono::seconds kPresignedMax{7 * 24 * 3600};

/// `POST presign` with {"bucket", "key", "seconds"?: 3600, "attachment"?: false}: {"url"}, of a GET
/// that is signed with the caller's key, and answers what he may read then and there. ApiError
/// InvalidParameterException 400 for other members.
json::object presign_object(const Parts& parts, const Caller& caller, http::Request& request);

}  // namespace trainyard::server::console
