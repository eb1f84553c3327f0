#include "agent/upload.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "agent/patience.hpp"
#include "client/s3_transfer.hpp"
#include "generated/s3/client.hpp"
#include "http/message.hpp"

namespace trainyard::agent {
namespace {

constexpr int kThreads = 3;
/// Parts grow with their number, so that 10,000 of them hold some 500 GB.
constexpr uint64_t kGrowEvery = 1'000;

std::string read_piece(const compute::ByteSource& source, std::size_t size) {
  std::string piece(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    std::size_t count = source(piece.data() + done, size - done);
    if (count == 0) break;
    done += count;
  }
  piece.resize(done);
  return piece;
}

class Multipart {
 public:
  Multipart(client::Transport& invoker, const std::string& bucket, const std::string& key)
      : client_(invoker), bucket_(bucket), key_(key) {}

  void run(std::string first, const compute::ByteSource& source) {
    s3::CreateMultipartUploadInput create;
    create.bucket = bucket_;
    create.key = key_;
    upload_id_ = patiently(Patience(), [&] { return client_.create_multipart_upload(create); })
                     .upload_id.value_or("");
    try {
      send_all(std::move(first), source);
      complete();
    } catch (...) {
      client::abandon_upload(client_, bucket_, key_, upload_id_);
      throw;
    }
  }

 private:
  struct Part {
    int32_t number;
    std::string data;
  };

  void send_all(std::string first, const compute::ByteSource& source) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([this] { work(); });
    try {
      int32_t number = 1;
      for (std::string data = std::move(first); !data.empty(); ++number) {
        if (number > static_cast<int32_t>(client::kPartsMax)) {
          throw SystemError("the archive has more parts than S3 takes");
        }
        give({number, std::move(data)});
        data = read_piece(source, client::kPartBytes * (1 + number / kGrowEvery));
      }
    } catch (...) {
      fail(std::current_exception());
    }
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
  }

  /// Waits while every thread has enough to do: memory stays bounded.
  void give(Part part) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || waiting_.size() < kThreads; });
    if (failure_) std::rethrow_exception(failure_);
    waiting_.push_back(std::move(part));
    changed_.notify_all();
  }

  void fail(std::exception_ptr failure) {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = failure;
    changed_.notify_all();
  }

  void work() {
    for (;;) {
      Part part;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_ || failure_ || !waiting_.empty(); });
        if (failure_ || waiting_.empty()) return;
        part = std::move(waiting_.front());
        waiting_.pop_front();
        changed_.notify_all();
      }
      try {
        send(std::move(part));
      } catch (...) {
        return fail(std::current_exception());
      }
    }
  }

  void send(Part part) {
    s3::UploadPartInput input;
    input.bucket = bucket_;
    input.key = key_;
    input.upload_id = upload_id_;
    input.part_number = part.number;
    input.content_length = static_cast<int64_t>(part.data.size());
    s3::CompletedPart completed;
    completed.part_number = part.number;
    completed.e_tag = patiently(Patience(), [&] {
                        input.body = std::make_shared<http::StringBody>(part.data);
                        return client_.upload_part(input);
                      }).e_tag;
    std::lock_guard lock(mutex_);
    completed_[part.number] = std::move(completed);
  }

  void complete() {
    s3::CompleteMultipartUploadInput input;
    input.bucket = bucket_;
    input.key = key_;
    input.upload_id = upload_id_;
    auto& parts = input.multipart_upload.emplace().parts.emplace();
    for (auto& [number, part] : completed_) parts.push_back(std::move(part));
    bool asked = false;
    patiently(Patience(), [&] {
      try {
        client_.complete_multipart_upload(input);
      } catch (const http::TransportError&) {
        asked = true;
        throw;
      } catch (const ApiError& error) {
        // The answer to the first try was lost, perhaps with the daemon: the object tells.
        if (!asked || error.code() != "NoSuchUpload") throw;
        s3::HeadObjectInput head;
        head.bucket = bucket_;
        head.key = key_;
        client_.head_object(head);
      }
    });
  }

  s3::Client client_;
  const std::string& bucket_;
  const std::string& key_;
  std::string upload_id_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Part> waiting_;
  std::map<int32_t, s3::CompletedPart> completed_;
  std::exception_ptr failure_;
  bool done_ = false;
};

}  // namespace

void upload_stream(client::Transport& invoker, const compute::ByteSource& source,
                   const std::string& bucket, const std::string& key) {
  std::string first = read_piece(source, client::kPartBytes);
  if (first.size() == client::kPartBytes) {
    Multipart(invoker, bucket, key).run(std::move(first), source);
    return;
  }
  s3::PutObjectInput input;
  input.bucket = bucket;
  input.key = key;
  input.content_length = static_cast<int64_t>(first.size());
  s3::Client client(invoker);
  patiently(Patience(), [&] {
    input.body = std::make_shared<http::StringBody>(first);
    return client.put_object(input);
  });
}

}  // namespace trainyard::agent
