// What was read from the store, kept in memory for as long as nothing at all is committed.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "store/txn.hpp"

namespace trainyard {

/// Values by key, for many threads. What get() returns is exactly what the transaction would have
/// read: one commit, of whatever, and everything is read anew (Txn::version()).
template <class Value>
class Remembered {
 public:
  /// Forgets all when there would be more than `max` values.
  explicit Remembered(std::size_t max) : max_(max) {}

  /// The value of `key`, or else what `load()` reads through `txn`. It must depend on nothing but
  /// the key and the store.
  template <class Load>
  Value get(const Txn& txn, std::string_view key, Load load) {
    const uint64_t version = txn.version();
    if (version == 0) return load();
    {
      std::lock_guard lock(mutex_);
      if (version == version_) {
        if (auto known = values_.find(key); known != values_.end()) return known->second;
      }
    }
    Value value = load();
    if (txn.version() != version) return value;  // something was committed meanwhile
    std::lock_guard lock(mutex_);
    if (version < version_) return value;
    if (version > version_ || values_.size() >= max_) values_.clear();
    version_ = version;
    values_.insert_or_assign(std::string(key), value);
    return value;
  }

 private:
  const std::size_t max_;
  std::mutex mutex_;
  uint64_t version_ = 0;
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace trainyard
