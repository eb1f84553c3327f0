#include "server/notebooks.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "http/hosts.hpp"
#include "identity/identity.hpp"
#include "notebook/pages.hpp"
#include "server/authorise.hpp"
#include "services/sagemaker/roles.hpp"

namespace trainyard::server {
namespace {

/// As many as attempts have at their own doors: no notebook takes all connections of the port.
constexpr int kPlaces = 128;
constexpr const char* kCookie = "trainyard-notebook";
constexpr const char* kAction = "sagemaker:CreatePresignedNotebookInstanceUrl";

}  // namespace

Notebooks::Notebooks(const Parts& parts, std::vector<std::string> hosts, Page page)
    : parts_(parts), hosts_(std::move(hosts)), page_(std::move(page)) {}

bool Notebooks::is_for(const http::Request& request) const {
  return !sagemaker::notebook_in_host(request.headers.get("Host"), hosts_).empty();
}

http::Response Notebooks::handle(http::Request& request) {
  const std::string key = sagemaker::notebook_in_host(request.headers.get("Host"), hosts_);
  const auto door = door_of(key);
  if (!door) {
    return notebook::notice(404, "No notebook here",
                            "There is no notebook instance of the name " + key +
                                " in service: `aws sagemaker list-notebook-instances` tells which "
                                "there are.");
  }
  return door->handle(request);
}

/// The principal that the URL was made for is asked about anew at each request, as SageMaker does:
/// a right that was taken away closes the notebook.
bool Notebooks::may_enter(const http::Request& request, const std::string& access_key,
                          const std::string& arn) const {
  const Time now = parts_.clock.now();
  return parts_.store.read([&](Txn& txn) {
    auto credential = identity::find_credential(txn, access_key);
    if (!credential) return false;
    credential->caller.source_ip = http::peer_address(request.peer);
    identity::Authorisation question;
    question.action = kAction;
    question.resource = arn;
    question.context = call_context(credential->caller, parts_.site.region);
    try {
      identity::authorise(txn, credential->caller, question, now);
      return true;
    } catch (const ApiError& refusal) {
      log_info("{}: {}", arn, refusal.message());
      return false;
    }
  });
}

notebook::Access Notebooks::access_of(const std::string& key,
                                      const sagemaker::NotebookDoor& facts) const {
  using sagemaker::Ticket;
  auto ticket = [this, facts](Ticket::Kind kind, std::string_view text) {
    return sagemaker::read_ticket(facts.secret, kind, text, parts_.clock.now());
  };
  auto holds = [this, facts, ticket](Ticket::Kind kind) {
    return [this, facts, ticket, kind](const http::Request& request, std::string_view text) {
      const auto found = ticket(kind, text);
      return found && may_enter(request, found->access_key, facts.arn);
    };
  };
  notebook::Access access;
  access.parameter = "authToken";
  access.cookie = kCookie;
  access.is_host = [this, key](std::string_view host) {
    return sagemaker::notebook_in_host(host, hosts_) == key;
  };
  access.hint = "Open a presigned URL: `aws sagemaker create-presigned-notebook-instance-url` "
                "makes one, which opens for five minutes.";
  access.opens = holds(Ticket::Kind::link);
  access.is_session = holds(Ticket::Kind::session);
  access.session = [this, facts, ticket](std::string_view text) {
    const auto link = ticket(Ticket::Kind::link, text);
    if (!link) throw ApiError("AccessDeniedException", 403, "The presigned URL has expired.");
    const Ticket session{Ticket::Kind::session, parts_.clock.now() + link->session,
                         link->session, link->access_key};
    return notebook::Session{sagemaker::write_ticket(facts.secret, session), link->session};
  };
  return access;
}

/// nullptr for a notebook that is not in service. A door goes with the run that it stands before:
/// it keeps connections into that one's network.
std::shared_ptr<notebook::Door> Notebooks::door_of(const std::string& key) {
  const auto facts = parts_.store.read(
      [&](Txn& txn) { return sagemaker::find_notebook_door(txn, parts_.site, key); });
  std::lock_guard lock(mutex_);
  if (!facts) {
    doors_.erase(key);
    return nullptr;
  }
  Standing& standing = doors_[key];
  if (standing.attempt != facts->attempt) standing = {facts->attempt, make_door(key, *facts)};
  return standing.door;
}

std::shared_ptr<notebook::Door> Notebooks::make_door(const std::string& key,
                                                     const sagemaker::NotebookDoor& facts) const {
  notebook::DoorOptions options;
  options.jupyter = [this, facts] {
    http::Address address;
    address.host = facts.host;
    address.port = compute::kContainerPort;
    Fd socket = parts_.executor.connect(facts.attempt, facts.host, address.port);
    return http::Connection(std::move(socket), address, notebook::to_jupyter());
  };
  options.jupyter_token = facts.jupyter_token;
  options.places = kPlaces;
  options.page = [this, role = facts.role_arn](const std::string& kind, const std::string& arn) {
    const Caller caller = parts_.store.read([&](Txn& txn) {
      return identity::assume_for_service(txn, role, sagemaker::kPrincipal,
                                          sagemaker::kSessionName);
    });
    return page_(caller, kind, arn);
  };
  options.access = access_of(key, facts);
  return std::make_shared<notebook::Door>(std::move(options));
}

}  // namespace trainyard::server
