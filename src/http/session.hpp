// One connection of the server: requests in, responses out, until either side has had enough.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "http/reader.hpp"
#include "http/server.hpp"

namespace trainyard::http {

class Session {
 public:
  Session(Fd socket, std::string peer, const ServerOptions& options,
          std::shared_ptr<const Server::Handler> handler, const void* door,
          const std::atomic<bool>& stopping);

  /// Serves until the connection ends. Never throws.
  void run();

  /// Since when it waits for a request (monotonic nanoseconds); 0 while it serves one.
  int64_t idle_since() const { return idle_since_; }
  /// Ends the connection from another thread: run() returns soon.
  void cut();
  const void* door() const { return door_; }

 private:
  class Body;

  bool serve_one();
  bool refuse(HeadStatus status);
  Response handle(Request& request);
  bool settle_body(const Body& body);
  bool drain_small();
  bool send(Response& response, const Request& request, bool keep_alive);
  bool send_stream(Response& response, bool chunked);
  void append_head(const Response& response, bool body_allowed, bool head_request, bool chunked,
                   bool keep_alive);
  bool write(std::string_view head, std::string_view body);
  void answer(int status, std::string_view text);
  void linger();

  const ServerOptions& options_;
  std::shared_ptr<const Server::Handler> handler_;
  const void* door_;
  const std::atomic<bool>& stopping_;
  std::atomic<int64_t> idle_since_{0};
  std::string peer_;
  std::unique_ptr<Channel> channel_;
  MessageReader reader_;
  Head head_;
  std::string out_;
  std::string date_;
  int64_t date_second_ = -1;
  bool unread_input_ = false;  // the peer may still be sending
};

}  // namespace trainyard::http
