#include "http/server.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "http/channel.hpp"
#include "http/loop.hpp"
#include "http/session.hpp"

namespace trainyard::http {
namespace {

using std::chrono::milliseconds;

// Only touched pages cost memory; handlers walk JSON and XML recursively (bounded depth).
constexpr std::size_t kWorkerStackBytes = 1u << 20;
constexpr std::chrono::seconds kWorkerIdle{10};
constexpr milliseconds kAcceptPause{50};  // when the process has no descriptors left

struct Door {
  Fd fd;
  std::shared_ptr<const Server::Handler> handler;
  fs::path unix_path;
};

std::string peer_name(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  return "unix";
}

/// One line for the client that no thread is left for; what it has sent is thrown away first, lest
/// the reset that unread data causes destroys the answer.
void refuse(Fd socket) {
  static constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
      "Connection: close\r\n\r\n";
  (void)!::send(socket.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(socket.get(), SHUT_WR);
  char waste[4096];
  while (::recv(socket.get(), waste, sizeof waste, MSG_DONTWAIT) > 0) {
  }
}

}  // namespace

struct Server::Impl {
  /// Outlives the server for as long as a worker thread still leaves.
  struct State {
    ServerOptions options;
    std::shared_ptr<const Handler> handler;

    std::mutex mutex;
    std::condition_variable work, changed;
    std::vector<std::shared_ptr<Door>> doors;
    std::deque<std::unique_ptr<Session>> queue;  // they wait for a thread
    std::unordered_set<Session*> sessions;       // all, wherever they are
    std::unordered_map<const void*, int> at_door;  // how many of them came through a door
    std::unique_ptr<Loop> loop;                  // only where some requests are quick
    int workers = 0;
    int idle_workers = 0;
    std::atomic<bool> stopping{false};
    Fd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  };

  std::shared_ptr<State> state = std::make_shared<State>();
  std::thread acceptor;

  static void wake_acceptor(State& state) {
    uint64_t one = 1;
    (void)!::write(state.wake.get(), &one, sizeof one);
  }

  void add(Fd listening, Handler handler, fs::path unix_path) {
    ::fcntl(listening.get(), F_SETFL, ::fcntl(listening.get(), F_GETFL) | O_NONBLOCK);
    auto door = std::make_shared<Door>();
    door->fd = std::move(listening);
    door->handler =
        handler ? std::make_shared<const Handler>(std::move(handler)) : state->handler;
    door->unix_path = std::move(unix_path);
    std::lock_guard lock(state->mutex);
    if (state->stopping) throw SystemError("the server is stopping");
    state->doors.push_back(std::move(door));
    if (!acceptor.joinable()) acceptor = std::thread([state = state] { accept_loop(state); });
    wake_acceptor(*state);
  }

  static void accept_loop(const std::shared_ptr<State>& owner) {
    State& state = *owner;
    bool starved = false;
    while (!state.stopping) {
      std::vector<std::shared_ptr<Door>> doors;
      {
        std::lock_guard lock(state.mutex);
        doors = state.doors;
      }
      std::vector<pollfd> entries{{state.wake.get(), POLLIN, 0}};
      if (!starved) {
        for (const auto& door : doors) entries.push_back({door->fd.get(), POLLIN, 0});
      }
      ::poll(entries.data(), entries.size(), starved ? static_cast<int>(kAcceptPause.count()) : -1);
      uint64_t count = 0;
      (void)!::read(state.wake.get(), &count, sizeof count);
      starved = false;
      for (std::size_t i = 1; i < entries.size(); ++i) {
        if (entries[i].revents != 0 && !accept_from(owner, doors[i - 1])) starved = true;
      }
    }
  }

  /// Takes what waits at the door; false when the process is out of descriptors.
  static bool accept_from(const std::shared_ptr<State>& state, const std::shared_ptr<Door>& door) {
    for (;;) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      Fd socket(::accept4(door->fd.get(), reinterpret_cast<sockaddr*>(&address), &size,
                          SOCK_CLOEXEC));
      if (!socket) return errno != EMFILE && errno != ENFILE && errno != ENOMEM;
      if (address.ss_family != AF_UNIX) {
        int on = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      admit(state, std::move(socket), peer_name(address), *door);
    }
  }

  static void admit(const std::shared_ptr<State>& state, Fd socket, std::string peer,
                    const Door& door) {
    std::unique_lock lock(state->mutex);
    if (state->at_door[&door] >= state->options.connections_per_door) {
      lock.unlock();
      log_warning("connection refused at {}: {} are open", door.unix_path.string(),
                  state->options.connections_per_door);
      return refuse(std::move(socket));
    }
    const bool full = static_cast<int>(state->sessions.size()) >= state->options.connections_max;
    // Full: the connection that has waited longest for its next request gives way.
    if (!full || (state->queue.empty() && evict_idle(*state))) {
      auto session = std::make_unique<Session>(std::move(socket), std::move(peer), state->options,
                                               door.handler, &door, state->stopping);
      state->sessions.insert(session.get());
      ++state->at_door[&door];
      hand_to_worker(state, std::move(session));
      return;
    }
    lock.unlock();
    log_warning("connection refused: {} are open", state->options.connections_max);
    refuse(std::move(socket));
  }

  /// With the lock held. A session that no thread is left for waits until one is.
  static void hand_to_worker(const std::shared_ptr<State>& state,
                             std::unique_ptr<Session> session) {
    state->queue.push_back(std::move(session));
    if (static_cast<int>(state->queue.size()) <= state->idle_workers) {
      state->work.notify_one();
    } else if (state->workers < state->options.connections_max && !start_worker(state)) {
      log_warning("no thread for a connection: it waits for one of {}", state->workers);
    }
  }

