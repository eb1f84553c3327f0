#include "agent/fetch.hpp"

#include <atomic>
#include <cerrno>
#include <exception>
#include <mutex>
#include <set>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "agent/patience.hpp"
#include "base/text.hpp"
#include "client/s3_transfer.hpp"
#include "compute/archive.hpp"
#include "compute/processes.hpp"
#include "generated/s3/client.hpp"
#include "http/message.hpp"

namespace trainyard::agent {
namespace {

constexpr uint64_t kRangeBytes = 16u << 20;  // larger objects come in several requests
constexpr std::size_t kThreadsMax = 4;
constexpr std::size_t kCopyBytes = 256 * 1024;
constexpr std::size_t kManifestBytesMax = 64u << 20;
constexpr uint64_t kUnbounded = uint64_t{1} << 50;

struct Location {
  std::string bucket, key;
  std::string uri() const { return "s3://" + bucket + "/" + key; }
};

Location locate(const std::string& uri) {
  Location location;
  if (!parse_s3_uri(uri, location.bucket, location.key)) {
    throw JobFailure(kClientError, "\"" + uri + "\" is not an S3 URI");
  }
  return location;
}

/// AWS's words for a refusal, and where it happened.
JobFailure refused(const std::string& what, const std::string& where, const ApiError& error) {
  return {kClientError, what + ":" + error.code() + " (" + std::to_string(error.http_status()) +
                            "): " + error.message() + ", " + where};
}

/// Asks S3 for as long as the daemon may come back.
template <class Work>
auto ask(const std::string& what, const std::string& where, const StopSignal& stop, Work work) {
  try {
    return patiently(Patience(kDaemonAwayMax, &stop), work);
  } catch (const ApiError& error) {
    throw refused(what, where, error);
  }
}

}  // namespace

struct Fetcher::Object {
  std::string what;  // for the error text
  Location from;
  fs::path to;
  std::optional<uint64_t> size;
  std::string e_tag;  // "" when unknown
};

namespace {

/// A file's path below `folder` for what is left of a key; refuses what would lead elsewhere.
fs::path path_below(const fs::path& folder, std::string rest, const std::string& uri) {
  while (rest.starts_with('/')) rest.erase(0, 1);
  for (const std::string& part : split(rest, '/')) {
    if (part == ".." || part == "." || part.empty() || part.find('\0') != std::string::npos) {
      throw JobFailure(kClientError, "the object " + uri + " has a key that is no file's path");
    }
  }
  return folder / rest;
}

/// A piece of an object on its way into its file.
struct Piece {
  std::size_t object;
  uint64_t offset = 0;
  std::optional<uint64_t> size;  // nullopt: the whole object, whatever its size
};

}  // namespace

/// Downloads pieces on a few threads; the first failure ends all.
class Downloader {
 public:
  template <class Objects>
  Downloader(client::Transport& invoker, const StopSignal& stop, const Objects& objects,
             uint64_t bytes_max)
      : client_(invoker), stop_(stop), bytes_max_(bytes_max) {
    for (const auto& object : objects) {
      bytes_ += object.size.value_or(0);
      items_.push_back({object.what, object.from, object.to, object.e_tag});
      add_pieces(items_.size() - 1, object.size);
    }
  }

