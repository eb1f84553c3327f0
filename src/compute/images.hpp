// OCI images, unpacked for sandboxes: DIR/images/<id>/rootfs, and beside it what the image says of
// itself. podman fetches and exports them; it runs nothing.
#pragma once

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/json.hpp"

namespace trainyard::compute {

/// Images that are kept unpacked; those that were used least lately make room.
inline constexpr std::size_t kImagesMax = 16;

/// What an image says of itself (OCI image specification, "config"), and who it runs as.
struct Image {
  std::string id;  // the configuration's digest, 64 hexadecimal digits
  std::vector<std::string> entrypoint, command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string folder;  // the working directory; "/" when it names none
  std::string user;    // as it was written: "", "app", "1001:1001"
  unsigned uid = 0, gid = 0;
  std::string home;    // of that user
};

json::object to_json(const Image& image);
/// SystemError when the text is malformed.
Image parse_image(std::string_view text);

/// PURE: the image in `podman image inspect`'s answer; user and home are not looked up yet.
/// SystemError when there is none.
Image image_of(std::string_view inspected);
/// Looks `image.user` up in the image's own /etc/passwd and /etc/group. SystemError when it names
/// nobody there.
void find_user(Image& image, const fs::path& rootfs);

/// podman's own last word about why it failed.
std::string podman_problem(std::string_view errors);

class ImageStore {
 public:
  /// Images in `data_dir`/images, closed to everybody else. Removes what an earlier process began.
  explicit ImageStore(const fs::path& data_dir);
  /// Breaks off what is under way.
  ~ImageStore();

  fs::path folder() const { return folder_; }
  /// The image, once it is there: nullopt while it is fetched and unpacked, which the first call of
  /// an attempt begins. It is kept as long as the attempt's folder is there. SystemError with one
  /// line when there is no such image, or no podman.
  std::optional<Image> ask(const std::string& attempt, const std::string& reference);
  /// What was asked for the attempt is answered anew next time.
  void forget(const std::string& attempt);

 private:
  Image prepare(const std::string& attempt, const std::string& reference);
  std::optional<Image> take(const std::string& attempt, const std::string& id);
  Image inspect(const std::string& reference);
  void unpack(const std::string& reference, Image& image);
  void fill(const fs::path& partial, Image& image);
  void make_room();
  bool is_used(const fs::path& image) const;
  std::string podman(const std::vector<std::string>& words);

  const fs::path folder_, attempts_;
  Fd cancel_;
  std::mutex mutex_;  // of asked_
  std::map<std::string, std::shared_future<Image>> asked_;  // by attempt
  std::mutex one_by_one_;  // one image is unpacked at a time
  std::mutex shelf_;       // nothing is removed while it is taken
};

}  // namespace trainyard::compute
