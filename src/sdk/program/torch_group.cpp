#include "sdk/program/torch_group.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

namespace trainyard {
namespace {

constexpr std::chrono::minutes kMeetingTimeout{5};
constexpr std::chrono::minutes kStepTimeout{10};  // a slow instance is not a lost one
constexpr std::chrono::milliseconds kPause{10};

bool accepts(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
  bool connected = false;
  for (addrinfo* address = found; address != nullptr && !connected; address = address->ai_next) {
    const Fd fd(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    connected = fd && ::connect(fd.get(), address->ai_addr, address->ai_addrlen) == 0;
  }
  ::freeaddrinfo(found);
  return connected;
}

/// The store's own client sleeps a second after a refused connection: it is started once rank 0
/// listens.
void wait_until_accepted(const std::string& host, int port) {
  const int64_t limit = monotonic_nanos() + std::chrono::nanoseconds(kMeetingTimeout).count();
  while (!accepts(host, port)) {
    if (monotonic_nanos() > limit) {
      throw SystemError("nobody listens on " + host + ":" + std::to_string(port));
    }
    std::this_thread::sleep_for(kPause);
  }
}

bool resolves(const std::string& host) {
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, nullptr, &found) != 0) return false;
  ::freeaddrinfo(found);
  return true;
}

/// The interface that the user names, else the one that this host's name stands for.
std::shared_ptr<gloo::transport::Device> make_device(const Environment& environment) {
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  if (interface != nullptr && *interface != '\0') {
    return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
  }
  if (resolves(environment.current_host)) {
    return c10d::ProcessGroupGloo::createDeviceForHostname(environment.current_host);
  }
  return c10d::ProcessGroupGloo::createDefaultDevice();
}

}  // namespace

FlatGradients::FlatGradients(const std::vector<torch::Tensor>& parameters) {
  int64_t size = 0;
  for (const torch::Tensor& parameter : parameters) size += parameter.numel();
  flat_ = torch::zeros({size}, torch::kFloat32);
  int64_t offset = 0;
  for (const torch::Tensor& parameter : parameters) {
    TRAINYARD_ASSERT(parameter.scalar_type() == torch::kFloat32 && parameter.requires_grad());
    torch::Tensor owner = parameter;
    owner.mutable_grad() = flat_.narrow(0, offset, parameter.numel()).view(parameter.sizes());
    offset += parameter.numel();
  }
}

void FlatGradients::zero() { flat_.zero_(); }

struct ProcessGroup::Impl {
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
};

ProcessGroup::ProcessGroup(const Environment& environment) : impl_(std::make_unique<Impl>()) {
  const int rank = environment.rank();
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(environment.master_port);
  options.isServer = rank == 0;
  options.numWorkers = static_cast<std::size_t>(environment.world_size());
  options.timeout = kMeetingTimeout;
  try {
    if (rank != 0) wait_until_accepted(environment.master_host, environment.master_port);
    impl_->store = c10::make_intrusive<c10d::TCPStore>(environment.master_host, options);
    auto group = c10d::ProcessGroupGloo::Options::create(kStepTimeout);
    group->devices.push_back(make_device(environment));
    group->threads = 1;
    impl_->group = c10::make_intrusive<c10d::ProcessGroupGloo>(
        impl_->store, rank, environment.world_size(), group);
  } catch (const SystemError&) {
    throw;
  } catch (const std::exception& error) {
    throw SystemError("the hosts could not meet at " + environment.master_host + ":" +
                      std::to_string(environment.master_port) + ": " + error.what());
  }
}

ProcessGroup::~ProcessGroup() = default;

int ProcessGroup::rank() const { return impl_->group->getRank(); }
int ProcessGroup::size() const { return impl_->group->getSize(); }

void ProcessGroup::average(torch::Tensor& tensor) {
  std::vector<torch::Tensor> tensors{tensor};
  try {
    impl_->group->allreduce(tensors)->wait();
  } catch (const std::exception& error) {
    throw SystemError(std::string("another host of the job is gone: ") + error.what());
  }
  tensor.div_(size());
}

void ProcessGroup::barrier() {
  try {
    impl_->group->barrier()->wait();
  } catch (const std::exception& error) {
    throw SystemError(std::string("another host of the job is gone: ") + error.what());
  }
}

}  // namespace trainyard
