#include "services/sagemaker/notebook_door.hpp"

#include <charconv>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "http/hosts.hpp"
#include "services/sagemaker/attempt_rows.hpp"
#include "services/sagemaker/notebook.hpp"
#include "services/sagemaker/plan.hpp"

namespace trainyard::sagemaker {
namespace {

/// kind-expires-session-key-signature: all of it goes into URLs and cookies as it is.
constexpr char kBetween = '-';
constexpr std::size_t kParts = 5;

std::string_view letter_of(Ticket::Kind kind) { return kind == Ticket::Kind::link ? "l" : "s"; }

std::string signed_part(const Ticket& ticket) {
  return join({std::string(letter_of(ticket.kind)), std::to_string(to_millis(ticket.expires)),
               std::to_string(ticket.session.count()), ticket.access_key},
              std::string(1, kBetween));
}

std::string signature_of(const std::string& secret, const std::string& text) {
  return hex(hmac_sha256(secret, text));
}

std::optional<int64_t> number_in(const std::string& text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string notebook_in_host(std::string_view host_header, const std::vector<std::string>& known) {
  const std::string host = to_lower(http::host_name(host_header));
  const std::size_t label = host.find(kNotebookLabel);
  if (label == std::string::npos || label == 0) return "";
  const std::string key = host.substr(0, label);
  if (key.find('.') != std::string::npos) return "";
  return http::is_known_host(host.substr(label + kNotebookLabel.size()), known) ? key : "";
}

std::string write_ticket(const std::string& secret, const Ticket& ticket) {
  const std::string text = signed_part(ticket);
  return text + kBetween + signature_of(secret, text);
}

std::optional<Ticket> read_ticket(const std::string& secret, Ticket::Kind kind,
                                  std::string_view text, Time now) {
  const auto parts = split(text, kBetween);
  if (parts.size() != kParts || parts[0] != letter_of(kind)) return std::nullopt;
  const auto expires = number_in(parts[1]), session = number_in(parts[2]);
  if (!expires || !session) return std::nullopt;
  Ticket ticket{kind, from_millis(*expires), std::chrono::seconds(*session), parts[3]};
  const bool ours = equal_in_constant_time(signature_of(secret, signed_part(ticket)), parts[4]);
  return ours && now < ticket.expires ? std::optional(ticket) : std::nullopt;
}

std::optional<NotebookDoor> find_notebook_door(Txn& txn, const Site& site, std::string_view key) {
  auto notebook = find_notebook(txn, key);
  if (!notebook || notebook->resource.status != "InService") return std::nullopt;
  auto attempt = find_attempt(txn, notebook->attempt);
  if (!attempt || attempt->ended || attempt->cancelled) return std::nullopt;
  const auto instances = instances_of(txn, attempt->id);
  TRAINYARD_ASSERT(!instances.empty());
  return NotebookDoor{arn_of(site, *notebook), attempt->role_arn,
                      attempt->id, instances.front().host,
                      jupyter_token_of(*attempt), hex(hmac_sha256(attempt->token, "door"))};
}

}  // namespace trainyard::sagemaker
