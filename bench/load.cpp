// Sends requests over and over on connections that stay open where the server lets them, and times
// the answers: one thread, so that the client takes as little of the machine as it can.
//   bench-load HOST PORT CONNECTIONS SECONDS [--rate R] FILE…
// FILE is head and body of a request, as sent; several are sent in turn. Without a rate each
// connection sends as soon as it has its answer; with one, requests come in as a Poisson process, R
// a second, and wait for a connection that is free: their time begins when they come in. Prints one
// line of JSON. Answers other than 2xx are counted as failures.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "arrivals.hpp"

namespace {

using Clock = std::chrono::steady_clock;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// The length of a whole answer at the beginning of `in`; 0 while it is not whole.
std::size_t whole_answer(std::string_view in) {
  const std::size_t head = in.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  const std::string fields = lower(in.substr(0, head));
  if (const std::size_t at = fields.find("\r\ncontent-length:"); at != std::string::npos) {
    const std::size_t length = std::strtoull(fields.c_str() + at + 17, nullptr, 10);
    return in.size() >= head + 4 + length ? head + 4 + length : 0;
  }
  if (fields.find("\r\ntransfer-encoding: chunked") == std::string::npos) {
    throw std::runtime_error("an answer has neither a length nor chunks");
  }
  for (std::size_t at = head + 4;;) {
    const std::size_t line = in.find("\r\n", at);
    if (line == std::string_view::npos) return 0;
    const std::string digits(in.substr(at, line - at));
    const std::size_t size = std::strtoull(digits.c_str(), nullptr, 16);
    at = line + 2 + size + 2;
    if (at > in.size()) return 0;
    if (size == 0) return at;
  }
}

struct Connection {
  int fd = -1;
  const std::string* request = nullptr;  // null: it is free
  std::size_t sent = 0;
  std::string answer;
  Clock::time_point begin;
  bool begun = false;  // `begin` is before it was sent, or the connection opened
};

class Load {
 public:
  Load(const char* host, int port, int connections, std::optional<double> rate,
       const std::vector<std::string>& requests)
      : requests_(requests), rate_(rate), connections_(static_cast<std::size_t>(connections)) {
    address_.sin_family = AF_INET;
    address_.sin_port = htons(static_cast<uint16_t>(port));
    if (::inet_pton(AF_INET, host, &address_.sin_addr) != 1) {
      throw std::runtime_error(std::string("no address: ") + host);
    }
    for (Connection& connection : connections_) {
      if (!rate_) connection.request = &next_request();
      open(connection);
    }
  }

  void run(double seconds) {
    const Clock::time_point begin = Clock::now();
    const Clock::time_point end =
        begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    std::optional<Arrivals> arrivals;
    if (rate_) arrivals.emplace(*rate_, begin);
    std::vector<pollfd> fds(connections_.size());
    while (Clock::now() < end) {
      Clock::time_point until = end;
      if (arrivals) {
        for (; arrivals->next() <= Clock::now(); arrivals->pass())
          waiting_.push_back(arrivals->next());
        until = std::min(end, arrivals->next());
        hand_out();
      }
      wait(fds, until);
      for (std::size_t i = 0; i < fds.size(); ++i) {
        if (fds[i].revents != 0) advance(connections_[i]);
      }
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - begin).count();
  }

  void report() {
    if (micros_.empty()) throw std::runtime_error("no answer at all");
    std::sort(micros_.begin(), micros_.end());
    auto at = [&](double share) {
      const auto index = static_cast<std::size_t>(share * static_cast<double>(micros_.size()));
      return micros_[std::min(micros_.size() - 1, index)];
    };
    std::printf(
        "{\"requests\": %zu, \"failures\": %zu, \"per_second\": %.1f, \"p50_us\": %.1f, "
        "\"p99_us\": %.1f}\n",
        micros_.size(), failures_, static_cast<double>(micros_.size()) / seconds_, at(0.5),
        at(0.99));
  }

