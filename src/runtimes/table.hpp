// PURE: the runtimes table. An image's URI is a wish; an entry says which interpreter of this host
// takes the image's place, and how to tell what was asked for from what runs; or that an OCI image
// really runs.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace trainyard::runtimes {

struct Runtime {
  std::string name;
  std::vector<std::string> images;  // shell patterns for the whole URI; * takes slashes too
  std::string interpreter;          // an absolute path; "" for an OCI image
  bool oci = false;                 // an image runs, from its own file system
  std::string image;                // which one; "" is the one that was asked for
  std::string framework;            // as people write it ("PyTorch"); "" when it has none
  std::string package;              // the distribution that tells its version ("torch")
  std::string version_after;        // the tag's word before the version asked for; "": its start
  std::vector<std::string> folders; // of the host, read-only inside, beside /usr
  std::map<std::string, std::string> environment;  // unless the request says otherwise
  std::string source;               // the file that it is from
};

/// Whether an instance sees that path of the host: below /usr and its kin, or one of `folders`.
bool is_seen(const Runtime& runtime, const std::string& path);

/// The OCI image that runs for `asked`: the entry's own, or `asked` itself.
std::string image_that_runs(const Runtime& runtime, const std::string& asked);

/// A runtime for an image, and the version that the image asks for ("" when its tag tells none).
struct Match {
  Runtime runtime;
  std::string asked;
};

class Table {
 public:
  Table() = default;
  /// `source` names the file in errors. SystemError with its line: no TOML, a key that is unknown,
  /// missing or of the wrong type, a path that is relative or that instances do not see, a name
  /// that stands twice.
  Table(std::string_view text, const std::string& source);

  /// Entries of `first` come before those here; one of the same name takes its place.
  void put_before(const Table& first);
  /// Whether one fits, and which: the first does.
  bool find(const std::string& image, Match& match) const;
  const std::vector<Runtime>& entries() const { return entries_; }

 private:
  std::vector<Runtime> entries_;
};

/// The table that is part of the program (api/runtimes.toml).
const Table& built_in();

/// The version in an image's tag: digits with points, then groups as in "1.2-1"; at the tag's start
/// or right after `word`. "" when there is none.
std::string version_in_tag(const std::string& image, const std::string& word);

}  // namespace trainyard::runtimes
