#include "client/s3_transfer.hpp"

#include <atomic>
#include <exception>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "generated/s3/client.hpp"
#include "http/message.hpp"

namespace trainyard::client {
namespace {

constexpr std::size_t kCopyBytes = 256 * 1024;

Fd open_file(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw_errno("cannot open " + path.string());
  return fd;
}

std::string read_range(int fd, uint64_t offset, uint64_t size, const fs::path& path) {
  std::string data(size, '\0');
  for (uint64_t done = 0; done < size;) {
    ssize_t count = ::pread(fd, data.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("cannot read " + path.string());
    if (count == 0) throw SystemError(path.string() + " became shorter while it was read");
    done += static_cast<uint64_t>(count);
  }
  return data;
}

/// Counts what is done and tells, one thread at a time.
class Counter {
 public:
  explicit Counter(const TransferProgress& progress) : progress_(progress) {}
  void add(uint64_t bytes) {
    std::lock_guard lock(mutex_);
    done_ += bytes;
    if (progress_) progress_(done_);
  }

 private:
  const TransferProgress& progress_;
  std::mutex mutex_;
  uint64_t done_ = 0;
};

class MultipartUpload {
 public:
  MultipartUpload(wire::Invoker& invoker, int fd, const fs::path& path, uint64_t size,
                  const std::string& bucket, const std::string& key, Counter& counter)
      : client_(invoker), fd_(fd), path_(path), size_(size), bucket_(bucket), key_(key),
        counter_(counter) {
    part_bytes_ = std::max(kPartBytes, (size + kPartsMax - 1) / kPartsMax);
    parts_.resize((size + part_bytes_ - 1) / part_bytes_);
  }

  void run() {
    s3::CreateMultipartUploadInput create;
    create.bucket = bucket_;
    create.key = key_;
    upload_id_ = client_.create_multipart_upload(create).upload_id.value_or("");
    try {
      send_parts();
      complete();
    } catch (...) {
      abandon_upload(client_, bucket_, key_, upload_id_);
      throw;
    }
  }

 private:
  void send_parts() {
    std::vector<std::thread> threads;
    const std::size_t count = std::min<std::size_t>(kTransferThreads, parts_.size());
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
  }

  void work() {
    try {
      for (std::size_t i = next_++; i < parts_.size() && !failed_; i = next_++) send_part(i);
    } catch (...) {
      std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      failed_ = true;
    }
  }

  void send_part(std::size_t index) {
    const uint64_t offset = index * part_bytes_;
    std::string data = read_range(fd_, offset, std::min(part_bytes_, size_ - offset), path_);
    const uint64_t length = data.size();
    s3::UploadPartInput part;
    part.bucket = bucket_;
    part.key = key_;
    part.upload_id = upload_id_;
    part.part_number = static_cast<int32_t>(index + 1);
    part.content_length = static_cast<int64_t>(length);
    part.body = std::make_shared<http::StringBody>(std::move(data));
    parts_[index].e_tag = client_.upload_part(part).e_tag;
    parts_[index].part_number = part.part_number;
    counter_.add(length);
  }

  void complete() {
    s3::CompleteMultipartUploadInput input;
    input.bucket = bucket_;
    input.key = key_;
    input.upload_id = upload_id_;
    input.multipart_upload.emplace().parts = std::move(parts_);
    client_.complete_multipart_upload(input);
  }

  s3::Client client_;
  int fd_;
  const fs::path& path_;
  uint64_t size_;
  const std::string& bucket_;
  const std::string& key_;
  Counter& counter_;
  uint64_t part_bytes_ = 0;
  std::string upload_id_;
  std::vector<s3::CompletedPart> parts_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

void abandon_upload(s3::Client& client, const std::string& bucket, const std::string& key,
                    const std::string& upload_id) {
  s3::AbortMultipartUploadInput input;
  input.bucket = bucket;
  input.key = key;
  input.upload_id = upload_id;
  try {
    client.abort_multipart_upload(input);
  } catch (const std::exception& error) {
    log_warning("parts of {} may stay behind: {}", key, error.what());
  }
}

void upload_file(wire::Invoker& invoker, const fs::path& path, const std::string& bucket,
                 const std::string& key, const TransferProgress& progress) {
  Fd fd = open_file(path);
  const uint64_t size = fs::file_size(path);
  Counter counter(progress);
  if (size >= kPartBytes) {
    MultipartUpload(invoker, fd.get(), path, size, bucket, key, counter).run();
    return;
  }
  s3::PutObjectInput input;
  input.bucket = bucket;
  input.key = key;
  input.content_length = static_cast<int64_t>(size);
  input.body = std::make_shared<http::StringBody>(read_range(fd.get(), 0, size, path));
  s3::Client(invoker).put_object(input);
  counter.add(size);
}

void download_file(wire::Invoker& invoker, const std::string& bucket, const std::string& key,
                   const fs::path& path, const TransferProgress& progress) {
  s3::GetObjectInput input;
  input.bucket = bucket;
  input.key = key;
  s3::GetObjectOutput object = s3::Client(invoker).get_object(input);
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  const fs::path partial = path.string() + ".part";
  Counter counter(progress);
  try {
    Fd fd(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd) throw_errno("cannot write " + partial.string());
    std::vector<char> piece(kCopyBytes);
    while (object.body) {
      std::size_t count = object.body->read(piece.data(), piece.size());
      if (count == 0) break;
      write_all(fd.get(), {piece.data(), count}, partial.string());
      counter.add(count);
    }
    fs::rename(partial, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    throw;
  }
}

std::vector<ListedObject> list_prefix(wire::Invoker& invoker, const std::string& bucket,
                                      const std::string& prefix) {
  s3::Client client(invoker);
  s3::ListObjectsV2Input input;
  input.bucket = bucket;
  if (!prefix.empty()) input.prefix = prefix;
  std::vector<ListedObject> objects;
  for (;;) {
    s3::ListObjectsV2Output page = client.list_objects_v2(input);
    if (page.contents) {
      for (const s3::Object& object : *page.contents) {
        objects.push_back({object.key.value_or(""), static_cast<uint64_t>(object.size.value_or(0)),
                           object.e_tag.value_or("")});
      }
    }
    if (!page.is_truncated.value_or(false) || !page.next_continuation_token) return objects;
    input.continuation_token = page.next_continuation_token;
  }
}

}  // namespace trainyard::client