 private:
  /// Requests that came in go out on the connections that are free.
  void hand_out() {
    for (Connection& connection : connections_) {
      if (waiting_.empty()) return;
      if (connection.request) continue;
      connection.request = &next_request();
      connection.begin = waiting_.front();
      connection.begun = true;
      waiting_.pop_front();
      advance(connection);
    }
  }

  void wait(std::vector<pollfd>& fds, Clock::time_point until) {
    for (std::size_t i = 0; i < fds.size(); ++i) {
      const Connection& connection = connections_[i];
      const bool sending = connection.request && connection.sent < connection.request->size();
      fds[i] = {connection.fd, static_cast<short>(sending ? POLLOUT : POLLIN), 0};
    }
    const int64_t left =
        std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count();
    const timespec time{std::max<int64_t>(left, 0) / 1'000'000'000,
                        std::max<int64_t>(left, 0) % 1'000'000'000};
    if (::ppoll(fds.data(), fds.size(), &time, nullptr) < 0 && errno != EINTR) {
      throw std::runtime_error("poll failed");
    }
  }

  const std::string& next_request() { return requests_[next_++ % requests_.size()]; }

  void open(Connection& connection) {
    connection.begin = Clock::now();
    connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address_), sizeof address_) != 0) {
      throw std::runtime_error(std::string("cannot connect: ") + std::strerror(errno));
    }
    const int yes = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connection.begun = true;
  }

  void advance(Connection& connection) {
    if (connection.request && connection.sent < connection.request->size()) {
      if (connection.sent == 0 && !connection.begun) connection.begin = Clock::now();
      connection.begun = false;
      const std::string& request = *connection.request;
      const ssize_t sent = ::send(connection.fd, request.data() + connection.sent,
                                  request.size() - connection.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) throw std::runtime_error("a connection broke");
      if (sent > 0) connection.sent += static_cast<std::size_t>(sent);
      return;
    }
    char chunk[65536];
    const ssize_t got = ::recv(connection.fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) throw std::runtime_error("a connection was closed");
    connection.answer.append(chunk, static_cast<std::size_t>(got));
    if (whole_answer(connection.answer) == 0) return;
    const std::chrono::duration<double, std::micro> took = Clock::now() - connection.begin;
    micros_.push_back(took.count());
    if (connection.answer.compare(9, 1, "2") != 0) ++failures_;
    const bool closes = lower(connection.answer.substr(0, connection.answer.find("\r\n\r\n")))
                            .find("\r\nconnection: close") != std::string::npos;
    connection.answer.clear();
    connection.sent = 0;
    if (closes) {  // some servers want a connection a request: it is part of their time
      ::close(connection.fd);
      open(connection);
    }
    connection.request = nullptr;
    if (rate_) return hand_out();
    connection.request = &next_request();
    advance(connection);  // the next request goes out at once
  }

  const std::vector<std::string>& requests_;
  const std::optional<double> rate_;
  std::size_t next_ = 0;
  std::deque<Clock::time_point> waiting_;  // when they came in
  std::vector<Connection> connections_;
  sockaddr_in address_{};
  std::vector<double> micros_;
  std::size_t failures_ = 0;
  double seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const bool paced = argc > 5 && std::string_view(argv[5]) == "--rate";
  const int first = paced ? 7 : 5;
  if (argc <= first) {
    std::fprintf(stderr, "usage: bench-load HOST PORT CONNECTIONS SECONDS [--rate R] FILE...\n");
    return 2;
  }
  try {
    std::vector<std::string> requests;
    for (int i = first; i < argc; ++i) {
      std::ifstream in(argv[i], std::ios::binary);
      requests.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    std::optional<double> rate;
    if (paced) rate = std::strtod(argv[6], nullptr);
    Load load(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), rate, requests);
    load.run(std::atof(argv[4]));
    load.report();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench-load: %s\n", error.what());
    return 1;
  }
}
