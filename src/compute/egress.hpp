// What this host lets instances have of the internet: DIR/attempts/<id>/egress.json, written by the
// executor, read by agents. There is none when instances have nothing of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace trainyard::compute {

/// A file of this host, of which instances see a copy at the same path.
struct HostFile {
  std::string path;  // absolute
  std::string text;
};

struct Egress {
  /// The daemon's own https_proxy, http_proxy and no_proxy: what our way out leads through.
  std::map<std::string, std::string> proxies;
  /// Variables of every program, unless its request sets them: how pip finds its index, say.
  std::map<std::string, std::string> environment;
  std::vector<HostFile> files;
};

json::object to_json(const Egress& egress);
/// SystemError when the text is malformed.
Egress parse_egress(std::string_view text);

}  // namespace trainyard::compute
