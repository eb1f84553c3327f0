// Page tokens: opaque to clients, and bound to the listing that they continue.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trainyard {

/// A token that carries `position` (the key of the last item shown) of the listing named `listing`
/// (operation and filters). Base64 of a digest and the position.
std::string make_page_token(std::string_view listing, std::string_view position);

/// The position in a token that make_page_token made for the same listing; nullopt for anything
/// else, so that the service can answer with its own error. The digest has no key: it catches
/// mistakes, not inventions. A position says where to go on in a listing that its reader may have
/// anyway, and is parsed with the care that any input needs.
std::optional<std::string> read_page_token(std::string_view listing, std::string_view token);

}  // namespace trainyard
