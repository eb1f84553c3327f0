#include "runtimes/table.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fnmatch.h>
#include <toml++/toml.h>

#include "base/error.hpp"

namespace trainyard::runtimes {

extern const char* const kBuiltIn;  // api/runtimes.toml, from the build

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads one entry; every mistake is told with its line.
class Reader {
 public:
  Reader(const toml::table& table, const std::string& source) : table_(table), source_(source) {}

  Runtime read() const {
    check_keys();
    Runtime runtime;
    runtime.source = source_;
    runtime.name = text("name", true);
    runtime.images = texts("images", true);
    runtime.oci = read_oci(runtime);
    if (!runtime.oci) read_interpreter(runtime);
    read_environment(runtime);
    return runtime;
  }

  [[noreturn]] void fail(const toml::node& node, const std::string& why) const {
    throw SystemError(fmt::format("{}:{}: {}", source_, node.source().begin.line, why));
  }

 private:
  /// `oci = true`, or the name of the image.
  bool read_oci(Runtime& runtime) const {
    const toml::node* node = table_.get("oci");
    if (node == nullptr) return false;
    if (node->is_string()) {
      runtime.image = text_of(*node, "oci");
    } else if (node->value<bool>() != true) {
      fail(*node, "oci is neither true nor an image's name");
    }
    for (const char* other : {"interpreter", "framework", "package", "version_after", "folders"}) {
      if (const toml::node* there = table_.get(other)) {
        fail(*there, fmt::format("an OCI image has no {} of this host", other));
      }
    }
    return true;
  }

  void read_interpreter(Runtime& runtime) const {
    runtime.interpreter = path(text("interpreter", true), "interpreter");
    runtime.framework = text("framework", false);
    runtime.package = text("package", false);
    runtime.version_after = text("version_after", false);
    runtime.folders = texts("folders", false);
    for (const std::string& folder : runtime.folders) path(folder, "folders");
    if (!is_seen(runtime, runtime.interpreter)) {
      fail(table_, fmt::format("instances do not see {}: name its folder in folders",
                               runtime.interpreter));
    }
    if (runtime.framework.empty() != runtime.package.empty()) {
      fail(table_, "framework and package are given together or not at all");
    }
  }

  void check_keys() const {
    static const std::set<std::string_view> known = {
        "name", "images", "interpreter", "framework", "package", "version_after", "folders",
        "environment", "oci"};
    for (const auto& [key, value] : table_) {
      if (!known.contains(key.str())) {
        fail(value, fmt::format("a runtime has no \"{}\"", key.str()));
      }
    }
  }

  std::string text_of(const toml::node& node, std::string_view name) const {
    const auto* value = node.as_string();
    if (value == nullptr || value->get().empty()) {
      fail(node, fmt::format("{} is not a text", name));
    }
    if (value->get().find('\0') != std::string::npos) {
      fail(node, fmt::format("{} holds a NUL character", name));
    }
    return value->get();
  }

  std::string text(const char* name, bool needed) const {
    const toml::node* node = table_.get(name);
    if (node == nullptr && needed) fail(table_, fmt::format("a runtime needs {}", name));
    return node == nullptr ? "" : text_of(*node, name);
  }

  std::vector<std::string> texts(const char* name, bool needed) const {
    const toml::node* node = table_.get(name);
    if (node == nullptr && needed) fail(table_, fmt::format("a runtime needs {}", name));
    std::vector<std::string> texts;
    if (node == nullptr) return texts;
    const toml::array* array = node->as_array();
    if (array == nullptr || (needed && array->empty())) {
      fail(*node, fmt::format("{} is not a list of texts", name));
    }
    for (const toml::node& item : *array) texts.push_back(text_of(item, name));
    return texts;
  }

  std::string path(const std::string& text, const char* name) const {
    if (text.front() != '/') fail(table_, fmt::format("{} is no absolute path: {}", name, text));
    return text;
  }

  void read_environment(Runtime& runtime) const {
    const toml::node* node = table_.get("environment");
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) fail(*node, "environment is not a table of texts");
    for (const auto& [name, value] : *table) {
      runtime.environment[std::string(name.str())] = text_of(value, "environment");
    }
  }

  const toml::table& table_;
  const std::string& source_;
};

toml::table parsed(std::string_view text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw SystemError(fmt::format("{}:{}: {}", source, error.source().begin.line,
                                  error.description()));
  }
}

}  // namespace

bool is_seen(const Runtime& runtime, const std::string& path) {
  auto holds = [&](std::string folder) {
    if (!folder.ends_with('/')) folder += '/';
    return path.starts_with(folder);
  };
  constexpr const char* kAlways[] = {"/usr", "/bin", "/sbin", "/lib", "/lib64"};
  return std::any_of(std::begin(kAlways), std::end(kAlways), holds) ||
         std::any_of(runtime.folders.begin(), runtime.folders.end(), holds);
}

std::string image_that_runs(const Runtime& runtime, const std::string& asked) {
  return runtime.image.empty() ? asked : runtime.image;
}

Table::Table(std::string_view text, const std::string& source) {
  const toml::table file = parsed(text, source);
  const Reader top(file, source);
  for (const auto& [key, value] : file) {
    if (key.str() != "runtime") top.fail(value, fmt::format("there is no \"{}\"", key.str()));
    const toml::array* entries = value.as_array();
    if (entries == nullptr) top.fail(value, "runtimes are written as [[runtime]]");
    for (const toml::node& node : *entries) {
      const toml::table* table = node.as_table();
      if (table == nullptr) top.fail(node, "runtimes are written as [[runtime]]");
      Runtime runtime = Reader(*table, source).read();
      auto same = [&](const Runtime& other) { return other.name == runtime.name; };
      if (std::any_of(entries_.begin(), entries_.end(), same)) {
        top.fail(node, fmt::format("the runtime \"{}\" stands twice", runtime.name));
      }
      entries_.push_back(std::move(runtime));
    }
  }
}

void Table::put_before(const Table& first) {
  std::erase_if(entries_, [&](const Runtime& entry) {
    return std::any_of(first.entries_.begin(), first.entries_.end(),
                       [&](const Runtime& other) { return other.name == entry.name; });
  });
  entries_.insert(entries_.begin(), first.entries_.begin(), first.entries_.end());
}

bool Table::find(const std::string& image, Match& match) const {
  for (const Runtime& entry : entries_) {
    auto fits = [&](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), image.c_str(), 0) == 0;
    };
    if (std::none_of(entry.images.begin(), entry.images.end(), fits)) continue;
    match = {entry, version_in_tag(image, entry.version_after)};
    return true;
  }
  return false;
}

const Table& built_in() {
  static const Table table(kBuiltIn, "api/runtimes.toml");
  return table;
}

std::string version_in_tag(const std::string& image, const std::string& word) {
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.find(':', slash == std::string::npos ? 0 : slash);
  if (colon == std::string::npos) return "";
  std::string_view tag = std::string_view(image).substr(colon + 1);
  tag = tag.substr(0, tag.find('@'));
  const std::size_t found = tag.find(word);
  if (found == std::string_view::npos) return "";
  tag.remove_prefix(found + word.size());
  std::size_t end = 0;
  for (std::size_t i = 0; i < tag.size(); ++i) {
    if (is_digit(tag[i])) {
      end = i + 1;
    } else if ((tag[i] != '.' && tag[i] != '-') || end != i) {
      break;
    }
  }
  return std::string(tag.substr(0, end));
}

}  // namespace trainyard::runtimes
