// Between the network holder and those who ask it: one packet a request ("socket HOST", "listen
// HOST PORT", "enter HOST", "attach HOST"), one an answer ("ok …" with descriptors, or what is
// wrong).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/un.h>

#include "base/files.hpp"

namespace trainyard::compute {

inline constexpr std::size_t kMessageBytesMax = 1024;
inline constexpr std::size_t kDescriptorsMax = 4;

/// The holder's socket below an open folder.
sockaddr_un socket_address(int folder);
void send_message(int fd, std::string_view text, std::span<const int> descriptors);
/// nullopt when the other side has closed.
std::optional<std::string> receive_message(int fd, std::vector<Fd>& descriptors);

}  // namespace trainyard::compute
