// The agent's side of DIR/run/agents.sock: reports, credentials, commands.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/patience.hpp"
#include "agent/stop.hpp"
#include "base/json.hpp"
#include "client/credentials.hpp"
#include "http/client.hpp"

namespace trainyard::agent {

struct Answer {
  int status = 0;
  std::string body;
};

/// For many threads.
class DaemonLink {
 public:
  /// `plan`: the attempt's plan.json, whose end is the attempt's.
  DaemonLink(const fs::path& socket, std::string attempt, std::string host, std::string token,
             fs::path plan);

  /// One try. http::TransportError when the daemon is away.
  Answer get(const std::string& what);
  /// "logs" of the attempt, "report" and "metrics" of the instance; repeats while the daemon is
  /// away or answers 5xx. http::TransportError, or ApiError for 5xx, when the patience ends.
  /// SystemError when the attempt is gone.
  Answer post(const std::string& what, const std::string& body, Patience patience = Patience());

  /// One try ("usage" of the instance) on a connection of its own, given up when nothing comes for
  /// `max`. http::TransportError then.
  Answer tell(const std::string& what, const std::string& body, std::chrono::seconds max);

  /// The data folder was removed while the daemon was away: nobody will ask for this instance.
  bool is_orphaned() const;

  /// Keys of the job's role. SystemError when the daemon refuses.
  client::IssuedCredentials credentials();

 private:
  friend class CommandListener;
  std::string path_of(const std::string& what) const;
  http::Outgoing request(const char* method, const std::string& what) const;
  http::Outgoing report(const std::string& what, const std::string& body) const;

  http::Address address_;
  std::string attempt_, host_, token_;
  const fs::path plan_;
  http::Pool pool_;
};

/// Waits for the daemon's commands on a thread of its own, and triggers `stop` on "stop".
class CommandListener {
 public:
  CommandListener(DaemonLink& link, StopSignal& stop);
  ~CommandListener();

 private:
  void run();
  void listen_once();

  DaemonLink& link_;
  StopSignal& stop_;
  StopSignal ending_;
  std::mutex mutex_;
  int waiting_ = -1;  // the socket of a poll under way
  std::thread thread_;
};

}  // namespace trainyard::agent
