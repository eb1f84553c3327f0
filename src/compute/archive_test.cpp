#include "compute/archive.hpp"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"

namespace trainyard::compute {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t kPlenty = 1u << 30;

struct Member {
  std::string name;
  char type = '0';  // POSIX ustar: 0 file, 1 hard link, 2 symbolic link, 3 device, 5 folder, 6 FIFO
  std::string content = {};
  std::string link = {};
  int mode = 0644;
};

/// A ustar header by hand: no library would write these names.
std::string tar_of(const std::vector<Member>& members) {
  std::string tar;
  for (const Member& member : members) {
    char header[512] = {};
    std::memcpy(header, member.name.data(), std::min<std::size_t>(member.name.size(), 100));
    std::snprintf(header + 100, 8, "%07o", member.mode);
    std::snprintf(header + 108, 8, "%07o", 0);
    std::snprintf(header + 116, 8, "%07o", 0);
    std::snprintf(header + 124, 12, "%011zo", member.content.size());
    std::snprintf(header + 136, 12, "%011o", 1'700'000'000);
    std::memset(header + 148, ' ', 8);
    header[156] = member.type;
    std::memcpy(header + 157, member.link.data(), std::min<std::size_t>(member.link.size(), 100));
    std::memcpy(header + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (char c : header) sum += static_cast<unsigned char>(c);
    std::snprintf(header + 148, 8, "%06o", sum);
    tar.append(header, sizeof header);
    tar += member.content;
    tar.append((512 - member.content.size() % 512) % 512, '\0');
  }
  return tar.append(1024, '\0');
}

ByteSource source_of(std::string text, std::size_t step = 1000) {
  auto offset = std::make_shared<std::size_t>(0);
  return [text = std::move(text), offset, step](char* data, std::size_t size) {
    std::size_t count = std::min({size, step, text.size() - *offset});
    std::memcpy(data, text.data() + *offset, count);
    *offset += count;
    return count;
  };
}

std::string packed(const std::vector<fs::path>& folders) {
  PackedFolders pack(folders);
  std::string all(1 << 20, '\0');
  std::size_t size = 0;
  while (std::size_t count = pack.read(all.data() + size, 777)) size += count;
  all.resize(size);
  return all;
}

void put(const fs::path& path, const std::string& text, mode_t mode = 0644) {
  fs::create_directories(path.parent_path());
  write_file_atomically(path, text, static_cast<int>(mode));
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    names.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// What the refusal of an archive says; "" when it was taken.
std::string refusal(const std::vector<Member>& members, const fs::path& folder,
                    uint64_t bytes_max = kPlenty) {
  try {
    unpack(source_of(tar_of(members)), folder, bytes_max);
    return "";
  } catch (const ArchiveError& error) {
    return error.what();
  }
}

TEST(Unpack, HostileMembersAreRefusedByName) {
  const Member inside{"dir/deep/file", '0', "x"};
  struct Case {
    std::vector<Member> members;
    std::string words;
  };
  const Case cases[] = {
      {{{"../../tmp/evil", '0', "x"}}, "\"../../tmp/evil\" leads outside"},
      {{{"a/../../evil", '0', "x"}}, "\"a/../../evil\""},
      {{{"/tmp/evil", '0', "x"}}, "\"/tmp/evil\" has an absolute name"},
      {{{"link", '2', "", "/etc/passwd"}}, "\"link\" is a link that leads outside"},
      {{{"link", '2', "", "../../etc/passwd"}}, "\"link\" is a link that leads outside"},
      {{{"dir/link", '2', "", "../../x"}}, "\"dir/link\" is a link that leads outside"},
      {{{"dir/link", '2', "", "../dir/../../x"}}, "\"dir/link\""},
      {{{"link", '2', "", ""}}, "\"link\""},
      {{{"link", '1', "", "/etc/passwd"}}, "\"link\" has an absolute name"},
      {{{"link", '1', "", "../x"}}, "\"link\" leads outside"},
      {{{"link", '1', "", "nothing"}}, "\"link\" is a link to \"nothing\""},
      {{{"link", '1', "", "no/thing"}}, "\"link\" refers to a member that is not there"},
      {{inside, {"dir/deep/l", '2', "", "../../dir"}, {"l2", '1', "", "dir/deep/l"}}, "\"l2\""},
      {{{"d", '2', "", "dir"}, inside, {"d/file", '0', "x"}}, "\"d/file\" passes through \"d\""},
      {{inside, {"dir/deep/file/x", '0', "x"}}, "passes through \"file\""},
      {{inside, {"dir", '0', "x"}}, "\"dir\" would replace a folder"},
      {{inside, {"dir/deep/file", '5'}}, "would replace a file by a folder"},
      {{{"null", '3'}}, "\"null\" is a device or a FIFO"},
      {{{"fifo", '6'}}, "\"fifo\" is a device or a FIFO"},
  };
  for (const Case& test : cases) {
    TempDir folder;
    fs::create_directory(folder.path() / "in");
    EXPECT_THAT(refusal(test.members, folder.path() / "in"), HasSubstr(test.words));
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      EXPECT_EQ(entry.path().filename(), "in") << test.words;
    }
  }
}

TEST(Unpack, TakesWhatIsHarmless) {
  TempDir folder;
  const auto members = std::vector<Member>{
      {"", '5'},  // the root, as SDKs write it
      {"/", '5'},
      {"./", '5'},
      {"./code", '5', "", "", 0700},
      {"code//main.sh", '0', "#!/bin/sh\n", "", 06755},
      {"no/folder/entry", '0', "a"},
      {"code/up", '2', "", "../no/folder/entry"},
      {"same", '1', "", "no/folder/entry"},
      {"twice", '0', "first"},
      {"twice", '0', "second"},
      {"empty", '0', ""},
      {"sm\xC3\xB8rgås", '0', "u"},
  };
  EXPECT_EQ(refusal(members, folder.path()), "");
  EXPECT_THAT(names_in(folder.path()),
              ElementsAre("code", "code/main.sh", "code/up", "empty", "no", "no/folder",
                          "no/folder/entry", "same", "sm\xC3\xB8rgås", "twice"));
  EXPECT_EQ(read_file(folder.path() / "code/up"), "a");
  EXPECT_EQ(read_file(folder.path() / "twice"), "second");
  struct stat status {};
  ASSERT_EQ(::stat((folder.path() / "code/main.sh").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755u);  // no set-id bits
}

TEST(Unpack, IsBounded) {
  TempDir folder;
  EXPECT_EQ(refusal({{"a", '0', std::string(600, 'x')}, {"b", '0', std::string(400, 'x')}},
                    folder.path(), 1000), "");
  EXPECT_THAT(refusal({{"a", '0', std::string(600, 'x')}, {"b", '0', std::string(401, 'x')}},
                      folder.path(), 1000),
              HasSubstr("\"b\" exceeds"));
}

TEST(Unpack, DamagedArchivesSaySo) {
  TempDir source, target;
  put(source.path() / "file", std::string(100'000, 'x'));
  std::string whole = packed({source.path()});
  std::vector<std::string> damaged = {"", "not an archive at all, not even nearly",
                                      whole.substr(0, whole.size() / 2)};
  for (const std::string& text : damaged) {
    EXPECT_THROW(unpack(source_of(text), target.path(), kPlenty), ArchiveError) << text.size();
  }
  // What the source throws passes through.
  EXPECT_THROW(unpack([](char*, std::size_t) -> std::size_t { throw SystemError("cut"); },
                      target.path(), kPlenty),
               SystemError);
}

TEST(Pack, MergesAndComesBackEqual) {
  TempDir one, two, back;
  put(one.path() / "model.txt", "one");
  put(one.path() / "only/one.bin", std::string(700'000, '\x7f'));
  put(one.path() / "was-folder/inner", "gone");
  fs::create_symlink("only/one.bin", one.path() / "link");
  fs::create_symlink("/etc/passwd", one.path() / "outside");
  ASSERT_EQ(::mkfifo((one.path() / "fifo").c_str(), 0600), 0);
  put(two.path() / "model.txt", "two");
  put(two.path() / "run.sh", "x", 0755);
  put(two.path() / "was-folder", "a file now");
  fs::create_directory(two.path() / "empty");

  PackedFolders pack({one.path(), two.path()});
  EXPECT_TRUE(pack.has_files());
  EXPECT_THAT(pack.left_out(), testing::UnorderedElementsAre("outside", "fifo"));
  const std::string text = packed({one.path(), two.path()});
  EXPECT_EQ(text, packed({one.path(), two.path()}));  // the same bytes each time
  unpack(source_of(text, 3000), back.path(), kPlenty);
  EXPECT_THAT(names_in(back.path()), ElementsAre("empty", "link", "model.txt", "only",
                                                 "only/one.bin", "run.sh", "was-folder"));
  EXPECT_EQ(read_file(back.path() / "model.txt"), "two");
  EXPECT_EQ(read_file(back.path() / "link"), std::string(700'000, '\x7f'));
  EXPECT_NE(fs::status(back.path() / "run.sh").permissions() & fs::perms::owner_exec,
            fs::perms::none);
}

TEST(Pack, NothingIsAnArchiveToo) {
  TempDir empty, back;
  EXPECT_FALSE(PackedFolders({empty.path()}).has_files());
  unpack(source_of(packed({empty.path()})), back.path(), kPlenty);
  EXPECT_TRUE(fs::is_empty(back.path()));
}

TEST(Links, StayInsideWhateverTheyPassThrough) {
  EXPECT_TRUE(link_stays_inside("a/b", 0));
  EXPECT_TRUE(link_stays_inside("../a", 1));
  EXPECT_TRUE(link_stays_inside("./../../x/", 2));
  EXPECT_FALSE(link_stays_inside("../a", 0));
  EXPECT_FALSE(link_stays_inside("../../a", 1));
  EXPECT_FALSE(link_stays_inside("a/..", 5));  // what `a` is decides where that leads
  EXPECT_FALSE(link_stays_inside("/a", 5));
  EXPECT_FALSE(link_stays_inside("", 5));
}

}  // namespace
}  // namespace trainyard::compute