  void run() {
    if (bytes_ > bytes_max_) fail_volume();
    make_folders();
    std::vector<std::thread> threads;
    const std::size_t count = std::min(kThreadsMax, pieces_.size());
    for (std::size_t i = 1; i < count; ++i) threads.emplace_back([this] { work(); });
    if (count > 0) work();
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct Item {
    std::string what;
    Location from;
    fs::path to;
    std::string e_tag;
  };

  void add_pieces(std::size_t object, std::optional<uint64_t> size) {
    if (!size || *size <= kRangeBytes) return pieces_.push_back({object, 0, size});
    for (uint64_t offset = 0; offset < *size; offset += kRangeBytes) {
      pieces_.push_back({object, offset, std::min(kRangeBytes, *size - offset)});
    }
  }

  void make_folders() {
    std::set<fs::path> made;
    for (const Item& item : items_) {
      if (!made.insert(item.to.parent_path()).second) continue;
      std::error_code error;
      fs::create_directories(item.to.parent_path(), error);
      if (error == std::errc::not_a_directory || error == std::errc::file_exists) fail_clash(item);
      if (error) throw SystemError("cannot create a folder for " + item.from.uri() + ": " +
                                   error.message());
    }
  }

  [[noreturn]] static void fail_clash(const Item& item) {
    throw JobFailure(kClientError, item.what + ": " + item.from.uri() +
                                       " would be a file and a folder at once");
  }

  [[noreturn]] void fail_volume() {
    throw JobFailure(kClientError, "Data download failed:the objects have " +
                                       human_bytes(static_cast<double>(bytes_)) +
                                       " or more, the volume only " +
                                       human_bytes(static_cast<double>(bytes_max_)));
  }

  void work() {
    std::vector<char> buffer(kCopyBytes);
    try {
      for (std::size_t i = next_++; i < pieces_.size() && !failed_; i = next_++) {
        fetch(pieces_[i], buffer);
      }
    } catch (...) {
      std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      failed_ = true;
    }
  }

  void fetch(const Piece& piece, std::vector<char>& buffer) {
    const Item& item = items_[piece.object];
    Fd file(::open(item.to.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file && errno == EISDIR) fail_clash(item);
    if (!file) throw_errno("cannot write " + item.to.string());
    uint64_t done = 0;
    if (piece.size == uint64_t{0}) return;
    ask(item.what, item.from.uri(), stop_, [&] {
      s3::GetObjectInput input;
      input.bucket = item.from.bucket;
      input.key = item.from.key;
      if (!item.e_tag.empty()) input.if_match = item.e_tag;
      if (piece.size && (piece.offset > 0 || done > 0 || *piece.size == kRangeBytes)) {
        input.range = "bytes=" + std::to_string(piece.offset + done) + "-" +
                      std::to_string(piece.offset + *piece.size - 1);
      } else {
        if (!piece.size) bytes_ -= done;
        done = 0;
      }
      s3::GetObjectOutput object = client_.get_object(input);
      while (object.body) {
        std::size_t count = object.body->read(buffer.data(), buffer.size());
        if (count == 0) break;
        // What a manifest names has no size before it comes.
        if (!piece.size && (bytes_ += count) > bytes_max_) fail_volume();
        write_at(file.get(), buffer.data(), count, piece.offset + done, item);
        done += count;
        if (stop_.triggered()) throw Stopped();
      }
    });
    if (piece.size && done != *piece.size) {
      throw JobFailure(kClientError, item.what + ": " + item.from.uri() +
                                         " changed while it was downloaded");
    }
  }

  static void write_at(int file, const char* data, std::size_t size, uint64_t offset,
                       const Item& item) {
    while (size > 0) {
      ssize_t count = ::pwrite(file, data, size, static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_errno("cannot write " + item.to.string());
      data += count;
      size -= static_cast<std::size_t>(count);
      offset += static_cast<uint64_t>(count);
    }
  }

  s3::Client client_;
  const StopSignal& stop_;
  const uint64_t bytes_max_;
  std::atomic<uint64_t> bytes_{0};  // the sizes that are known, and what came of the others
  std::vector<Item> items_;
  std::vector<Piece> pieces_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

Fetcher::Fetcher(client::Transport& invoker, const StopSignal& stop, uint64_t bytes_max)
    : invoker_(invoker), stop_(stop), bytes_max_(bytes_max == 0 ? kUnbounded : bytes_max) {}

void Fetcher::download(const std::vector<Object>& objects) {
  Downloader(invoker_, stop_, objects, bytes_max_).run();
}

std::vector<Fetcher::Object> Fetcher::list(const std::string& what, const std::string& uri,
                                           const fs::path& folder) {
  const Location from = locate(uri);
  auto listed = ask(what, uri, stop_, [&] {
    return client::list_prefix(invoker_, from.bucket, from.key);
  });
  std::vector<Object> objects;
  for (const auto& entry : listed) {
    if (entry.key.ends_with('/')) continue;  // what consoles make to show a folder
    Location place{from.bucket, entry.key};
    std::string rest = entry.key.substr(from.key.size());
    // A URI that names one object gives a file of its last name.
    if (rest.empty()) rest = entry.key.substr(entry.key.rfind('/') + 1);
    objects.push_back({what, place, path_below(folder, rest, place.uri()), entry.size,
                       entry.e_tag});
  }
  if (objects.empty()) {
    throw JobFailure(kClientError, what + ":No S3 objects found under S3 URL \"" + uri +
                                       "\" given in input data source. Please ensure that the "
                                       "bucket exists and that objects exist under that S3 "
                                       "prefix.");
  }
  return objects;
}

/// [{"prefix": "s3://bucket/folder/"}, "a", "b/c", …] (S3DataSource, S3Uri).
std::vector<Fetcher::Object> Fetcher::read_manifest(const std::string& what,
                                                    const std::string& uri,
                                                    const fs::path& folder) {
  const Location from = locate(uri);
  std::string text = ask(what, uri, stop_, [&] {
    s3::GetObjectInput input;
    input.bucket = from.bucket;
    input.key = from.key;
    auto object = s3::Client(invoker_).get_object(input);
    return object.body ? http::read_all(*object.body, kManifestBytesMax) : std::string();
  });
  auto value = parse_json(text);
  const json::array* entries = value && value->is_array() ? &value->get_array() : nullptr;
  std::optional<std::string> prefix;
  if (entries && !entries->empty() && entries->front().is_object()) {
    prefix = find_string(entries->front().get_object(), "prefix");
  }
  if (!prefix) {
    throw JobFailure(kClientError, what + ": the manifest " + uri +
                                       " is not a JSON array that begins with a prefix");
  }
  std::vector<Object> objects;
  for (std::size_t i = 1; i < entries->size(); ++i) {
    if (!(*entries)[i].is_string()) {
      throw JobFailure(kClientError, what + ": the manifest " + uri + " has an entry (" +
                                         std::to_string(i) + ") that is not a text");
    }
    std::string rest = to_std((*entries)[i].get_string());
    Location place = locate(*prefix + rest);
    objects.push_back({what, place, path_below(folder, rest, place.uri()), std::nullopt, ""});
  }
  return objects;
}

void Fetcher::channels(const std::vector<Channel>& channels, const Host& host,
                       const fs::path& data) {
  std::vector<Object> all;
  for (const Channel& channel : channels) {
    const std::string what = "Data download failed";
    if (channel.data_type == "AugmentedManifestFile") {
      throw JobFailure(kClientError, "channel " + channel.name +
                                         ": an AugmentedManifestFile needs Pipe input mode");
    }
    const fs::path folder = data / channel.name;
    fs::create_directories(folder);
    auto objects = channel.data_type == "ManifestFile" ? read_manifest(what, channel.s3_uri, folder)
                                                       : list(what, channel.s3_uri, folder);
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const bool mine =
          channel.distribution != "ShardedByS3Key" || i % host.count == host.index;
      if (mine) all.push_back(std::move(objects[i]));
    }
  }
  download(all);
}

void Fetcher::prefix(const std::string& uri, const fs::path& folder) {
  download(list("Model download failed", uri, folder));
}

void Fetcher::archive(const std::string& uri, const fs::path& folder) {
  const Location from = locate(uri);
  const std::string what = "cannot fetch " + uri;
  try {
    ask(what, uri, stop_, [&] {
      compute::remove_tree(folder);  // of a try that broke off
      fs::create_directories(folder);
      s3::GetObjectInput input;
      input.bucket = from.bucket;
      input.key = from.key;
      s3::GetObjectOutput object = s3::Client(invoker_).get_object(input);
      auto source = [&](char* data, std::size_t size) -> std::size_t {
        if (stop_.triggered()) throw Stopped();
        return object.body ? object.body->read(data, size) : 0;
      };
      compute::unpack(source, folder, bytes_max_);
    });
  } catch (const compute::ArchiveError& error) {
    throw JobFailure(kClientError, "cannot unpack " + uri + ": " + error.what());
  }
}

}  // namespace trainyard::agent
