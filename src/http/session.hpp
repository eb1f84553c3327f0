// One connection of the server: requests in, responses out, until either side has had enough.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "http/reader.hpp"
#include "http/server.hpp"

namespace trainyard::http {

class Session {
 public:
  /// Why go_on() came back.
  enum class Pause {
    ended,    // the connection is over
    idle,     // nothing of a next request is here: go on when the socket is readable
    pending,  // go on when awaited() is readable
    thread,   // going on may wait: it needs a thread of its own
  };

  Session(Fd socket, std::string peer, const ServerOptions& options,
          std::shared_ptr<const Server::Handler> handler, const void* door,
          const std::atomic<bool>& stopping);
  ~Session();

  /// Serves requests. With `may_wait` it stays until the connection ends, or leaves early with
  /// `pending` where the server has a loop for that; without, it does what takes no waiting.
  /// Never throws.
  Pause go_on(bool may_wait);

  int socket() const { return channel_->fd(); }
  /// What the pending response waits for, and until when (monotonic nanoseconds).
  int awaited() const;
  /// For a response that calls instead (Wait::calls): false when it is none.
  bool call(std::function<void()> ready);
  int64_t deadline() const;
  /// Since when it waits for a request (monotonic nanoseconds); 0 while it serves one.
  int64_t idle_since() const { return idle_since_; }
  /// Ends the connection from another thread: go_on() returns soon.
  void cut();
  const void* door() const { return door_; }

 private:
  class Body;
  struct Exchange;  // a request and, once there is one, its response
  /// What a step of an exchange came to: the next one, or out of go_on().
  using Step = std::optional<Pause>;

  Pause serve();
  Step next_request();
  Step take_in_head();
  Step begin_exchange();
  Step handle();
  Step connect();
  Step tunnel(ConnectAnswer answer);
  void refuse_tunnel(int status, std::string_view why);
  Step await_response();
  Step respond();
  Step change_protocol();
  Step flush();
  Step end();
  Step refuse(HeadStatus status);
  template <class Make>
  Response make_response(const Make& make);
  bool settle_body();
  bool drain_small();
  bool send(Response& response, bool keep_alive);
  bool send_stream(Response& response, bool chunked);
  bool send_inline(std::string_view body);
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
  std::unique_ptr<Channel> channel_;  // the socket: other threads cut it
  std::unique_ptr<Channel> tls_;      // over it, once a CONNECT to ourselves has been answered
  Channel* io_;                       // what messages come from
  std::unique_ptr<MessageReader> reader_;
  Head head_;
  std::unique_ptr<Exchange> exchange_;
  std::string out_;
  std::size_t unsent_ = 0;  // so much of the end of out_ is still to be written
  bool readable_ = false;   // a read of the socket is worth a system call
  bool may_wait_ = true;    // of the go_on() that runs
  bool last_ = false;       // no request is served after this response
  bool over_ = false;
  std::string date_;
  int64_t date_second_ = -1;
  bool unread_input_ = false;  // the peer may still be sending
};

}  // namespace trainyard::http
