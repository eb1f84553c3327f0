#include "compute/images.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/points.hpp"
#include "base/text.hpp"
#include "compute/processes.hpp"

namespace trainyard::compute {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kUsers = "users";
constexpr const char* kRootfs = "rootfs";
constexpr std::string_view kPartial = ".partial";
constexpr std::size_t kIdLength = 64;
constexpr std::size_t kAccountBytesMax = 1 << 20;

std::vector<std::string> texts_in(const json::object& object, const char* name) {
  std::vector<std::string> texts;
  const json::array* array = find_array(object, name);
  for (const auto& item : array ? *array : json::array()) {
    if (item.is_string()) texts.push_back(to_std(item.get_string()));
  }
  return texts;
}

/// A file of the image by its path there: links lead nowhere out of it. "" when there is none.
std::string read_inside(const fs::path& rootfs, const char* path) {
  Fd root(::open(rootfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  Fd file(static_cast<int>(::syscall(SYS_openat2, root.get(), path, &how, sizeof how)));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::string text(kAccountBytesMax, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

bool parse_number(std::string_view text, unsigned& number) {
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// The line of passwd(5) or group(5) whose name or number it is; empty when there is none.
std::vector<std::string> account(const std::string& file, const std::string& wanted) {
  for (const std::string& line : split(file, '\n')) {
    auto fields = split(line, ':');
    if (fields.size() > 2 && (fields[0] == wanted || fields[2] == wanted)) return fields;
  }
  return {};
}

/// Programs that run as their owner or group would run as us.
void lend_no_rights(const fs::path& rootfs) {
  constexpr auto kLent = fs::perms::set_uid | fs::perms::set_gid;
  for (const auto& entry : fs::recursive_directory_iterator(rootfs)) {
    const fs::file_status status = entry.symlink_status();
    if (!fs::is_regular_file(status) || (status.permissions() & kLent) == fs::perms::none) continue;
    fs::permissions(entry.path(), kLent, fs::perm_options::remove);
  }
}

bool is_id(std::string_view text) {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

json::object to_json(const Image& image) {
  json::object environment;
  for (const auto& [name, value] : image.environment) environment[name] = value;
  return {{"id", image.id},
          {"entrypoint", json::value_from(image.entrypoint)},
          {"command", json::value_from(image.command)},
          {"environment", std::move(environment)},
          {"folder", image.folder},
          {"user", image.user},
          {"uid", image.uid},
          {"gid", image.gid},
          {"home", image.home}};
}

Image parse_image(std::string_view text) {
  auto value = parse_json(text);
  if (!value || !value->is_object()) throw SystemError("an image's description is malformed");
  const json::object& object = value->get_object();
  Image image;
  image.id = find_string(object, "id").value_or("");
  image.entrypoint = texts_in(object, "entrypoint");
  image.command = texts_in(object, "command");
  if (const json::object* environment = find_object(object, "environment")) {
    for (const auto& entry : *environment) {
      if (!entry.value().is_string()) continue;
      image.environment.emplace_back(entry.key(), to_std(entry.value().get_string()));
    }
  }
  image.folder = find_string(object, "folder").value_or("/");
  image.user = find_string(object, "user").value_or("");
  image.uid = static_cast<unsigned>(find_integer(object, "uid").value_or(0));
  image.gid = static_cast<unsigned>(find_integer(object, "gid").value_or(0));
  image.home = find_string(object, "home").value_or("/");
  if (!is_id(image.id)) throw SystemError("an image's description is malformed");
  return image;
}

Image image_of(std::string_view inspected) {
  auto value = parse_json(inspected);
  const json::array* all = value && value->is_array() ? &value->get_array() : nullptr;
  if (all == nullptr || all->empty() || !all->front().is_object()) {
    throw SystemError("podman does not tell what the image is");
  }
  const json::object& described = all->front().get_object();
  Image image;
  image.id = find_string(described, "Id").value_or("");
  if (image.id.starts_with("sha256:")) image.id.erase(0, 7);
  if (!is_id(image.id)) throw SystemError("podman does not tell the image's id");
  image.folder = "/";
  const json::object* config = find_object(described, "Config");
  if (config == nullptr) return image;
  image.entrypoint = texts_in(*config, "Entrypoint");
  image.command = texts_in(*config, "Cmd");
  for (const std::string& line : texts_in(*config, "Env")) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    image.environment.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  const std::string folder = find_string(*config, "WorkingDir").value_or("");
  // Without "..", which could climb out of the image.
  if (folder.starts_with('/')) image.folder = fs::path(folder).lexically_normal().string();
  image.user = find_string(*config, "User").value_or("");
  return image;
}

void find_user(Image& image, const fs::path& rootfs) {
  const auto parts = split(image.user, ':');
  const std::string user = parts.empty() || parts[0].empty() ? "0" : parts[0];
  const std::string group = parts.size() > 1 ? parts[1] : "";
  const auto known = account(read_inside(rootfs, "etc/passwd"), user);
  if (!parse_number(known.size() > 3 ? known[2] : user, image.uid)) {
    throw SystemError("the image's user " + user + " is not in its /etc/passwd");
  }
  if (known.size() > 3) parse_number(known[3], image.gid);
  image.home = known.size() > 5 && known[5].starts_with('/') ? known[5] : "/";
  if (group.empty()) return;
  const auto named = account(read_inside(rootfs, "etc/group"), group);
  if (!parse_number(named.empty() ? group : named[2], image.gid)) {
    throw SystemError("the image's group " + group + " is not in its /etc/group");
  }
}

std::string podman_problem(std::string_view errors) {
  std::string line = last_line(std::string(errors));
  for (const char* start : {"Error: ", "Trying to pull "}) {
    if (line.starts_with(start)) line.erase(0, std::strlen(start));
  }
  return line.empty() ? "podman does not say why" : line;
}

ImageStore::ImageStore(const fs::path& data_dir)
    : folder_(data_dir / "images"), attempts_(data_dir / "attempts"),
      cancel_(::eventfd(0, EFD_CLOEXEC)) {
  if (!cancel_) throw_errno("cannot make an event descriptor");
  fs::create_directories(folder_);
  // Whatever may run with another's rights in an image is for nobody on this machine.
  if (::chmod(folder_.c_str(), 0700) != 0) throw_errno("cannot close " + folder_.string());
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() == kPartial) remove_tree(entry.path());
  }
}

ImageStore::~ImageStore() {
  const uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(cancel_.get(), &one, sizeof one);
  std::lock_guard lock(mutex_);
  for (auto& [attempt, image] : asked_) image.wait();
}

std::optional<Image> ImageStore::ask(const std::string& attempt, const std::string& reference) {
  std::shared_future<Image> image;
  {
    std::lock_guard lock(mutex_);
    auto& asked = asked_[attempt];
    if (!asked.valid()) {
      asked = std::async(std::launch::async, [this, attempt, reference] {
                return prepare(attempt, reference);
              }).share();
    }
    image = asked;
  }
  if (image.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
  return image.get();
}

void ImageStore::forget(const std::string& attempt) {
  std::lock_guard lock(mutex_);
  // What still runs is dropped later, when its attempt has no folder any more.
  std::erase_if(asked_, [&](const auto& asked) {
    const bool gone = asked.first == attempt || !fs::exists(attempts_ / asked.first);
    return gone && asked.second.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
}

std::string ImageStore::podman(const std::vector<std::string>& words) {
  std::vector<std::string> command{"podman", "--cgroup-manager=cgroupfs", "--events-backend=file"};
  command.insert(command.end(), words.begin(), words.end());
  Finished done;
  try {
    done = run_command(command, cancel_.get());
  } catch (const SystemError& error) {
    throw SystemError(std::string("podman cannot be started (script/bootstrap --images installs "
                                  "it): ") + error.what());
  }
  if (done.status != 0) throw SystemError(podman_problem(done.err));
  return done.out;
}

Image ImageStore::inspect(const std::string& reference) {
  try {
    podman({"image", "exists", "--", reference});
  } catch (const SystemError&) {
    // From a registry only: podman would take files of this host for images, too.
    podman({"pull", "--quiet", "--", "docker://" + reference});
  }
  return image_of(podman({"image", "inspect", "--format", "json", "--", reference}));
}

Image ImageStore::prepare(const std::string& attempt, const std::string& reference) {
  Image image = inspect(reference);
  if (auto there = take(attempt, image.id)) return *there;
  std::lock_guard lock(one_by_one_);
  if (auto there = take(attempt, image.id)) return *there;
  make_room();
  log_info("unpacking image {} ({})", reference, image.id);
  unpack(reference, image);
  return take(attempt, image.id).value();
}

/// The image if it is there; from now on it stays as long as the attempt has a folder: so says a
/// file of the attempt's name.
std::optional<Image> ImageStore::take(const std::string& attempt, const std::string& id) {
  const fs::path image = folder_ / id;
  std::lock_guard lock(shelf_);
  auto text = read_file_if_exists(image / kConfig);
  if (!text) return std::nullopt;
  Fd mark(::open((image / kUsers / attempt).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!mark) throw_errno("cannot mark image " + id);
  fs::last_write_time(image / kConfig, fs::file_time_type::clock::now());
  return parse_image(*text);
}

void ImageStore::unpack(const std::string& reference, Image& image) {
  const fs::path partial = folder_ / (image.id + std::string(kPartial));
  try {
    remove_tree(partial);
    fill(partial, image);
    fs::rename(partial, folder_ / image.id);
    crash_point("image.rename");
    fsync_folder(folder_);
  } catch (const std::exception& error) {
    remove_tree(partial);
    throw SystemError("the image " + reference + " cannot be unpacked: " + error.what());
  }
}

/// A container of the image is made, exported and removed; it never runs.
void ImageStore::fill(const fs::path& partial, Image& image) {
  fs::create_directories(partial / kRootfs);
  fs::create_directories(partial / kUsers);
  const std::string tar = (partial / "root.tar").string();
  const std::string container = std::string(trim(podman(
      {"create", "--pull=never", "--network=none", "--", image.id, "none"})));
  std::string problem;
  try {
    podman({"export", "--output", tar, container});
  } catch (const SystemError& error) {
    problem = error.what();
  }
  podman({"rm", "--force", container});
  if (!problem.empty()) throw SystemError(problem);
  // Everything belongs to us, and nothing runs with another's rights. Devices are the sandbox's.
  const Finished done = run_command(
      {"tar", "--extract", "--file", tar, "--directory", (partial / kRootfs).string(),
       "--no-same-owner", "--preserve-permissions", "--delay-directory-restore", "--anchored",
       "--exclude=dev/*", "--exclude=./dev/*"},
      cancel_.get());
  if (done.status != 0) throw SystemError(last_line(done.err));
  fs::remove(tar);
  lend_no_rights(partial / kRootfs);
  find_user(image, partial / kRootfs);
  write_file_atomically(partial / kConfig, dump(to_json(image)), 0600, "image.config.rename");
}

bool ImageStore::is_used(const fs::path& image) const {
  bool used = false;
  for (const auto& mark : fs::directory_iterator(image / kUsers)) {
    if (fs::exists(attempts_ / mark.path().filename())) {
      used = true;
    } else {
      fs::remove(mark.path());
    }
  }
  return used;
}

void ImageStore::make_room() {
  std::lock_guard lock(shelf_);
  std::vector<std::pair<fs::file_time_type, fs::path>> unused;
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const fs::path& image = entry.path();
    if (!fs::exists(image / kConfig)) continue;
    ++count;
    if (!is_used(image)) unused.emplace_back(fs::last_write_time(image / kConfig), image);
  }
  std::sort(unused.begin(), unused.end());
  for (const auto& [time, image] : unused) {
    if (count < kImagesMax) return;
    // First it is no image any more: a crash in between leaves what the next start removes.
    const fs::path leaving = image.string() + std::string(kPartial);
    fs::rename(image, leaving);
    remove_tree(leaving);
    --count;
  }
}

}  // namespace trainyard::compute