  static void retire(State& state, std::unique_ptr<Session> session) {
    std::lock_guard lock(state.mutex);
    forget(state, *session);
    state.changed.notify_all();
  }

  /// With the lock held.
  static void forget(State& state, Session& session) {
    state.sessions.erase(&session);
    auto door = state.at_door.find(session.door());
    if (--door->second == 0) state.at_door.erase(door);
  }

  static bool evict_idle(State& state) {
    Session* oldest = nullptr;
    for (Session* session : state.sessions) {
      if (session->idle_since() != 0 &&
          (oldest == nullptr || session->idle_since() < oldest->idle_since())) {
        oldest = session;
      }
    }
    if (oldest == nullptr) return false;
    oldest->cut();
    return true;
  }

  static bool start_worker(const std::shared_ptr<State>& state) {
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, kWorkerStackBytes);
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    auto owner = std::make_unique<std::shared_ptr<State>>(state);
    pthread_t thread;
    int failure = ::pthread_create(
        &thread, &attributes,
        [](void* argument) -> void* {
          std::unique_ptr<std::shared_ptr<State>> state(
              static_cast<std::shared_ptr<State>*>(argument));
          work(**state);
          return nullptr;
        },
        owner.get());
    ::pthread_attr_destroy(&attributes);
    if (failure != 0) return false;
    (void)owner.release();  // the thread's now
    ++state->workers;
    return true;
  }

  static void work(State& state) {
    std::unique_lock lock(state.mutex);
    for (;;) {
      ++state.idle_workers;
      bool found = state.work.wait_for(
          lock, kWorkerIdle, [&] { return !state.queue.empty() || state.stopping; });
      --state.idle_workers;
      if (!found || state.queue.empty()) break;
      std::unique_ptr<Session> session = std::move(state.queue.front());
      state.queue.pop_front();
      lock.unlock();
      if (session->go_on(true) == Session::Pause::pending) {
        state.loop->add(std::move(session));
      } else {
        retire(state, std::move(session));
      }
      lock.lock();
    }
    --state.workers;
    state.changed.notify_all();
  }

  /// The loop ends in stop(), before the state does.
  void start_loop() {
    std::weak_ptr<State> owner = state;
    state->loop = std::make_unique<Loop>(
        state->options.idle_timeout,
        [owner](std::unique_ptr<Session> session) {
          std::shared_ptr<State> state = owner.lock();
          std::lock_guard lock(state->mutex);
          hand_to_worker(state, std::move(session));
        },
        [owner](std::unique_ptr<Session> session) {
          retire(*owner.lock(), std::move(session));
        });
  }

  void stop(milliseconds grace) {
    {
      std::lock_guard lock(state->mutex);
      state->stopping = true;
      wake_acceptor(*state);
    }
    if (acceptor.joinable()) acceptor.join();
    std::unique_lock lock(state->mutex);
    for (const auto& door : state->doors) {
      if (!door->unix_path.empty()) ::unlink(door->unix_path.c_str());
    }
    state->doors.clear();
    for (const auto& session : state->queue) forget(*state, *session);
    state->queue.clear();
    state->work.notify_all();
    for (Session* session : state->sessions) {
      if (session->idle_since() != 0) session->cut();
    }
    auto none = [&] { return state->workers == 0 && state->sessions.empty(); };
    if (!state->changed.wait_for(lock, grace, none)) {
      for (Session* session : state->sessions) session->cut();
    }
    lock.unlock();
    if (state->loop) state->loop->stop();
    lock.lock();
    state->changed.wait(lock, none);
  }
};

Server::Server(ServerOptions options, Handler handler) : impl_(std::make_unique<Impl>()) {
  Impl::State& state = *impl_->state;
  state.options = std::move(options);
  state.handler = std::make_shared<const Handler>(std::move(handler));
  if (state.options.quick) impl_->start_loop();
}

Server::~Server() { impl_->stop(milliseconds(0)); }

int Server::listen_tcp(const std::string& host, int port,
                       const std::function<void(int port)>& bound) {
  int bound_port = 0;
  Fd fd = listen_tcp_socket(host, port, bound_port);
  if (bound) bound(bound_port);
  impl_->add(std::move(fd), nullptr, {});
  return bound_port;
}

void Server::listen_unix(const fs::path& path, int mode, Handler handler) {
  impl_->add(listen_unix_socket(path, mode), std::move(handler), path);
}

void Server::listen_fd(Fd listening, Handler handler) {
  impl_->add(std::move(listening), std::move(handler), {});
}

void Server::close_unix(const fs::path& path) {
  Impl::State& state = *impl_->state;
  std::lock_guard lock(state.mutex);
  for (auto door = state.doors.begin(); door != state.doors.end(); ++door) {
    if ((*door)->unix_path != path) continue;
    ::unlink(path.c_str());
    for (Session* session : state.sessions) {
      if (session->door() == door->get()) session->cut();
    }
    state.doors.erase(door);
    Impl::wake_acceptor(state);
    return;
  }
}

void Server::watch(int fd, std::function<void()> readable) {
  impl_->state->loop->watch(fd, std::move(readable));
}

void Server::unwatch(int fd) { impl_->state->loop->unwatch(fd); }

void Server::stop(milliseconds grace) { impl_->stop(grace); }

}  // namespace trainyard::http
